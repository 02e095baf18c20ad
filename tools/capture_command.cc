// `mirst capture`: background shooting.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#ifdef MIRST_WITH_HIGHGUI
#include <opencv2/highgui.hpp>
#include <opencv2/imgproc.hpp>
#endif

#include "core/error.h"
#include "core/log.h"
#include "datasets/capture.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Capture a background from a camera, stream or pipeline as PNG frames\n"
    "Writes OUT/000000.png ... and OUT/capture.json (time stamps, dropped frames, device, pixel format, and what you\n"
    "state). Raw 16-bit counts (Y16) where the source offers them; otherwise 8-bit grey without any scaling. Without\n"
    "--count and --duration it runs until Ctrl-C or until the source ends.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst capture /dev/video0 --out out/sky --duration 20 --lens \"50 mm f/1.0\" --pitch-um 12 --band-um 8-14\n"
    "  mirst capture udp://127.0.0.1:5000 --out out/stream --count 200\n"
    "  mirst capture \"v4l2src ! video/x-raw,format=GRAY16_LE ! appsink\" --out out/raw --count 500\n"
    "then: mirst inspect out/sky --out out/cards";

struct CaptureFlags : CommonFlags {
  CaptureOptions options;
  std::filesystem::path out;
  std::string lens, pitch_um, band_um, integration_ms, place, note;
  bool preview = false;
};

/// Shows frames stretched to their range; a key or a closed window ends the capture.
std::function<bool(const Image<std::uint16_t>&, int)> Preview() {
#ifdef MIRST_WITH_HIGHGUI
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) {
    LogWarning("no live preview: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)");
    return {};
  }
  return [broken = false](const Image<std::uint16_t>& counts, int) mutable {
    if (broken) return true;
    try {
      Image<std::uint16_t> copy = counts;  // OpenCV has no read-only matrix
      cv::Mat shown;
      cv::normalize(cv::Mat(copy.height(), copy.width(), CV_16U, copy.data()), shown, 0, 255, cv::NORM_MINMAX, CV_8U);
      cv::imshow("mirst capture (any key ends it)", shown);
      return cv::waitKey(1) < 0;
    } catch (const cv::Exception& error) {
      LogWarning(fmt::format("no live preview: {}", error.err));
      broken = true;
      return true;
    }
  };
#else
  LogWarning("no live preview: mirst was built without OpenCV's highgui");
  return {};
#endif
}

void RunCapture(CaptureFlags flags) {
  const auto threads = ApplyCommonFlags(flags);
  CaptureOptions& options = flags.options;
  for (const auto& [key, value] : {std::pair{"lens", flags.lens},
                                   {"pitch_um", flags.pitch_um},
                                   {"band_um", flags.band_um},
                                   {"integration_ms", flags.integration_ms},
                                   {"place", flags.place},
                                   {"note", flags.note}}) {
    if (!value.empty()) options.statements.emplace_back(key, value);
  }
  options.replace = flags.force;
  if (flags.preview) options.on_frame = Preview();
  const CaptureReport report = Capture(options, flags.out);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", flags.out.string()},
                                         {"frames", report.frames},
                                         {"width", report.width},
                                         {"height", report.height},
                                         {"bit_depth", report.bit_depth},
                                         {"pixel_format", report.pixel_format},
                                         {"frame_rate_hz", report.frame_rate_hz},
                                         {"queue_drops", report.queue_drops},
                                         {"missing_by_time", report.missing_by_time},
                                         {"ended_by", ToString(report.end)}};
    PrintLine(json.dump());
  } else {
    PrintLine(fmt::format(
        "{}: {} frames of {} x {} px, {} bit ({}), {:.3g} Hz; dropped: {} by a full queue, {} by time "
        "stamps; ended by: {}",
        flags.out.string(), report.frames, report.width, report.height, report.bit_depth, report.pixel_format,
        report.frame_rate_hz, report.queue_drops, report.missing_by_time, ToString(report.end)));
  }
  // OpenCV's FFmpeg backend gives 8 bits of everything.
  if (report.bit_depth == 8 && report.stream_format.starts_with("Y1"))
    LogWarning(
        "the stream holds more than 8 bits, OpenCV's FFmpeg backend gives 8: take a GStreamer pipeline with "
        "format=GRAY16_LE, or the camera's own device");
  // Ctrl-C is the regular end of a capture without another.
  const bool asked_for_more = options.most_frames > 0 || options.duration_s > 0 || report.frames == 0;
  if (report.end == CaptureEnd::kInterrupted && asked_for_more)
    throw Error(ErrorCode::kInterrupted,
                fmt::format("interrupted; {} whole frames stay in {}", report.frames, flags.out.string()));
}

}  // namespace

void AddCaptureCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("capture", kDescription);
  const auto flags = std::make_shared<CaptureFlags>();
  CaptureOptions& options = flags->options;
  command->add_option("SOURCE", options.source, "Camera number or device, URL, file, or GStreamer pipeline")
      ->required();
  command->add_option("--out", flags->out, "Folder for the frames; it must hold no images")
      ->type_name("FOLDER")
      ->required();
  command->add_option("--count", options.most_frames, "Frames to write (default: no limit)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000).description(""));
  command->add_option("--duration", options.duration_s, "Seconds from the first frame on (default: no limit)")
      ->type_name("S")
      ->check(CLI::Range(0.001, 1e6).description(""));
  command->add_option("--width", options.width, "Asked of a camera, px")
      ->type_name("PX")
      ->check(CLI::Range(1, 16384).description(""));
  command->add_option("--height", options.height, "Asked of a camera, px")
      ->type_name("PX")
      ->check(CLI::Range(1, 16384).description(""));
  command->add_option("--fps", options.frame_rate_hz, "Asked of a camera, Hz")
      ->type_name("HZ")
      ->check(CLI::Range(0.01, 10000.0).description(""));
  command
      ->add_option("--timeout", options.timeout_s,
                   "Seconds without a frame after which a stream counts as ended (default 10)")
      ->type_name("S")
      ->check(CLI::Range(0.1, 3600.0).description(""));
  command->add_option("--lens", flags->lens, "Stated in capture.json, free text");
  command->add_option("--pitch-um", flags->pitch_um, "Pixel pitch, stated");
  command->add_option("--band-um", flags->band_um, "Spectral band, stated, e.g. 8-14");
  command->add_option("--integration-ms", flags->integration_ms, "Integration time, stated");
  command->add_option("--place", flags->place, "Place and scene, stated");
  command->add_option("--note", flags->note, "Anything else, stated");
  command->add_flag("--preview", flags->preview, "Show the frames live, where there is a display");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunCapture(*flags); });
}

}  // namespace mirst
