// How PSTFNet is computed on a sequence, as flags name it; all ways give the same logits up to rounding. No LibTorch.
#pragma once

namespace mirst {

enum class InferenceEngine {
  kPlain,      ///< the network's own forward pass on the window of five frames
  kFolded,     ///< the window at once, normalisation folded and unneeded time steps left out (folded_pstfnet.h)
  kStreaming,  ///< folded, and what a frame gives to all its windows is computed once
};

}  // namespace mirst
