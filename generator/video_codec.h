// What a lossy video makes of 8-bit frames: H.264 by the program ffmpeg (x264), one thread, so that the same frames
// come back the same.
#pragma once

#include <vector>

#include "core/image.h"
#include "generator/sensor_options.h"

namespace mirst {

/// The frames (whole counts 0 ... 255, one shape) encoded as one grey video and decoded again. Throws kBadInput: ffmpeg
/// is not installed or fails (its last words are in the message).
std::vector<Image<float>> PassThroughCodec(const std::vector<Image<float>>& frames, const CodecOptions& options);

}  // namespace mirst
