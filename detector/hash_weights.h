// Weights from a counter, without a file: every implementation of a network that numbers its tensors alike fills them
// alike, so two of them can be compared on any machine. All arithmetic is uint32 and float32.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mirst {

/// In [-1, 1), exact: a multiplicative hash of (seed, tensor number k, element i), its upper 24 bits.
float HashUniform(std::uint32_t seed, std::uint32_t k, std::uint32_t i);

/// Names of all parameters and buffers in the order of PyTorch's state_dict: a module's own parameters, its own
/// buffers, then its children as registered.
std::vector<std::string> StateOrder(const torch::nn::Module& module);

/// Fills every tensor of `module`; r = HashUniform(seed, k, flat index):
///   num_batches_tracked 0 | running_mean 0.1 r | running_var 1 + 0.5 r | two and more dimensions
///   gain sqrt(6 / (values / first extent)) r | one-dimensional ".weight" 1 + 0.2 r | one-dimensional "*.weight.*"
///   0.25 + 0.1 r | others 0.1 r. Parameters that are not trained keep their values.
/// k = the name's place in `numbering`; names that it lacks take 2000, 2001, ... in their order.
void FillByHash(torch::nn::Module& module, const std::vector<std::string>& numbering, std::uint32_t seed, double gain);

}  // namespace mirst
