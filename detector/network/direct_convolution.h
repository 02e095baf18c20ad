// Same-size convolutions on few channels, for inference: LibTorch's CPU kernels lose most of the machine there. Inputs
// may be several tensors (their channels side by side, without a copy), and additions and ReLU are part of the pass.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "detector/network/conv_norm.h"

namespace mirst {

struct ConvInput {
  torch::Tensor map;   ///< (N, C, h, w)
  torch::Tensor plus;  ///< of the same shape, added before the convolution; undefined: nothing
};

/// What happens to a convolution's sums, in this order.
struct ConvEnd {
  torch::Tensor summand;  ///< (N, out, h, w), added first; undefined: nothing
  bool relu = false;
  torch::Tensor after;  ///< (N, out, h, w), added last; undefined: nothing
};

class DirectConvolution {
 public:
  DirectConvolution() = default;
  /// weight (out, in, k, k) with k odd, bias (out); copied and laid out for the kernels.
  explicit DirectConvolution(const ConvWeights& conv);

  bool defined() const { return packed_.defined(); }
  std::int64_t out() const { return conv_.weight.size(0); }
  const ConvWeights& weights() const { return conv_; }

  /// Zero padding, stride 1: (N, in, h, w) in all -> (N, out, h, w). On a CPU by the kernels of direct_kernels.h, equal
  /// bit by bit for every number of threads; on another device by LibTorch. No gradients.
  torch::Tensor operator()(const std::vector<ConvInput>& inputs, const ConvEnd& end = {}) const;
  /// The same on a CPU into memory that is there: result (N, out, h, w), its rows without gaps.
  void Write(const torch::Tensor& result, const std::vector<ConvInput>& inputs, const ConvEnd& end = {}) const;
  /// The same by LibTorch's operators on any device.
  torch::Tensor ByLibTorch(const std::vector<ConvInput>& inputs, const ConvEnd& end = {}) const;

 private:
  ConvWeights conv_;
  torch::Tensor packed_;  // by block of outputs: (in, k, k, outputs of the block)
};

}  // namespace mirst
