// DNANet-DTUM (Li et al., IEEE TNNLS 2023): the four upper levels of DNANet on each of five frames, then DTUM. The
// layers of DNANet that it does not use are stored all the same, as in the authors' release.
#pragma once

#include "detector/network/dtum.h"

namespace mirst {

DtumNetwork MakeDnanetDtum();

}  // namespace mirst
