// What a network costs: multiply-accumulate operations (MACs), counted while it runs, whatever it is made of.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace mirst {

struct MacCount {
  std::int64_t layers = 0;    ///< convolutions and linear layers; taps on padded zeros are counted
  std::int64_t products = 0;  ///< products of matrices that are no layer's weights, such as attention's
};

/// MACs of everything that `run` does by LibTorch's operators in the calling thread; networks use no others meanwhile.
/// `weights`: the network's parameters; a matrix product with one of them is a linear layer.
MacCount CountMacs(const std::vector<torch::Tensor>& weights, const std::function<void()>& run);

}  // namespace mirst
