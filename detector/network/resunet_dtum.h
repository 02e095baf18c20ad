// ResUNet-DTUM (Li et al., IEEE TNNLS 2023): a small residual U-Net on each of five frames, then DTUM.
#pragma once

#include "detector/network/dtum.h"

namespace mirst {

/// Three levels below the full resolution; 8, 16, 32 and 64 channels.
DtumNetwork MakeResunetDtum();

}  // namespace mirst
