// What a PSTFNet looks like: sizes, the published ablations, and two readings of its attention. Plain values without
// LibTorch.
#pragma once

#include "core/config.h"

namespace mirst {

/// How the attention of the multi-scale fusion turns (head, token, channel) into channel maps.
enum class AttentionLayout {
  kProper,  ///< by a permutation: channel = head * 64 + d, pixel = token
  kCompat,  ///< by a plain reshape, as in the authors' release; for weights trained there
};

/// Which images a set of weights takes.
enum class SizeMode {
  kNative,  ///< 384 x 384 only: a linear layer mixes the 784 attention tokens
  kFree,    ///< any height and width divisible by 16
};

/// What batch normalisation takes as one batch in the encoder while training; no difference in evaluation.
enum class BatchNormFrames {
  kSeparate,  ///< each of the five frames on its own, as published
  kJoint,     ///< the five frames together: faster
};

struct PstfnetOptions {
  AttentionLayout attention_layout = AttentionLayout::kProper;
  SizeMode size_mode = SizeMode::kNative;
  BatchNormFrames bn_frames = BatchNormFrames::kSeparate;
  bool cbam = true;            ///< channel and spatial attention in the encoder
  int first_ptam_level = 1;    ///< temporal aggregation on levels first..4; 5 = none
  bool p2dconv = true;         ///< progressive 2-D branch of the temporal aggregation
  bool m3dconv = true;         ///< multi-scale 3-D branch
  bool msfm = true;            ///< multi-scale feature fusion
  bool multi_scale = true;     ///< in the fusion: both strides 2 and 3, otherwise stride 2 twice
  bool self_attention = true;  ///< in the fusion: otherwise the scales are enlarged and concatenated
  friend bool operator==(const PstfnetOptions&, const PstfnetOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, PstfnetOptions& o) {
  visitor.Choice("attention_layout", o.attention_layout, {"proper", "compat"},
                 "attention maps by permutation (proper) or by the released plain reshape (compat)");
  visitor.Choice("size_mode", o.size_mode, {"native", "free"},
                 "native: 384 x 384 frames only; free: any size, padded to a multiple of 16");
  visitor.Choice(
      "bn_frames", o.bn_frames, {"separate", "joint"},
      "while training, the encoder normalises each frame on its own (separate) or all five together (joint)");
  visitor.Boolean("cbam", o.cbam, "channel and spatial attention in the encoder");
  visitor.Integer("first_ptam_level", o.first_ptam_level, {1, 5},
                  "temporal aggregation on this level and deeper; 5: none");
  visitor.Boolean("p2dconv", o.p2dconv, "progressive 2-D branch of the temporal aggregation");
  visitor.Boolean("m3dconv", o.m3dconv, "multi-scale 3-D branch of the temporal aggregation");
  visitor.Boolean("msfm", o.msfm, "multi-scale feature fusion");
  visitor.Boolean("multi_scale", o.multi_scale, "fusion at strides 1, 2 and 3; otherwise 1, 2 and 2");
  visitor.Boolean("self_attention", o.self_attention,
                  "attention in the fusion; otherwise plain concatenation of the scales");
}

inline void AddFaults(OptionsReader& reader, const PstfnetOptions& o) {
  if (!o.p2dconv && !o.m3dconv && o.first_ptam_level < 5) {
    reader.AddFault("p2dconv",
                    "false together with m3dconv = false leaves nothing to aggregate; set first_ptam_level to 5");
  }
}

}  // namespace mirst
