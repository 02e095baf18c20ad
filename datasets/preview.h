// The contact sheet of a data set: a card a sequence with the frame in its middle, its targets boxed and one of them
// enlarged, and what the labels say.
#pragma once

#include "datasets/contact_sheet.h"
#include "datasets/sample_store.h"

namespace mirst {

/// Up to `sequences` sequences, evenly spread over the set; of each the frame with a target nearest to its middle. The
/// size is SheetSizeOf(number of cards). Throws kBadInput: no sequence, a missing or corrupt file.
Image<Rgb> DrawPreview(const SampleStoreReader& reader, int sequences);

}  // namespace mirst
