// The contact sheet of a data set: a card a sequence with a frame, its targets boxed and one of them enlarged, and what
// the labels say; as a picture of the frames in the middle, or as a film of all of them.
#pragma once

#include <filesystem>

#include "datasets/contact_sheet.h"
#include "datasets/labelled_set.h"

namespace mirst {

/// Up to `sequences` sequences, evenly spread over the set; of each the frame with a target nearest to its middle. A
/// folder of single pictures gives a card a picture. The size is SheetSizeOf(number of cards). Throws kBadInput: no
/// sequence, a missing or corrupt file.
Image<Rgb> DrawPreview(const LabelledSet& set, int sequences);

struct PreviewVideo {
  int frames = 100;  ///< at most; shorter sequences start again
  int frames_per_s = 10;
};

/// The same sheet as an MP4 (H.264 where OpenCV's FFmpeg can encode it, else MPEG-4) in which every card plays its
/// sequence from the start; the enlargement follows the first target. Returns the number of frames. Throws kBadInput:
/// as DrawPreview, or no encoder, or the file cannot be written; then nothing is left of it.
int WritePreviewVideo(const LabelledSet& set, int sequences, const PreviewVideo& options,
                      const std::filesystem::path& path);

}  // namespace mirst
