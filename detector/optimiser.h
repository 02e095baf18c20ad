// The optimisers and learning rates of the published trainings, and what a killed training must keep of them.
#pragma once

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "detector/train_options.h"

namespace mirst {

/// Over all parameters of the module. Weight decay of SGD acts on convolutions and matrices alone, that of the others
/// on all parameters.
std::unique_ptr<torch::optim::Optimizer> MakeOptimiser(const OptimiserOptions& options, torch::nn::Module& module);

/// Of the step after `step` (0, 1, ...) of `planned` ones.
double LearningRateAt(const OptimiserOptions& options, std::int64_t step, std::int64_t planned);

/// Sums and moments of the parameters that have been stepped, by "KIND.PARAMETER".
std::map<std::string, torch::Tensor> OptimiserState(torch::optim::Optimizer& optimiser, torch::nn::Module& module);

/// Fills `target` with the tensor `name` of a state. Throws kBadInput where it is missing or of another shape.
void CopyTensor(const std::map<std::string, torch::Tensor>& tensors, const std::string& name, torch::Tensor target);

/// Puts the state back. Throws kBadInput where `tensors` lacks a part or has it in another shape.
void RestoreOptimiserState(const std::map<std::string, torch::Tensor>& tensors, torch::optim::Optimizer& optimiser,
                           torch::nn::Module& module);

}  // namespace mirst
