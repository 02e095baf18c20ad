#include "detector/gradient_sum.h"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <utility>

namespace mirst {
using torch::Tensor;

struct GradientSum::State {
  struct Place {
    Tensor parameter;
    std::int64_t offset = 0;
  };
  struct Bucket {
    std::vector<Place> places;
    Tensor values;  // all gradients, one after the other
    std::size_t arrived = 0;
    std::unique_ptr<ProcessGroup::Pending> sum;
  };

  explicit State(ProcessGroup& of) : group(of) {}

  ProcessGroup& group;
  std::vector<Bucket> buckets;
  std::size_t started = 0;  // buckets on their way: always the first ones, in all processes alike
  std::size_t early = 0;
  // The accumulators live as long as somebody holds them, and the hooks with them.
  std::vector<std::shared_ptr<torch::autograd::Node>> accumulators;

  void Arrive(std::size_t bucket_index, std::size_t place_index) {
    const torch::NoGradGuard no_gradient;
    Bucket& bucket = buckets[bucket_index];
    const Place& place = bucket.places[place_index];
    bucket.values.narrow(0, place.offset, place.parameter.numel()).copy_(place.parameter.grad().flatten());
    ++bucket.arrived;
    while (started < buckets.size() && buckets[started].arrived == buckets[started].places.size()) Start();
  }

  void Start() {
    Bucket& bucket = buckets[started++];
    bucket.sum = group.StartSum(bucket.values);
  }
};

GradientSum::GradientSum(torch::nn::Module& module, ProcessGroup& group, std::int64_t bucket_bytes)
    : state_(std::make_shared<State>(group)) {
  std::vector<Tensor> parameters;
  for (const Tensor& parameter : module.parameters()) {
    if (parameter.requires_grad()) parameters.push_back(parameter);
  }
  std::reverse(parameters.begin(), parameters.end());  // the last layers' gradients come first
  std::int64_t bytes = bucket_bytes;
  for (const Tensor& parameter : parameters) {
    const std::int64_t size = parameter.numel() * parameter.element_size();
    const bool fits = !state_->buckets.empty() && bytes + size <= bucket_bytes &&
                      state_->buckets.back().places.front().parameter.scalar_type() == parameter.scalar_type();
    if (!fits) {
      state_->buckets.emplace_back();
      bytes = 0;
    }
    state_->buckets.back().places.push_back({parameter, bytes / parameter.element_size()});
    bytes += size;
  }
  for (std::size_t b = 0; b < state_->buckets.size(); ++b) {
    State::Bucket& bucket = state_->buckets[b];
    const State::Place& last = bucket.places.back();
    bucket.values = torch::zeros({last.offset + last.parameter.numel()}, last.parameter.options().requires_grad(false));
    for (std::size_t p = 0; p < bucket.places.size(); ++p) {
      const auto accumulator = torch::autograd::impl::grad_accumulator(bucket.places[p].parameter);
      const std::weak_ptr<State> state = state_;
      accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
          [state, b, p](const torch::autograd::variable_list& outputs, const torch::autograd::variable_list&) {
            if (const auto alive = state.lock()) alive->Arrive(b, p);
            return outputs;
          }));
      state_->accumulators.push_back(accumulator);
    }
  }
}

GradientSum::~GradientSum() = default;

void GradientSum::Finish() {
  const torch::NoGradGuard no_gradient;
  State& state = *state_;
  state.early = state.started;
  while (state.started < state.buckets.size()) state.Start();  // those with unused parameters, whose place holds zeros
  for (State::Bucket& bucket : state.buckets) {
    bucket.sum->Wait();
    bucket.values.div_(state.group.size());
    for (const State::Place& place : bucket.places) {
      Tensor gradient = place.parameter.grad();
      if (gradient.defined()) {
        gradient.copy_(bucket.values.narrow(0, place.offset, place.parameter.numel()).view_as(gradient));
      }
    }
    bucket.values.zero_();
    bucket.arrived = 0;
    bucket.sum.reset();
  }
  state.started = 0;
}

std::size_t GradientSum::buckets() const { return state_->buckets.size(); }
std::size_t GradientSum::early_buckets() const { return state_->early; }

}  // namespace mirst
