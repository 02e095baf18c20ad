#include "detector/synced_batch_norm.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>
#include <vector>

#include "detector/process_group.h"

namespace mirst {
using torch::Tensor;
namespace {

using OptionalTensor = c10::optional<Tensor>;

/// All dimensions but the channels'.
std::vector<std::int64_t> OverSamples(const Tensor& x) {
  std::vector<std::int64_t> dimensions(static_cast<std::size_t>(x.dim()));
  std::iota(dimensions.begin(), dimensions.end(), 0);
  dimensions.erase(dimensions.begin() + 1);
  return dimensions;
}

/// A value a channel, ready to meet x.
Tensor PerChannel(const Tensor& values, const Tensor& x) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = -1;
  return values.to(x.scalar_type()).view(shape);
}

class Normalise : public torch::autograd::Function<Normalise> {
 public:
  /// mean, variance: of the whole batch, double. They are functions of x, which backward() takes into account.
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, const Tensor& mean, const Tensor& variance, double eps) {
    const Tensor scale = torch::rsqrt(variance + eps);
    context->save_for_backward({x, weight, mean, scale});
    const Tensor gain = weight.to(torch::kDouble) * scale;
    return x * PerChannel(gain, x) + PerChannel(bias.to(torch::kDouble) - mean * gain, x);
  }

  /// With n = (x - mean) scale and means over the whole batch:
  /// dx = weight scale (dy - mean(dy) - n mean(dy n)), dweight = sum(dy n), dbias = sum(dy).
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &scale = saved[3], &dy = gradients[0];
    const std::vector<std::int64_t> samples = OverSamples(x);
    const Tensor normalised = (x - PerChannel(mean, x)) * PerChannel(scale, x);
    const Tensor sum = dy.sum(samples), sum_normalised = (dy * normalised).sum(samples);
    const double count = static_cast<double>(x.numel() / x.size(1)) * ProcessCount();
    const Tensor means = SumOverProcesses(torch::stack({sum, sum_normalised}).to(torch::kDouble)) / count;
    const Tensor dx = PerChannel(weight.to(torch::kDouble) * scale, x) *
                      (dy - PerChannel(means[0], x) - normalised * PerChannel(means[1], x));
    return {dx, sum_normalised.to(weight.scalar_type()), sum.to(weight.scalar_type()), {}, {}, {}};
  }
};

Tensor BatchNorm(const Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias,
                 const OptionalTensor& running_mean, const OptionalTensor& running_variance, bool training,
                 double momentum, double eps, bool cudnn_enabled) {
  if (!training || CurrentProcessGroup() == nullptr) {
    return std::get<0>(at::_batch_norm_impl_index(x, weight, bias, running_mean, running_variance, training, momentum,
                                                  eps, cudnn_enabled));
  }
  if (x.scalar_type() == torch::kBFloat16 || x.scalar_type() == torch::kHalf) {
    return BatchNorm(x.to(torch::kFloat), weight, bias, running_mean, running_variance, training, momentum, eps,
                     cudnn_enabled)
        .to(x.scalar_type());
  }
  Tensor mean, variance;
  const double count = static_cast<double>(x.numel() / x.size(1)) * ProcessCount();
  {
    const torch::NoGradGuard no_gradient;
    // Each process gives mean and mean square, the latter from its own variance, as one from x * x would cancel out.
    const auto [own_variance, own_mean] = torch::var_mean(x.detach(), OverSamples(x), /*unbiased=*/false);
    const Tensor first = own_mean.to(torch::kDouble), second = own_variance.to(torch::kDouble) + first * first;
    const Tensor moments = SumOverProcesses(torch::stack({first, second})) / ProcessCount();
    mean = moments[0];
    variance = (moments[1] - mean * mean).clamp_min(0);
    const auto follow = [&](const OptionalTensor& running, const Tensor& value) {
      if (running && running->defined()) running->lerp_(value.to(running->scalar_type()), momentum);
    };
    follow(running_mean, mean);
    follow(running_variance, variance * (count / std::max(count - 1, 1.0)));
  }
  const auto given = [&](const OptionalTensor& values, double otherwise) {
    return values && values->defined() ? *values : torch::full({x.size(1)}, otherwise, x.options());
  };
  return Normalise::apply(x, given(weight, 1), given(bias, 0), mean, variance, eps);
}

}  // namespace

// The operation is made of others, and as such goes before anything registered for all devices: hence each by name.
SyncedBatchNorm::SyncedBatchNorm() : registration_(torch::Library::IMPL, "aten", c10::nullopt, __FILE__, __LINE__) {
  registration_.impl("batch_norm", torch::dispatch(c10::DispatchKey::AutogradCPU, BatchNorm));
  registration_.impl("batch_norm", torch::dispatch(c10::DispatchKey::AutogradCUDA, BatchNorm));
}

}  // namespace mirst
