// Background shooting: frames of a camera, stream or pipeline as PNG files with a sidecar that says how they came
// about. What the source delivers is written as it is: 16-bit counts where it offers them, otherwise its 8-bit luma.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/frame.h"

namespace mirst {

struct CaptureOptions {
  /// A camera's number ("0") or device ("/dev/video0"), a URL (udp://, tcp://, rtsp://, http://), a file, or a
  /// GStreamer pipeline ("v4l2src ! ... ! appsink"): what OpenCV's VideoCapture opens.
  std::string source;
  int most_frames = 0;        ///< 0 = no limit
  double duration_s = 0;      ///< 0 = no limit; from the first frame on
  int width = 0, height = 0;  ///< asked of a camera; 0 = its own
  double frame_rate_hz = 0;   ///< asked of a camera; 0 = its own
  double timeout_s = 10;      ///< without a frame, where the backend can tell
  bool replace = false;       ///< an older capture in the folder: its frames and its sidecar are removed first
  std::vector<std::pair<std::string, std::string>>
      statements;  ///< of the user, into the sidecar: {"lens", "50 mm f/1"}
  /// Sees each frame as it is written, on the caller's thread; false ends the capture. May be empty.
  std::function<bool(const Image<std::uint16_t>&, int bit_depth)> on_frame;
};

enum class CaptureEnd { kCount, kDuration, kSourceEnded, kViewer, kInterrupted };
std::string ToString(CaptureEnd end);  ///< "count", "duration", "source ended", "viewer", "interrupted"

struct CaptureReport {
  int frames = 0;
  int width = 0, height = 0, bit_depth = 8;
  double frame_rate_hz = 0;   ///< from the time stamps; 0 with less than two frames
  int queue_drops = 0;        ///< frames that came while the disk was behind by the whole queue
  int missing_by_time = 0;    ///< frames that gaps in the time stamps speak of
  std::string pixel_format;   ///< what the source delivered, "Y16", "grey 8 bit", "BGR, reduced to grey"
  std::string stream_format;  ///< the decoder's pixel format, "I420", where the backend tells it
  std::string backend;
  CaptureEnd end = CaptureEnd::kCount;
};

/// Frames that a gap of about k median intervals lacks, k - 1 each, summed. Times ascending, s.
int MissingFrames(const std::vector<double>& times_s);

/// Writes folder/000000.png ... and folder/capture.json. Each frame is written whole or not at all; the sidecar is
/// written at the first frame, again as the number of frames doubles, and at the end, also after an interrupt (Ctrl-C).
/// Throws kBadInput: the source cannot be opened or sends no frame, its pixels have a form that is no picture, the
/// folder holds images already, the disk is full. A frame of another size ends the capture with kBadInput after the
/// sidecar is written.
CaptureReport Capture(const CaptureOptions& options, const std::filesystem::path& folder);

}  // namespace mirst
