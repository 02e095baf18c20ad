#include "detector/network/yolox.h"

#include <torch/torch.h>

#include <memory>

namespace mirst {
namespace nn = torch::nn;
using torch::Tensor;
namespace {

enum class Shortcut { kNo, kYes };

/// 1x1 then 3x3, added to the input or not.
class BottleneckImpl : public nn::Module {
 public:
  BottleneckImpl(std::int64_t channels, Shortcut shortcut)
      : shortcut_(shortcut),
        conv1_(register_module("conv1", YoloxBlock(channels, channels, 1))),
        conv2_(register_module("conv2", YoloxBlock(channels, channels, 3))) {}
  Tensor forward(const Tensor& x) {
    const Tensor y = conv2_(conv1_(x));
    return shortcut_ == Shortcut::kYes ? y + x : y;
  }

 private:
  Shortcut shortcut_;
  ConvBlock conv1_, conv2_;
};
TORCH_MODULE(Bottleneck);

/// Cross-stage partial layer: half of the channels through the bottlenecks, half past them.
class CspLayerImpl : public nn::Module {
 public:
  CspLayerImpl(std::int64_t in, std::int64_t out, int bottlenecks, Shortcut shortcut)
      : conv1_(register_module("conv1", YoloxBlock(in, out / 2, 1))),
        conv2_(register_module("conv2", YoloxBlock(in, out / 2, 1))),
        conv3_(register_module("conv3", YoloxBlock(out, out, 1))) {
    for (int i = 0; i < bottlenecks; ++i) m_->push_back(Bottleneck(out / 2, shortcut));
    register_module("m", m_);
  }
  Tensor forward(const Tensor& x) { return conv3_(torch::cat({m_->forward(conv1_(x)), conv2_(x)}, 1)); }

 private:
  ConvBlock conv1_, conv2_, conv3_;
  nn::Sequential m_;
};
TORCH_MODULE(CspLayer);

/// Spatial pyramid pooling: the map beside its maxima over 5x5, 9x9 and 13x13 pixels.
class PyramidPoolingImpl : public nn::Module {
 public:
  PyramidPoolingImpl(std::int64_t in, std::int64_t out)
      : conv1_(register_module("conv1", YoloxBlock(in, in / 2, 1))),
        conv2_(register_module("conv2", YoloxBlock(2 * in, out, 1))) {}
  Tensor forward(const Tensor& x) {
    std::vector<Tensor> maxima = {conv1_(x)};
    for (const std::int64_t size : {5, 9, 13}) {
      maxima.push_back(torch::max_pool2d(maxima.front(), {size, size}, {1, 1}, {size / 2, size / 2}));
    }
    return conv2_(torch::cat(maxima, 1));
  }

 private:
  ConvBlock conv1_, conv2_;
};
TORCH_MODULE(PyramidPooling);

nn::Sequential Stage(std::int64_t in, std::int64_t out, int bottlenecks) {
  return nn::Sequential(YoloxBlock(in, out, 3, 2), CspLayer(out, out, bottlenecks, Shortcut::kYes));
}

/// Every second pixel of every second row as channels: left above, left below, right above, right below.
Tensor Focus(const Tensor& x) {
  const auto part = [&](std::int64_t row, std::int64_t column) {
    return x.slice(2, row, c10::nullopt, 2).slice(3, column, c10::nullopt, 2);
  };
  return torch::cat({part(0, 0), part(1, 0), part(0, 1), part(1, 1)}, 1);
}

Tensor EnlargeAndJoin(const Tensor& coarse, const Tensor& fine) {
  return torch::cat({torch::upsample_nearest2d(coarse, {fine.size(2), fine.size(3)}), fine}, 1);
}

/// `child` as the only entry of a list.
template <class Holder>
std::shared_ptr<nn::Module> ListOf(const Holder& child) {
  auto list = std::make_shared<nn::Module>();
  list->register_module("0", child);
  return list;
}

}  // namespace

ConvBlock YoloxBlock(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                     Activation activation) {
  return ConvBlock(in, out,
                   ConvBlockOptions{.kernel = kernel,
                                    .stride = stride,
                                    .activation = activation,
                                    .conv_name = "conv",
                                    .norm_name = "bn",
                                    .eps = 1e-3,
                                    .momentum = 0.03});
}

YoloxPyramidImpl::YoloxPyramidImpl()
    : stem_(YoloxBlock(12, 32, 3)),
      dark2_(Stage(32, 64, 1)),
      dark3_(Stage(64, 128, 3)),
      dark4_(Stage(128, 256, 3)),
      dark5_(YoloxBlock(256, 512, 3, 2), PyramidPooling(512, 512), CspLayer(512, 512, 1, Shortcut::kNo)),
      lateral_conv0_(YoloxBlock(512, 256, 1)),
      c3_p4_(CspLayer(512, 256, 1, Shortcut::kNo)),
      c3_p3_(CspLayer(256, 128, 1, Shortcut::kNo)),
      reduce_conv1_(YoloxBlock(256, 128, 1)) {
  const auto darknet = register_module("backbone", std::make_shared<nn::Module>());
  darknet->register_module("stem", std::make_shared<nn::Module>())->register_module("conv", stem_);
  darknet->register_module("dark2", dark2_);
  darknet->register_module("dark3", dark3_);
  darknet->register_module("dark4", dark4_);
  darknet->register_module("dark5", dark5_);
  register_module("lateral_conv0", lateral_conv0_);
  register_module("C3_p4", c3_p4_->ptr(0));
  register_module("reduce_conv1", reduce_conv1_);
  register_module("C3_p3", c3_p3_->ptr(0));
}

Tensor YoloxPyramidImpl::forward(const Tensor& images) {
  const Tensor dark3 = dark3_->forward(dark2_->forward(stem_(Focus(images))));
  const Tensor dark4 = dark4_->forward(dark3);
  const Tensor p5 = lateral_conv0_(dark5_->forward(dark4));
  const Tensor p4 = reduce_conv1_(c3_p4_->forward(EnlargeAndJoin(p5, dark4)));
  return c3_p3_->forward(EnlargeAndJoin(p4, dark3));
}

YoloxHeadImpl::YoloxHeadImpl()
    : cls_convs_(YoloxBlock(256, 256, 3), YoloxBlock(256, 256, 3)),
      reg_convs_(YoloxBlock(256, 256, 3), YoloxBlock(256, 256, 3)),
      cls_pred_(nn::Conv2dOptions(256, 1, 1)),
      reg_pred_(nn::Conv2dOptions(256, 4, 1)),
      obj_pred_(nn::Conv2dOptions(256, 1, 1)),
      stem_(YoloxBlock(kYoloxFeatures, 256, 1)) {
  register_module("cls_convs", ListOf(cls_convs_));
  register_module("reg_convs", ListOf(reg_convs_));
  register_module("cls_preds", ListOf(cls_pred_));
  register_module("reg_preds", ListOf(reg_pred_));
  register_module("obj_preds", ListOf(obj_pred_));
  register_module("stems", ListOf(stem_));
}

Tensor YoloxHeadImpl::forward(const Tensor& features) {
  const Tensor x = stem_(features);
  const Tensor boxes = reg_convs_->forward(x);
  return torch::cat({reg_pred_(boxes), obj_pred_(boxes), cls_pred_(cls_convs_->forward(x))}, 1);
}

}  // namespace mirst
