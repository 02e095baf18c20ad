#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/parallel.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxExtent = 16384;

cv::VideoCapture OpenCapture(const fs::path& file) {
  [[maybe_unused]] static const auto silenced = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  // The absolute path keeps FFmpeg from taking "a:b" for a protocol, the named backend keeps others from taking "%04d"
  // for a series of files.
  cv::VideoCapture capture(fs::absolute(file).string(), cv::CAP_FFMPEG);
  if (!capture.isOpened()) throw BadInput("no video that can be decoded");
  return capture;
}

// Calls `work` with OpenCV's failures as errors that name the file.
template <class Work>
auto Translated(const fs::path& file, Work&& work) {
  return InContext(file.string(), [&] {
    try {
      return work();
    } catch (const cv::Exception& error) {
      throw BadInput(fmt::format("decoding the video failed ({})", error.err));
    }
  });
}

class VideoSource final : public SequenceSource {
 public:
  explicit VideoSource(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) throw BadInput("no such file");
    cv::VideoCapture capture = OpenCapture(file);
    cv::Mat picture;
    if (!capture.read(picture)) throw BadInput("the video holds no frame that can be decoded");
    if (picture.cols > kMaxExtent || picture.rows > kMaxExtent) {
      throw BadInput(fmt::format("it is {} x {} px, the largest size allowed is {} x {}", picture.cols, picture.rows,
                                 kMaxExtent, kMaxExtent));
    }
    // Containers estimate, or lie about, the number of frames: what counts is what can be decoded.
    info_.frame_count = 1;
    while (capture.grab()) {
      ++info_.frame_count;
      ThrowIfInterrupted();
    }
    if (const double promised = capture.get(cv::CAP_PROP_FRAME_COUNT); promised > info_.frame_count) {
      LogWarning(fmt::format("{}: the video promises {:.0f} frames, {} can be decoded; it may be cut off",
                             file.string(), promised, info_.frame_count));
    }
    const double rate_hz = capture.get(cv::CAP_PROP_FPS);
    if (std::isfinite(rate_hz) && rate_hz > 0 && rate_hz <= 10000) {
      info_.frame_rate_hz = rate_hz;
      info_.frame_rate_known = true;
    } else {
      LogWarning(fmt::format("{}: the video names no frame rate; {} Hz is taken", file.string(), info_.frame_rate_hz));
    }
    info_.name = file.stem().string();
    info_.kind = SourceKind::kVideo;
    info_.path = file;
    info_.width = picture.cols;
    info_.height = picture.rows;
    info_.bit_depth = 8;
    info_.sha256 = Sha256OfFile(file);
  }

  std::vector<Frame> Read(int first, int count) const override {
    CheckRange(info_, first, count);
    return Translated(info_.path, [&] {
      const std::lock_guard lock(mutex_);
      // Seeking lands on key frames, or near them; only decoding in order reaches exactly the frame asked for. The
      // capture is put back when all went well: after a failure its position is unknown.
      std::unique_ptr<cv::VideoCapture> capture = std::move(capture_);
      if (!capture || next_ > first) {
        capture = std::make_unique<cv::VideoCapture>(OpenCapture(info_.path));
        next_ = 0;
      }
      std::vector<Frame> frames;
      for (; next_ < first + count; ++next_) {
        if (!capture->grab()) throw BadInput(fmt::format("frame {} cannot be decoded", next_));
        if (next_ >= first) frames.push_back(Retrieve(*capture, next_));
      }
      capture_ = std::move(capture);
      return frames;
    });
  }

 private:
  Frame Retrieve(cv::VideoCapture& capture, int index) const {
    cv::Mat picture, grey;
    if (!capture.retrieve(picture)) throw BadInput(fmt::format("frame {} cannot be decoded", index));
    if (picture.depth() != CV_8U || picture.cols != info_.width || picture.rows != info_.height) {
      throw BadInput(fmt::format("frame {} is {} x {} px, expected {} x {} px of 8 bits", index, picture.cols,
                                 picture.rows, info_.width, info_.height));
    }
    if (picture.channels() == 3) {
      cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    } else {
      cv::extractChannel(picture, grey, 0);
    }
    Frame frame;
    frame.pixels = Image<float>(grey.rows, grey.cols);
    for (int y = 0; y < grey.rows; ++y) {
      const std::uint8_t* row = grey.ptr<std::uint8_t>(y);
      std::copy(row, row + grey.cols, frame.pixels.row(y));
    }
    frame.index = index;
    frame.time_s = index / info_.frame_rate_hz;
    frame.name = fmt::format("{:06}.png", index);
    return frame;
  }

  mutable std::mutex mutex_;
  mutable std::unique_ptr<cv::VideoCapture> capture_;
  mutable int next_ = 0;  // frame that its next grab() decodes
};

}  // namespace

std::unique_ptr<SequenceSource> OpenVideoSource(const fs::path& file) {
  return Translated(file, [&] { return std::make_unique<VideoSource>(file); });
}

}  // namespace mirst
