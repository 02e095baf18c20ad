// Options of the networks that look at one image with several channels. No LibTorch.
#pragma once

#include "core/config.h"

namespace mirst {

/// Options of the single-frame networks DNANet, ISNet and UIU-Net.
struct ImageNetworkOptions {
  int channels = 1;  ///< of the image: 1 as in BasicIRSTD's common protocol, 3 as released (grey repeated)
  friend bool operator==(const ImageNetworkOptions&, const ImageNetworkOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, ImageNetworkOptions& o) {
  visitor.Integer("channels", o.channels, {1, 3}, "channels of the image: 1 (grey), or 3 as released (grey repeated)");
}
inline void AddFaults(OptionsReader& reader, const ImageNetworkOptions& o) {
  if (o.channels == 2) reader.AddFault("channels", "found 2, allowed: 1, 3");
}

}  // namespace mirst
