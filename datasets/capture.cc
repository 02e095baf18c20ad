#include "datasets/capture.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <optional>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/median.h"
#include "core/parallel.h"
#include "core/version.h"
#include "datasets/frame_io.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 6 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

cv::VideoCapture Open(const CaptureOptions& options) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  const int timeout_ms = static_cast<int>(std::lround(1000 * options.timeout_s));
  cv::VideoCapture capture;
  if (IsNumber(options.source) || options.source.starts_with("/dev/video")) {
    if (IsNumber(options.source)) {
      capture.open(std::stoi(options.source), cv::CAP_ANY);
    } else {
      capture.open(options.source, cv::CAP_V4L2);
    }
    // Raw counts where the camera offers them; one that does not refuses, and delivers what it has.
    capture.set(cv::CAP_PROP_FOURCC, cv::VideoWriter::fourcc('Y', '1', '6', ' '));
    if (options.width > 0) capture.set(cv::CAP_PROP_FRAME_WIDTH, options.width);
    if (options.height > 0) capture.set(cv::CAP_PROP_FRAME_HEIGHT, options.height);
    if (options.frame_rate_hz > 0) capture.set(cv::CAP_PROP_FPS, options.frame_rate_hz);
  } else if (options.source.find(" ! ") != std::string::npos) {
    capture.open(options.source, cv::CAP_GSTREAMER);
  } else {
    capture.open(options.source, cv::CAP_FFMPEG,
                 {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, timeout_ms, cv::CAP_PROP_READ_TIMEOUT_MSEC, timeout_ms});
  }
  if (!capture.isOpened())
    throw BadInput(
        "no camera, stream or pipeline that OpenCV can open (a camera's number or device, a URL, a file, a "
        "GStreamer pipeline)");
  capture.set(cv::CAP_PROP_CONVERT_RGB, 0);
  return capture;
}

/// The four characters of the pixel format that a decoder has, "I420"; empty where the backend does not tell.
std::string StreamFormat(const cv::VideoCapture& capture) {
  const double code = capture.get(cv::CAP_PROP_CODEC_PIXEL_FORMAT);
  if (!(code > 0) || code > 4294967295.0) return {};
  std::string text;
  for (auto rest = static_cast<std::uint32_t>(code); rest > 0; rest >>= 8) {
    const char c = static_cast<char>(rest & 0xff);
    if (c >= ' ' && c <= '~') text += c;
  }
  return text;
}

struct Grabbed {
  cv::Mat picture;
  double host_time_s = 0;    // since the capture was opened
  double stream_time_s = 0;  // as the source tells it; 0 where it does not
};

/// Reads the source on a thread of its own, so that a slow disk costs no frame until the queue is full.
class Grabber {
 public:
  Grabber(cv::VideoCapture& capture, Clock::time_point start)
      : thread_([this, &capture, start] { Run(capture, start); }) {}
  ~Grabber() {
    stop_ = true;
    thread_.join();
  }
  Grabber(const Grabber&) = delete;
  Grabber& operator=(const Grabber&) = delete;

  enum class State { kFrame, kNothingYet, kEnded };
  State Next(Grabbed& grabbed) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::milliseconds(100), [&] { return !queue_.empty() || ended_; });
    if (queue_.empty()) return ended_ ? State::kEnded : State::kNothingYet;
    grabbed = std::move(queue_.front());
    queue_.pop_front();
    return State::kFrame;
  }
  int drops() const { return drops_; }

 private:
  void Run(cv::VideoCapture& capture, Clock::time_point start) {
    constexpr std::size_t kQueue = 128;
    while (!stop_) {
      cv::Mat picture;
      bool good = false;
      try {
        good = capture.read(picture);
      } catch (const cv::Exception&) {  // the source is broken: it ends here
      }
      const double host_time_s = std::chrono::duration<double>(Clock::now() - start).count();
      const double stream_time_s = capture.get(cv::CAP_PROP_POS_MSEC) / 1000;
      const std::lock_guard lock(mutex_);
      if (!good) break;
      if (queue_.size() >= kQueue) {
        ++drops_;
      } else {
        queue_.push_back({picture.clone(), host_time_s, stream_time_s});
      }
      arrived_.notify_one();
    }
    const std::lock_guard lock(mutex_);
    ended_ = true;
    arrived_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Grabbed> queue_;
  bool ended_ = false;
  std::atomic<bool> stop_ = false;
  std::atomic<int> drops_ = 0;
  std::thread thread_;  // last: it uses the others
};

/// The grey counts of what the source delivered.
struct Picture {
  Image<std::uint16_t> counts;
  int bit_depth = 8;
  std::string pixel_format;
};

template <class T>
Image<std::uint16_t> Copy(const cv::Mat& plane) {
  Image<std::uint16_t> counts(plane.rows, plane.cols);
  for (int y = 0; y < plane.rows; ++y) std::copy_n(plane.ptr<T>(y), plane.cols, counts.row(y));
  return counts;
}

Picture Decode(const cv::Mat& picture, int frame_height) {
  if (picture.type() == CV_16UC1) return {Copy<std::uint16_t>(picture), 16, "Y16"};
  if (picture.type() == CV_8UC1) {
    // Planar YUV comes as one tall plane with the luma on top.
    const bool planar = frame_height > 0 && 2 * picture.rows == 3 * frame_height;
    return {Copy<std::uint8_t>(planar ? picture.rowRange(0, frame_height) : picture), 8,
            planar ? "luma of planar YUV" : "grey 8 bit"};
  }
  cv::Mat grey;
  if (picture.type() == CV_8UC2) {
    cv::extractChannel(picture, grey, 0);
    return {Copy<std::uint8_t>(grey), 8, "luma of YUYV"};
  }
  if (picture.type() == CV_8UC3) {
    cv::cvtColor(picture, grey, cv::COLOR_BGR2GRAY);
    return {Copy<std::uint8_t>(grey), 8, "BGR, reduced to grey"};
  }
  throw BadInput(
      fmt::format("the source delivers {} channels of OpenCV's depth {}, allowed: grey of 8 or 16 bit, YUV, "
                  "BGR",
                  picture.channels(), picture.depth()));
}

std::string UtcNow() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
}

/// Removes an older capture where that is asked for; images of another origin are never touched.
void MakeRoom(const fs::path& folder, bool replace) {
  if (!fs::exists(folder)) return;
  const bool is_capture = fs::exists(folder / "capture.json");
  for (const fs::path& file : ListFiles(folder)) {
    const bool in_the_way = IsImageFile(file) || file.filename() == "capture.json";
    if (in_the_way && replace && is_capture) {
      fs::remove(file);
    } else if (in_the_way) {
      throw BadInput(
          fmt::format("{} is there already: a capture needs a folder without images; --force replaces an "
                      "older capture",
                      file.string()));
    }
  }
}

/// When the frames came. A stream's own times do not show how packets were buffered on the way; the host's count where
/// it has none.
class FrameTimes {
 public:
  void Add(const Grabbed& grabbed) {
    if (!stream_s_.empty() && grabbed.stream_time_s <= stream_s_.back()) stream_ascends_ = false;
    host_s_.push_back(grabbed.host_time_s);
    stream_s_.push_back(grabbed.stream_time_s);
  }
  bool of_stream() const { return stream_ascends_ && stream_s_.size() > 1; }
  std::vector<double> FromFirst() const {
    std::vector<double> times_s = of_stream() ? stream_s_ : host_s_;
    for (double& time_s : times_s) time_s -= of_stream() ? stream_s_.front() : host_s_.front();
    return times_s;
  }
  /// From the first frame to one that is not added yet.
  double Elapsed(const Grabbed& grabbed) const {
    if (host_s_.empty()) return 0;
    return of_stream() ? grabbed.stream_time_s - stream_s_.front() : grabbed.host_time_s - host_s_.front();
  }

 private:
  std::vector<double> host_s_, stream_s_;
  bool stream_ascends_ = true;
};

void UpdateTimes(const FrameTimes& frame_times, CaptureReport& report) {
  const std::vector<double> times_s = frame_times.FromFirst();
  report.missing_by_time = MissingFrames(times_s);
  report.frame_rate_hz = times_s.back() > 0 ? (report.frames - 1 + report.missing_by_time) / times_s.back() : 0;
}

void WriteSidecar(const fs::path& folder, const CaptureOptions& options, const CaptureReport& report,
                  const std::string& started_utc, const FrameTimes& frame_times, bool finished) {
  Json stated = Json::object();
  for (const auto& [key, value] : options.statements) stated[key] = value;
  Json times = Json::array();
  for (const double time_s : frame_times.FromFirst()) times.push_back(std::round(1e6 * time_s) / 1e6);
  const Json json = {{"schema_version", 1},
                     {"program", std::string("mirst ") + std::string(ProgramVersion())},
                     {"source", options.source},
                     {"backend", report.backend},
                     {"started_utc", started_utc},
                     {"ended_by", finished ? Json(ToString(report.end)) : Json()},
                     {"frames", report.frames},
                     {"width", report.width},
                     {"height", report.height},
                     {"bit_depth", report.bit_depth},
                     {"stream_format", report.stream_format},
                     {"pixel_format", report.pixel_format},
                     {"frame_rate_hz", report.frame_rate_hz},
                     {"dropped", {{"queue", report.queue_drops}, {"by_time_stamps", report.missing_by_time}}},
                     {"stated", stated},
                     {"time_from", frame_times.of_stream() ? "stream" : "host"},
                     {"time_s", times}};
  WriteFileAtomically(folder / "capture.json", Dump(json, 1) + "\n");
}

}  // namespace

std::string ToString(CaptureEnd end) {
  switch (end) {
    case CaptureEnd::kCount:
      return "count";
    case CaptureEnd::kDuration:
      return "duration";
    case CaptureEnd::kSourceEnded:
      return "source ended";
    case CaptureEnd::kViewer:
      return "viewer";
    case CaptureEnd::kInterrupted:
      return "interrupted";
  }
  throw InternalError("unknown end of a capture");
}

int MissingFrames(const std::vector<double>& times_s) {
  if (times_s.size() < 3) return 0;
  std::vector<double> intervals;
  for (std::size_t i = 1; i < times_s.size(); ++i) intervals.push_back(times_s[i] - times_s[i - 1]);
  std::vector<double> sorted = intervals;
  const double usual = UpperMedian(sorted);
  if (usual <= 0) return 0;
  int missing = 0;
  for (const double interval : intervals) missing += std::max(0, static_cast<int>(std::lround(interval / usual)) - 1);
  return missing;
}

CaptureReport Capture(const CaptureOptions& options, const fs::path& folder) {
  if (!options.replace) MakeRoom(folder, false);
  CaptureReport report;
  FrameTimes times;
  std::optional<Error> failure;
  InContext(options.source, [&] {
    try {
      cv::VideoCapture capture = Open(options);
      report.backend = capture.getBackendName();
      report.stream_format = StreamFormat(capture);
      const int frame_height = static_cast<int>(capture.get(cv::CAP_PROP_FRAME_HEIGHT));
      MakeRoom(folder, options.replace);  // not before there is something to put in its place
      CreateFolder(folder);
      const std::string started_utc = UtcNow();
      Grabber grabber(capture, Clock::now());
      int next_sidecar = 1;
      for (bool more = true; more;) {
        Grabbed grabbed;
        const Grabber::State state = grabber.Next(grabbed);
        report.queue_drops = grabber.drops();
        if (Interrupted()) {
          report.end = CaptureEnd::kInterrupted;
          break;
        }
        if (state == Grabber::State::kEnded) {
          report.end = CaptureEnd::kSourceEnded;
          break;
        }
        if (state == Grabber::State::kNothingYet) continue;
        if (options.duration_s > 0 && times.Elapsed(grabbed) >= options.duration_s) {
          report.end = CaptureEnd::kDuration;
          break;
        }
        const Picture picture = Decode(grabbed.picture, frame_height);
        const Image<std::uint16_t>& counts = picture.counts;
        if (report.frames == 0) {
          report.width = counts.width();
          report.height = counts.height();
          report.bit_depth = picture.bit_depth;
          report.pixel_format = picture.pixel_format;
        } else if (counts.width() != report.width || counts.height() != report.height ||
                   picture.bit_depth != report.bit_depth) {
          failure = BadInput(fmt::format("frame {} is {} x {} px of {} bits, the first {} x {} px of {} bits",
                                         report.frames, counts.width(), counts.height(), picture.bit_depth,
                                         report.width, report.height, report.bit_depth));
          report.end = CaptureEnd::kSourceEnded;
          break;
        }
        WriteFileAtomically(folder / fmt::format("{:06}.png", report.frames), EncodePng(counts, report.bit_depth));
        times.Add(grabbed);
        ++report.frames;
        if (report.frames == next_sidecar) {
          UpdateTimes(times, report);
          WriteSidecar(folder, options, report, started_utc, times, false);
          next_sidecar *= 2;
        }
        if (options.on_frame && !options.on_frame(counts, report.bit_depth)) {
          report.end = CaptureEnd::kViewer;
          more = false;
        } else if (report.frames == options.most_frames) {
          report.end = CaptureEnd::kCount;
          more = false;
        }
      }
      if (report.frames > 0) {
        UpdateTimes(times, report);
        WriteSidecar(folder, options, report, started_utc, times, true);
      }
    } catch (const cv::Exception& error) {
      throw BadInput(fmt::format("capturing failed ({})", error.err));
    }
    if (failure) throw *failure;
    if (report.frames == 0 && report.end != CaptureEnd::kInterrupted) throw BadInput("it sent no frame");
  });
  return report;
}

}  // namespace mirst
