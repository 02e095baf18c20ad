#include "detector/network/window_convolution.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "detector/network/direct_gradient.h"

namespace mirst {
namespace {

using torch::Tensor;

constexpr std::int64_t kVectorChannels = 16;  // of floats in the widest vectors

thread_local int forbidden = 0;

/// The taps of an output frame that meet frames of the input: [tap, tap + count) lie on [frame, frame + count).
struct Meeting {
  std::int64_t tap, count, frame;
};

/// Of `frames` input frames and `kept` outputs that end at the same time, what output `at` sees.
Meeting Meet(std::int64_t at, std::int64_t frames, std::int64_t kept, std::int64_t taps) {
  const std::int64_t start = at + frames - kept - taps / 2;
  const std::int64_t tap = std::max<std::int64_t>(0, -start), end = std::min(taps, frames - start);
  return {tap, std::max<std::int64_t>(0, end - tap), start + tap};
}

std::vector<ConvInput> FramesOf(const Tensor& x, const Meeting& meeting, std::int64_t batch) {
  std::vector<ConvInput> inputs;
  for (std::int64_t i = 0; i < meeting.count; ++i) {
    inputs.push_back({x.narrow(0, (meeting.frame + i) * batch, batch), {}});
  }
  return inputs;
}

Tensor Convolve(const Tensor& x, std::int64_t frames, std::int64_t kept, const Tensor& weight, const Tensor& bias) {
  const std::int64_t taps = weight.size(2);
  if (taps == 1 && frames == kept) return DirectConvolution({weight.squeeze(2), bias})({{x, {}}});
  const std::int64_t batch = x.size(0) / frames;
  const Tensor result = torch::empty({kept * batch, weight.size(0), x.size(2), x.size(3)}, x.options());
  std::map<std::pair<std::int64_t, std::int64_t>, DirectConvolution> by_taps;
  for (std::int64_t at = 0; at < kept; ++at) {
    const Meeting meeting = Meet(at, frames, kept, taps);
    const Tensor out = result.narrow(0, at * batch, batch);
    if (meeting.count == 0) {
      out.copy_(bias.view({1, -1, 1, 1}).expand_as(out));
      continue;
    }
    DirectConvolution& conv = by_taps[{meeting.tap, meeting.count}];
    if (!conv.defined()) {
      const Tensor seen = weight.narrow(2, meeting.tap, meeting.count);
      conv = DirectConvolution({seen.permute({0, 2, 1, 3, 4}).flatten(1, 2), bias});
    }
    conv.Write(out, FramesOf(x, meeting, batch));
  }
  return result;
}

Tensor WeightGradient(const Tensor& x, std::int64_t frames, const Tensor& gradient, std::int64_t kept,
                      c10::IntArrayRef shape) {
  const std::int64_t batch = x.size(0) / frames, in = shape[1], taps = shape[2], kernel = shape[3];
  if (taps == 1 && frames == kept) return DirectWeightGradient({{x, {}}}, gradient, kernel).unsqueeze(2);
  const Tensor sum = torch::zeros(shape, x.options());
  for (std::int64_t at = 0; at < kept; ++at) {
    const Meeting meeting = Meet(at, frames, kept, taps);
    if (meeting.count == 0) continue;
    const Tensor seen =
        DirectWeightGradient(FramesOf(x, meeting, batch), gradient.narrow(0, at * batch, batch), kernel);
    sum.narrow(2, meeting.tap, meeting.count)
        .add_(seen.view({shape[0], meeting.count, in, kernel, kernel}).transpose(1, 2));
  }
  return sum;
}

class WindowConvolutionStep : public torch::autograd::Function<WindowConvolutionStep> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, std::int64_t frames,
                        std::int64_t kept, const Tensor& weight, const Tensor& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["frames"] = frames;
    context->saved_data["kept"] = kept;
    return Convolve(x, frames, kept, weight, bias);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &gradient = gradients[0];
    const std::int64_t frames = context->saved_data["frames"].toInt(), kept = context->saved_data["kept"].toInt();
    Tensor of_input;
    if (context->needs_input_grad(0)) {  // the same kind of convolution, run backwards in time and space
      of_input = Convolve(gradient, kept, frames, weight.transpose(0, 1).flip({2, 3, 4}),
                          torch::zeros({weight.size(1)}, weight.options()));
    }
    const Tensor ones = torch::ones({1, 1, x.size(2), x.size(3)}, x.options()).expand({gradient.size(0), -1, -1, -1});
    return {of_input, Tensor(), Tensor(), WeightGradient(x, frames, gradient, kept, weight.sizes()),
            DirectWeightGradient({{ones, {}}}, gradient, 1).flatten()};
  }
};

}  // namespace

WithoutDirectKernels::WithoutDirectKernels() { ++forbidden; }
WithoutDirectKernels::~WithoutDirectKernels() { --forbidden; }

bool HasDirectKernels(const Tensor& x) {
  return forbidden == 0 && x.is_cpu() && (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kDouble);
}

bool FewChannels(const Tensor& x, std::int64_t out) {
  return HasDirectKernels(x) && std::min(x.size(1), out) < kVectorChannels;
}

Tensor WindowConvolution(const Tensor& x, std::int64_t frames, std::int64_t kept, const Tensor& weight,
                         const Tensor& bias) {
  return WindowConvolutionStep::apply(x, frames, kept, weight,
                                      bias.defined() ? bias : torch::zeros({weight.size(0)}, weight.options()));
}

}  // namespace mirst
