#include "tools/detection_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/version.h"
#include "datasets/frame_io.h"
#include "datasets/npy.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

cv::VideoWriter OpenVideo(const fs::path& file, const SourceInfo& source) {
  try {
    cv::VideoWriter writer(file.string(), cv::CAP_OPENCV_MJPEG, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'),
                           source.frame_rate_hz, {source.width, source.height});
    if (writer.isOpened()) return writer;
  } catch (const cv::Exception&) {  // reported below
  }
  throw BadInput(fmt::format("cannot write the video {}", file.string()));
}

cv::Mat Picture(const Image<float>& pixels, const std::vector<Detection>& detections) {
  const auto [low, high] = std::minmax_element(pixels.begin(), pixels.end());
  const float offset = *low, gain = 255 / std::max(*high - *low, 1.0F);
  cv::Mat picture(pixels.height(), pixels.width(), CV_8UC3);
  for (int y = 0; y < pixels.height(); ++y) {
    for (int x = 0; x < pixels.width(); ++x) {
      const auto grey = static_cast<std::uint8_t>(std::lround((pixels(y, x) - offset) * gain));
      picture.at<cv::Vec3b>(y, x) = {grey, grey, grey};
    }
  }
  for (const Detection& detection : detections) {
    const PixelBox box = Grow(detection.component.box, 3);
    cv::rectangle(picture, cv::Rect(box.x, box.y, box.width, box.height), cv::Scalar(0, 220, 255));
  }
  return picture;
}

Json ToJson(const std::vector<Detection>& detections) {
  Json boxes = Json::array();
  for (const auto& [component, score] : detections) {
    const PixelBox& box = component.box;
    boxes.push_back({{"box_xywh", {box.x, box.y, box.width, box.height}},
                     {"centroid_xy", {component.centroid.x, component.centroid.y}},
                     {"area_px", component.area_px},
                     {"score", score}});
  }
  return boxes;
}

}  // namespace

void PrepareDetectionFolder(const fs::path& out, bool force) {
  std::error_code ignored;
  if (fs::exists(out, ignored) && !fs::is_directory(out, ignored)) {
    throw BadInput(fmt::format("{} is a file, expected a folder", out.string()));
  }
  if (fs::exists(out, ignored) && !fs::is_empty(out, ignored)) {
    if (!fs::exists(out / kDetectionLog, ignored)) {
      throw BadInput(
          fmt::format("{} holds files that are no detections of mirst; name an empty or a new folder", out.string()));
    }
    if (!force) throw BadInput(fmt::format("{} already holds detections; --force replaces them", out.string()));
    for (const char* kind : {"mask", "boxes", "overlay", "scores"}) fs::remove_all(out / kind, ignored);
  }
  CreateFolder(out);
}

std::vector<Detection> DetectionsOf(const Mask& mask, const Image<float>& scores, ScoreScale scale) {
  const Labelling labelling = LabelComponents(mask);
  std::vector<float> largest(labelling.components.size(), -std::numeric_limits<float>::infinity());
  for (const PixelRun& run : labelling.runs) {
    float& score = largest[run.component];
    score = std::max(score, *std::max_element(scores.row(run.y) + run.first, scores.row(run.y) + run.end));
  }
  std::vector<Detection> detections;
  for (std::size_t i = 0; i < largest.size(); ++i) {
    const double score = largest[i];
    detections.push_back({labelling.components[i], scale == ScoreScale::kLogit ? 1 / (1 + std::exp(-score)) : score});
  }
  return detections;
}

struct DetectionFiles::State {
  fs::path out;
  std::string name;
  KeepScores scores;
  ScoreScale scale;
  cv::VideoWriter video;
  Json frames = Json::array();
};

DetectionFiles::DetectionFiles(fs::path out, const SourceInfo& source, KeepScores scores, ScoreScale scale) {
  CreateFolder(out / "mask" / source.name);
  for (const char* kind : {"boxes", "overlay"}) CreateFolder(out / kind);
  if (scores == KeepScores::kYes) CreateFolder(out / "scores" / source.name);
  cv::VideoWriter video = OpenVideo(out / "overlay" / (source.name + ".avi"), source);
  state_ = std::make_unique<State>(State{std::move(out), source.name, scores, scale, std::move(video)});
}

DetectionFiles::~DetectionFiles() = default;

std::vector<Detection> DetectionFiles::Add(const Frame& frame, const Image<float>& scores, const Mask& mask) {
  std::vector<Detection> detections = DetectionsOf(mask, scores, state_->scale);
  const std::string stem = fs::path(frame.name).stem().string();
  WriteFileAtomically(state_->out / "mask" / state_->name / (stem + ".png"), EncodePng(mask));
  if (state_->scores == KeepScores::kYes) {
    WriteFileAtomically(state_->out / "scores" / state_->name / (stem + ".npy"), NpyBytes(scores));
  }
  try {
    state_->video.write(Picture(frame.pixels, detections));
  } catch (const cv::Exception& error) {
    throw BadInput(fmt::format("cannot write the video overlay/{}.avi ({})", state_->name, error.err));
  }
  state_->frames.push_back({{"frame", frame.name}, {"index", frame.index}, {"boxes", ToJson(detections)}});
  return detections;
}

void DetectionFiles::Finish(const DetectorRecord& detector) {
  Json record = {{"id", detector.id}};
  if (state_->scale == ScoreScale::kLogit)
    record.update(
        {{"weights", detector.weights}, {"steps", detector.steps}, {"threshold_logit", detector.threshold_logit}});
  else
    record.update({{"rule", detector.rule}});
  const Json document = {{"sequence", state_->name},
                         {"program", {{"version", ProgramVersion()}, {"git", GitRevision()}}},
                         {"detector", record},
                         {"frames", state_->frames}};
  WriteFileAtomically(state_->out / "boxes" / (state_->name + ".json"), Dump(document) + "\n");
}

}  // namespace mirst
