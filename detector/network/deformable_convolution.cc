#include "detector/network/deformable_convolution.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "detector/network/parallel_for.h"

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

struct Extents {
  std::int64_t images, channels, height, width, taps;
  std::int64_t pixels() const { return height * width; }
};

/// Bilinear weights of the four pixels around a place; those outside the image get index -1.
template <class T>
struct Corners4 {
  std::array<std::int64_t, 4> index;  // left above, right above, left below, right below
  T fy, fx;                           // the place's distance from the upper and from the left pair
  bool inside;                        // within one pixel of the image

  Corners4(T y, T x, std::int64_t height, std::int64_t width) : index{-1, -1, -1, -1}, fy(0), fx(0), inside(false) {
    if (!(y > -1 && x > -1 && y < static_cast<T>(height) && x < static_cast<T>(width))) return;
    inside = true;
    const T top = std::floor(y), left = std::floor(x);
    fy = y - top;
    fx = x - left;
    const auto y0 = static_cast<std::int64_t>(top), x0 = static_cast<std::int64_t>(left);
    for (std::int64_t k = 0; k < 4; ++k) {
      const std::int64_t row = y0 + k / 2, column = x0 + k % 2;
      if (row >= 0 && row < height && column >= 0 && column < width) {
        index[static_cast<std::size_t>(k)] = row * width + column;
      }
    }
  }
  std::array<T, 4> Weights() const { return {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx}; }
  std::array<T, 4> Values(const T* plane) const {
    std::array<T, 4> v{};
    for (std::size_t k = 0; k < 4; ++k) v[k] = index[k] >= 0 ? plane[index[k]] : T{0};
    return v;
  }
};

/// Where tap k of pixel p of an image reads.
template <class T>
Corners4<T> PlaceOf(const T* offsets, std::int64_t p, std::int64_t k, DeformableKernel kernel, const Extents& e) {
  const std::int64_t y = p / e.width + k / kernel.width - kernel.height / 2;
  const std::int64_t x = p % e.width + k % kernel.width - kernel.width / 2;
  return Corners4<T>(static_cast<T>(y) + offsets[2 * k * e.pixels() + p],
                     static_cast<T>(x) + offsets[(2 * k + 1) * e.pixels() + p], e.height, e.width);
}

template <class T>
void ReadTaps(const T* image, const T* offsets, const T* mask, T* columns, DeformableKernel kernel, const Extents& e) {
  // Over (image, tap, pixel): every place is worked out once and serves all channels.
  TorchParallelFor(0, e.images * e.taps * e.pixels(), 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t p = i % e.pixels(), k = i / e.pixels() % e.taps, b = i / e.pixels() / e.taps;
      const Corners4<T> place = PlaceOf(offsets + 2 * b * e.taps * e.pixels(), p, k, kernel, e);
      const std::array<T, 4> w = place.Weights();
      for (std::int64_t c = 0; c < e.channels; ++c) {
        const std::array<T, 4> v = place.Values(image + (b * e.channels + c) * e.pixels());
        const T value = w[0] * v[0] + w[1] * v[1] + w[2] * v[2] + w[3] * v[3];
        columns[((b * e.channels + c) * e.taps + k) * e.pixels() + p] = place.inside ? mask[i] * value : T{0};
      }
    }
  });
}

/// Gradients of offsets and mask: sums over the channels, a tap of a pixel at a time.
template <class T>
void OffsetAndMaskGradients(const T* gradient, const T* image, const T* offsets, const T* mask, T* offset_gradient,
                            T* mask_gradient, DeformableKernel kernel, const Extents& e) {
  TorchParallelFor(0, e.images * e.taps * e.pixels(), 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t p = i % e.pixels(), k = i / e.pixels() % e.taps, b = i / e.pixels() / e.taps;
      const Corners4<T> place = PlaceOf(offsets + 2 * b * e.taps * e.pixels(), p, k, kernel, e);
      const std::array<T, 4> w = place.Weights();
      T by_mask = 0, by_y = 0, by_x = 0;
      for (std::int64_t c = 0; place.inside && c < e.channels; ++c) {
        const T g = gradient[((b * e.channels + c) * e.taps + k) * e.pixels() + p];
        const std::array<T, 4> v = place.Values(image + (b * e.channels + c) * e.pixels());
        by_mask += g * (w[0] * v[0] + w[1] * v[1] + w[2] * v[2] + w[3] * v[3]);
        by_y += g * ((1 - place.fx) * (v[2] - v[0]) + place.fx * (v[3] - v[1]));
        by_x += g * ((1 - place.fy) * (v[1] - v[0]) + place.fy * (v[3] - v[2]));
      }
      mask_gradient[i] = by_mask;
      offset_gradient[((b * e.taps + k) * 2) * e.pixels() + p] = mask[i] * by_y;
      offset_gradient[((b * e.taps + k) * 2 + 1) * e.pixels() + p] = mask[i] * by_x;
    }
  });
}

/// The image's gradient: a channel is written by one thread, so sums have one order.
template <class T>
void ImageGradient(const T* gradient, const T* offsets, const T* mask, T* image_gradient, DeformableKernel kernel,
                   const Extents& e) {
  TorchParallelFor(0, e.images * e.channels, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t plane = begin; plane < end; ++plane) {
      const std::int64_t b = plane / e.channels;
      T* const sums = image_gradient + plane * e.pixels();
      for (std::int64_t i = 0; i < e.taps * e.pixels(); ++i) {
        const std::int64_t p = i % e.pixels(), k = i / e.pixels();
        const Corners4<T> place = PlaceOf(offsets + 2 * b * e.taps * e.pixels(), p, k, kernel, e);
        const std::array<T, 4> w = place.Weights();
        const T g = gradient[plane * e.taps * e.pixels() + i] * mask[b * e.taps * e.pixels() + i];
        for (std::size_t corner = 0; corner < 4; ++corner) {
          if (place.index[corner] >= 0) sums[place.index[corner]] += g * w[corner];
        }
      }
    }
  });
}

template <class Function>
void ForScalarType(const Tensor& tensor, Function&& function) {
  if (tensor.scalar_type() == torch::kDouble) {
    function(double{});
  } else {
    function(float{});
  }
}

Extents ExtentsOf(const Tensor& image, DeformableKernel kernel) {
  return {image.size(0), image.size(1), image.size(2), image.size(3), kernel.taps()};
}

class ColumnsFunction : public torch::autograd::Function<ColumnsFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& image_in, const Tensor& offsets_in,
                        const Tensor& mask_in, std::int64_t kernel_height, std::int64_t kernel_width) {
    const Tensor image = image_in.contiguous(), offsets = offsets_in.contiguous(), mask = mask_in.contiguous();
    const DeformableKernel kernel{kernel_height, kernel_width};
    const Extents e = ExtentsOf(image, kernel);
    Tensor columns = torch::empty({e.images, e.channels * e.taps, e.pixels()}, image.options());
    ForScalarType(image, [&](auto zero) {
      using T = decltype(zero);
      ReadTaps(image.data_ptr<T>(), offsets.data_ptr<T>(), mask.data_ptr<T>(), columns.data_ptr<T>(), kernel, e);
    });
    context->save_for_backward({image, offsets, mask});
    context->saved_data["kernel_height"] = kernel_height;
    context->saved_data["kernel_width"] = kernel_width;
    return columns;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const Tensor &image = saved[0], &offsets = saved[1], &mask = saved[2];
    const Tensor gradient = outputs[0].contiguous();
    const DeformableKernel kernel{context->saved_data["kernel_height"].toInt(),
                                  context->saved_data["kernel_width"].toInt()};
    const Extents e = ExtentsOf(image, kernel);
    Tensor by_image = torch::zeros_like(image), by_offsets = torch::empty_like(offsets),
           by_mask = torch::empty_like(mask);
    ForScalarType(image, [&](auto zero) {
      using T = decltype(zero);
      const T *g = gradient.data_ptr<T>(), *x = image.data_ptr<T>(), *o = offsets.data_ptr<T>(),
              *m = mask.data_ptr<T>();
      OffsetAndMaskGradients(g, x, o, m, by_offsets.data_ptr<T>(), by_mask.data_ptr<T>(), kernel, e);
      ImageGradient(g, o, m, by_image.data_ptr<T>(), kernel, e);
    });
    return {by_image, by_offsets, by_mask, Tensor(), Tensor()};
  }
};

}  // namespace

Tensor DeformableColumnsByGather(const Tensor& image, const Tensor& offsets, const Tensor& mask,
                                 DeformableKernel kernel) {
  const Extents e = ExtentsOf(image, kernel);
  const auto numbers = [&](std::int64_t n) { return torch::arange(n, image.options()); };
  const Tensor tap_y = numbers(kernel.height).repeat_interleave(kernel.width) - static_cast<double>(kernel.height / 2);
  const Tensor tap_x = numbers(kernel.width).repeat({kernel.height}) - static_cast<double>(kernel.width / 2);
  const Tensor pairs = offsets.view({e.images, e.taps, 2, e.height, e.width});
  const Tensor y = numbers(e.height).view({1, 1, -1, 1}) + tap_y.view({1, -1, 1, 1}) + pairs.select(2, 0);
  const Tensor x = numbers(e.width).view({1, 1, 1, -1}) + tap_x.view({1, -1, 1, 1}) + pairs.select(2, 1);
  const Tensor top = y.detach().floor(), left = x.detach().floor();
  const Tensor planes = image.flatten(2);
  Tensor sum = torch::zeros({e.images, e.channels, e.taps * e.pixels()}, image.options());
  for (int corner = 0; corner < 4; ++corner) {
    const Tensor row = top + corner / 2, column = left + corner % 2;
    const Tensor weight = (1 - (y - row).abs()) * (1 - (x - column).abs()) * mask;
    const Tensor inside = (row >= 0) & (row < e.height) & (column >= 0) & (column < e.width);
    const Tensor index = torch::where(inside, row * e.width + column, torch::zeros_like(row)).to(torch::kLong);
    const Tensor values = planes.gather(2, index.view({e.images, 1, -1}).expand({-1, e.channels, -1}));
    sum = sum + values * (weight * inside).view({e.images, 1, -1});
  }
  return sum.view({e.images, e.channels * e.taps, e.pixels()});
}

Tensor DeformableColumns(const Tensor& image, const Tensor& offsets, const Tensor& mask, DeformableKernel kernel) {
  if (!image.is_cpu()) return DeformableColumnsByGather(image, offsets, mask, kernel);
  return ColumnsFunction::apply(image, offsets, mask, kernel.height, kernel.width);
}

DeformableConvImpl::DeformableConvImpl(std::int64_t in, std::int64_t out, DeformableKernel kernel)
    : kernel_(kernel),
      weight_(register_parameter("weight", torch::empty({out, in, kernel.height, kernel.width}))),
      bias_(register_parameter("bias", torch::zeros({out}))),
      conv_offset_mask_(register_module(
          "conv_offset_mask", nn::Conv2d(nn::Conv2dOptions(in, 3 * kernel.taps(), {kernel.height, kernel.width})
                                             .padding({kernel.height / 2, kernel.width / 2})))) {
  const torch::NoGradGuard no_gradient;
  const double bound = 1 / std::sqrt(static_cast<double>(in * kernel.taps()));
  weight_.uniform_(-bound, bound);
  conv_offset_mask_->weight.zero_();
  conv_offset_mask_->bias.zero_();
}

Tensor DeformableConvImpl::forward(const Tensor& x) {
  const Tensor moved = conv_offset_mask_(x);
  const Tensor columns =
      DeformableColumns(x, moved.narrow(1, 0, 2 * kernel_.taps()),
                        torch::sigmoid(moved.narrow(1, 2 * kernel_.taps(), kernel_.taps())), kernel_);
  const Tensor y = torch::matmul(weight_.flatten(1), columns);
  return y.view({x.size(0), -1, x.size(2), x.size(3)}) + bias_.view({1, -1, 1, 1});
}

}  // namespace mirst
