// Deformable convolution with modulation (Zhu et al., Deformable ConvNets v2, CVPR 2019): every tap of the kernel reads
// the image at a place of its own, moved by an offset and weighed by a mask, both of them computed from the image. The
// semantics are those of the CUDA program of the paper and of torchvision.ops.deform_conv2d. Own kernels, forward and
// backward, on a CPU; elsewhere the same from LibTorch's gather.
#pragma once

#include <torch/nn.h>

#include <array>
#include <cstdint>

namespace mirst {

struct DeformableKernel {
  std::int64_t height = 3, width = 3;  ///< odd; the zero padding keeps the size
  std::int64_t taps() const { return height * width; }
};

/// What the taps read: for tap k, pixel p: mask_k(p) x bilinear(image, p + p_k + offset_k(p)). Corners outside the
/// image count as 0. image: (B, C, H, W); offsets: (B, 2 taps, H, W), dy before dx of each tap; mask: (B, taps, H, W).
/// Result: (B, C x taps, H x W). Differentiable in all three. The same values for any number of threads.
torch::Tensor DeformableColumns(const torch::Tensor& image, const torch::Tensor& offsets, const torch::Tensor& mask,
                                DeformableKernel kernel);

/// The same from differentiable operations of LibTorch, on any device.
torch::Tensor DeformableColumnsByGather(const torch::Tensor& image, const torch::Tensor& offsets,
                                        const torch::Tensor& mask, DeformableKernel kernel);

/// Offsets and mask by a plain convolution of the same kernel (one deformable group), which starts at zero.
class DeformableConvImpl : public torch::nn::Module {
 public:
  DeformableConvImpl(std::int64_t in, std::int64_t out, DeformableKernel kernel);
  /// (B, in, H, W) -> (B, out, H, W).
  torch::Tensor forward(const torch::Tensor& x);

 private:
  DeformableKernel kernel_;
  torch::Tensor weight_, bias_;
  torch::nn::Conv2d conv_offset_mask_;
};
TORCH_MODULE(DeformableConv);

}  // namespace mirst
