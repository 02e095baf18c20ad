#include "detector/optimiser.h"

#include <fmt/format.h>
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"

namespace mirst {
namespace optim = torch::optim;
using torch::Tensor;
using Tensors = std::map<std::string, Tensor>;
namespace {

constexpr double kMilestoneDecay = 0.1;
constexpr double kPower = 0.9;  // of the polynomial

std::unique_ptr<optim::Optimizer> MakeSgd(const OptimiserOptions& o, torch::nn::Module& module) {
  std::vector<Tensor> weights, others;
  for (const Tensor& parameter : module.parameters()) (parameter.dim() > 1 ? weights : others).push_back(parameter);
  const auto options = [&](double weight_decay) {
    optim::SGDOptions sgd(o.learning_rate);
    sgd.momentum(o.momentum).nesterov(o.momentum > 0).weight_decay(weight_decay);
    return sgd;
  };
  std::vector<optim::OptimizerParamGroup> groups;
  groups.emplace_back(weights, std::make_unique<optim::SGDOptions>(options(o.weight_decay)));
  groups.emplace_back(others, std::make_unique<optim::SGDOptions>(options(0)));
  return std::make_unique<optim::SGD>(groups, options(o.weight_decay));
}

using States = std::decay_t<decltype(std::declval<optim::Optimizer&>().state())>;

/// LibTorch 1 files the state of a parameter under its address as text, LibTorch 2 under the address itself.
template <class Key = States::key_type>
Key StateKey(const Tensor& parameter) {
  auto* address = parameter.unsafeGetTensorImpl();
  if constexpr (std::is_same_v<Key, std::string>) {
    return c10::guts::to_string(address);
  } else {
    return static_cast<Key>(address);
  }
}

Tensor StepTensor(std::int64_t step) { return torch::tensor(step, torch::kLong); }

// The parts of one parameter's state, by name, and back.
template <class Moments>  // of Adam and AdamW
void Put(const Moments& state, const std::string& name, Tensors& tensors) {
  tensors["step." + name] = StepTensor(state.step());
  tensors["exp_avg." + name] = state.exp_avg();
  tensors["exp_avg_sq." + name] = state.exp_avg_sq();
}
void Put(const optim::AdagradParamState& state, const std::string& name, Tensors& tensors) {
  tensors["step." + name] = StepTensor(state.step());
  tensors["sum." + name] = state.sum();
}
void Put(const optim::SGDParamState& state, const std::string& name, Tensors& tensors) {
  if (state.momentum_buffer().defined()) tensors["momentum." + name] = state.momentum_buffer();
}

Tensor Part(const Tensors& tensors, const std::string& name, const Tensor& like) {
  const Tensor part = torch::empty_like(like, at::MemoryFormat::Preserve);
  CopyTensor(tensors, name, part);
  return part;
}

template <class Moments>
void Take(Moments& state, const std::string& name, const Tensor& parameter, const Tensors& tensors) {
  state.step(tensors.at("step." + name).template item<std::int64_t>());
  state.exp_avg(Part(tensors, "exp_avg." + name, parameter));
  state.exp_avg_sq(Part(tensors, "exp_avg_sq." + name, parameter));
}
void Take(optim::AdagradParamState& state, const std::string& name, const Tensor& parameter, const Tensors& tensors) {
  state.step(tensors.at("step." + name).item<std::int64_t>());
  state.sum(Part(tensors, "sum." + name, parameter));
}
void Take(optim::SGDParamState& state, const std::string& name, const Tensor& parameter, const Tensors& tensors) {
  state.momentum_buffer(Part(tensors, "momentum." + name, parameter));
}

/// `use(state, name, parameter)` for each parameter, with the state that the optimiser holds of it; null where it
/// holds none.
template <class State, class Use>
void ForStates(optim::Optimizer& optimiser, torch::nn::Module& module, const Use& use) {
  for (const auto& parameter : module.named_parameters()) {
    const auto found = optimiser.state().find(StateKey(parameter.value()));
    use(found == optimiser.state().end() ? nullptr : static_cast<State*>(found->second.get()), parameter.key(),
        parameter.value());
  }
}

/// `use` of the kind of state that the optimiser keeps, as a null pointer to it.
template <class Use>
void OfKind(const optim::Optimizer& optimiser, const Use& use) {
  if (dynamic_cast<const optim::AdamW*>(&optimiser) != nullptr) {
    use(static_cast<optim::AdamWParamState*>(nullptr));
  } else if (dynamic_cast<const optim::Adam*>(&optimiser) != nullptr) {
    use(static_cast<optim::AdamParamState*>(nullptr));
  } else if (dynamic_cast<const optim::Adagrad*>(&optimiser) != nullptr) {
    use(static_cast<optim::AdagradParamState*>(nullptr));
  } else if (dynamic_cast<const optim::SGD*>(&optimiser) != nullptr) {
    use(static_cast<optim::SGDParamState*>(nullptr));
  } else {
    throw InternalError("an optimiser that MakeOptimiser does not make");
  }
}

}  // namespace

std::unique_ptr<optim::Optimizer> MakeOptimiser(const OptimiserOptions& o, torch::nn::Module& module) {
  const auto betas = std::make_tuple(o.betas.first, o.betas.second);
  switch (o.kind) {
    case OptimiserKind::kAdagrad:
      return std::make_unique<optim::Adagrad>(module.parameters(),
                                              optim::AdagradOptions(o.learning_rate).weight_decay(o.weight_decay));
    case OptimiserKind::kAdam:
      return std::make_unique<optim::Adam>(
          module.parameters(), optim::AdamOptions(o.learning_rate).betas(betas).weight_decay(o.weight_decay));
    case OptimiserKind::kAdamW:
      return std::make_unique<optim::AdamW>(
          module.parameters(), optim::AdamWOptions(o.learning_rate).betas(betas).weight_decay(o.weight_decay));
    case OptimiserKind::kSgd:
      return MakeSgd(o, module);
  }
  throw InternalError("unknown optimiser");
}

double LearningRateAt(const OptimiserOptions& o, std::int64_t step, std::int64_t planned) {
  const double done = static_cast<double>(step) / static_cast<double>(planned);
  if (done < o.warmup) {
    const double rise = static_cast<double>(step + 1) / (o.warmup * static_cast<double>(planned));
    return o.learning_rate * std::min(rise * rise, 1.0);
  }
  const double share = o.warmup < 1 ? (done - o.warmup) / (1 - o.warmup) : 0;  // of what follows the warm-up
  const double range = o.learning_rate - o.final_rate;
  switch (o.schedule) {
    case RateSchedule::kMilestones: {
      double rate = o.learning_rate;
      for (const double milestone : {o.milestones.first, o.milestones.second}) {
        // Not done >= milestone: the product is what former versions compared.
        if (static_cast<double>(step) >= milestone * static_cast<double>(planned)) rate *= kMilestoneDecay;
      }
      return rate;
    }
    case RateSchedule::kPolynomial:
      return o.final_rate + range * std::pow(1 - share, kPower);
    case RateSchedule::kCosine:
      return o.final_rate + range * 0.5 * (1 + std::cos(std::numbers::pi * o.stretches * share));
    case RateSchedule::kHalving:
      return std::max(o.learning_rate * std::pow(0.5, std::floor(o.stretches * share)), o.final_rate);
    case RateSchedule::kConstant:
      return o.learning_rate;
  }
  throw InternalError("unknown schedule");
}

Tensors OptimiserState(optim::Optimizer& optimiser, torch::nn::Module& module) {
  Tensors tensors;
  OfKind(optimiser, [&](auto* kind) {
    using State = std::remove_pointer_t<decltype(kind)>;
    ForStates<State>(optimiser, module, [&](const State* state, const std::string& name, const Tensor&) {
      if (state != nullptr) Put(*state, name, tensors);
    });
  });
  return tensors;
}

void CopyTensor(const Tensors& tensors, const std::string& name, Tensor target) {
  const auto found = tensors.find(name);
  if (found == tensors.end() || found->second.sizes() != target.sizes()) {
    throw BadInput(fmt::format("tensor '{}' is missing or of another shape: the state is of another training", name));
  }
  target.copy_(found->second);
}

void RestoreOptimiserState(const Tensors& tensors, optim::Optimizer& optimiser, torch::nn::Module& module) {
  OfKind(optimiser, [&](auto* kind) {
    using State = std::remove_pointer_t<decltype(kind)>;
    const std::string first = std::is_same_v<State, optim::SGDParamState> ? "momentum." : "step.";
    ForStates<State>(optimiser, module, [&](const State*, const std::string& name, const Tensor& parameter) {
      if (!tensors.contains(first + name)) return;  // it had never been stepped
      auto state = std::make_unique<State>();
      Take(*state, name, parameter, tensors);
      optimiser.state()[StateKey(parameter)] = std::move(state);
    });
  });
}

}  // namespace mirst
