#include "datasets/inspect_suspects.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>

#include "core/error.h"
#include "core/median.h"
#include "core/parallel.h"

namespace mirst {
namespace {

constexpr int kLargestTarget = 11;  // px, side of the top-hat's square
constexpr int kSurroundings = 33;   // px, side of the window whose rms a candidate is measured against
constexpr double kLeastContrast = 4;
constexpr std::size_t kCandidates = 40;  // of a frame and polarity
constexpr double kGatePx = 4;            // around the predicted place
constexpr int kMostMisses = 6;           // frames, before a track ends
constexpr double kLeastScore = 15;       // contrast of a still thing; of a moving one a third

struct Candidate {
  Vec2 scene_xy;
  PixelBox box;
  int polarity = 1;
  double contrast = 0;
};

/// The top-hat's connected part above half of its peak, with one pixel around; empty when it reaches the edge of a
/// window of twice the largest target: then it is a line or a border.
PixelBox HalfPeakBox(const cv::Mat& response, cv::Point peak) {
  const cv::Rect window =
      cv::Rect(peak.x - kLargestTarget, peak.y - kLargestTarget, 2 * kLargestTarget + 1, 2 * kLargestTarget + 1) &
      cv::Rect(0, 0, response.cols, response.rows);
  cv::Mat above = response(window) > 0.5 * static_cast<double>(response.at<float>(peak));
  cv::Rect part;
  cv::floodFill(above, peak - window.tl(), cv::Scalar(128), &part, {}, {}, 8);
  if (part.x == 0 || part.y == 0 || part.br().x == window.width || part.br().y == window.height) return {};
  if (std::max(part.width, part.height) > kLargestTarget + 3) return {};
  const PixelBox box{part.x + window.x, part.y + window.y, part.width, part.height};
  return Intersect(Grow(box, 1), {0, 0, response.cols, response.rows});
}

void AddCandidates(const cv::Mat& response, int polarity, Vec2 scene_origin, double noise_counts,
                   std::vector<Candidate>& candidates) {
  cv::Mat squares = response.mul(response), wide, near, highest;
  cv::boxFilter(squares, wide, CV_32F, {kSurroundings, kSurroundings}, {-1, -1}, false, cv::BORDER_REFLECT);
  cv::boxFilter(squares, near, CV_32F, {kLargestTarget, kLargestTarget}, {-1, -1}, false, cv::BORDER_REFLECT);
  cv::dilate(response, highest, cv::Mat::ones(7, 7, CV_8U));
  constexpr double kRing = kSurroundings * kSurroundings - kLargestTarget * kLargestTarget;
  std::vector<Candidate> found;
  for (int y = 1; y + 1 < response.rows; ++y) {
    for (int x = 1; x + 1 < response.cols; ++x) {
      const float peak = response.at<float>(y, x);
      if (peak < 3 || peak < highest.at<float>(y, x)) continue;
      const double ring =
          std::max(0.0, static_cast<double>(wide.at<float>(y, x)) - static_cast<double>(near.at<float>(y, x)));
      const double contrast = static_cast<double>(peak) / std::max({std::sqrt(ring / kRing), 0.5 * noise_counts, 0.5});
      if (contrast < kLeastContrast) continue;
      const PixelBox box = HalfPeakBox(response, {x, y});
      if (box.empty()) continue;
      const Vec2 centre{box.x + 0.5 * (box.width - 1), box.y + 0.5 * (box.height - 1)};
      found.push_back({scene_origin + centre, box, polarity, contrast});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate& a, const Candidate& b) { return a.contrast > b.contrast; });
  found.resize(std::min(found.size(), kCandidates));
  candidates.insert(candidates.end(), found.begin(), found.end());
}

std::vector<Candidate> FindCandidates(const cv::Mat& frame, Vec2 scene_origin, double noise_counts) {
  cv::Mat smooth, hot, cold;
  cv::GaussianBlur(frame, smooth, {}, 0.7);
  const cv::Mat square = cv::Mat::ones(kLargestTarget, kLargestTarget, CV_8U);
  cv::morphologyEx(smooth, hot, cv::MORPH_TOPHAT, square);
  cv::morphologyEx(smooth, cold, cv::MORPH_BLACKHAT, square);
  std::vector<Candidate> candidates;
  AddCandidates(hot, 1, scene_origin, noise_counts, candidates);
  AddCandidates(cold, -1, scene_origin, noise_counts, candidates);
  return candidates;
}

cv::Mat Matrix(Image<float>& frame) { return {frame.height(), frame.width(), CV_32F, frame.data()}; }

/// The median over time of up to 15 frames, evenly spread: a still camera's scene with its fixed pattern, without what
/// moves through it.
Image<float> StillScene(FrameSpan frames) {
  const std::size_t n = std::min<std::size_t>(15, frames.size());
  Image<float> scene(frames.front().height(), frames.front().width());
  std::vector<float> values(n);
  for (std::size_t i = 0; i < scene.size(); ++i) {
    for (std::size_t k = 0; k < n; ++k)
      values[k] = frames[k * (frames.size() - 1) / std::max<std::size_t>(n - 1, 1)].data()[i];
    scene.data()[i] = UpperMedian(values);
  }
  return scene;
}

bool CameraIsStill(const std::vector<Vec2>& positions) {
  constexpr double kStillPx = 2;
  return std::all_of(positions.begin(), positions.end(), [&](Vec2 position) {
    return std::hypot(position.x - positions.front().x, position.y - positions.front().y) < kStillPx;
  });
}

struct Track {
  std::vector<int> frames;
  std::vector<Candidate> seen;

  Vec2 VelocityPerFrame() const {
    const std::size_t back = std::min<std::size_t>(seen.size() - 1, 5), last = seen.size() - 1;
    if (back < 2) return {};
    return (1.0 / (frames[last] - frames[last - back])) * (seen[last].scene_xy - seen[last - back].scene_xy);
  }
  Vec2 PredictedAt(int frame) const { return seen.back().scene_xy + (frame - frames.back()) * VelocityPerFrame(); }
};

double Distance(Vec2 a, Vec2 b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Each candidate, strongest first, continues the nearest track that waits for it, or begins one.
void Continue(std::vector<Track>& tracks, std::vector<Candidate> candidates, int frame) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.contrast > b.contrast; });
  for (const Candidate& candidate : candidates) {
    const bool taken = std::any_of(tracks.begin(), tracks.end(), [&](const Track& track) {
      return track.frames.back() == frame && track.seen.back().polarity == candidate.polarity &&
             Distance(track.seen.back().scene_xy, candidate.scene_xy) < kGatePx;
    });
    if (taken) continue;
    Track* nearest = nullptr;
    double least = kGatePx;
    for (Track& track : tracks) {
      const int gap = frame - track.frames.back();
      if (gap < 1 || gap > kMostMisses + 1 || track.seen.back().polarity != candidate.polarity) continue;
      const double distance = Distance(track.PredictedAt(frame), candidate.scene_xy);
      if (distance < least) {
        least = distance;
        nearest = &track;
      }
    }
    if (nearest == nullptr) nearest = &tracks.emplace_back();
    nearest->frames.push_back(frame);
    nearest->seen.push_back(candidate);
  }
}

Vec2 MeanPlace(const std::vector<Candidate>& seen, std::size_t first, std::size_t count) {
  Vec2 sum;
  for (std::size_t i = first; i < first + count; ++i) sum = sum + seen[i].scene_xy;
  return (1.0 / static_cast<double>(count)) * sum;
}

Suspect Describe(const Track& track) {
  Suspect suspect;
  suspect.polarity = track.seen.front().polarity;
  for (std::size_t i = 0; i < track.seen.size(); ++i) {
    suspect.boxes.push_back({track.frames[i], track.seen[i].box});
    suspect.mean_contrast += track.seen[i].contrast / static_cast<double>(track.seen.size());
  }
  const std::size_t n = track.seen.size(), end = std::max<std::size_t>(1, n / 5);
  suspect.scene_travel_px = Distance(MeanPlace(track.seen, 0, end), MeanPlace(track.seen, n - end, end));
  suspect.seen_share = static_cast<double>(n) / (track.frames.back() - track.frames.front() + 1);
  // Still in the picture while the picture wanders over the scene: a fault of the sensor.
  const PixelBox& place = track.seen.front().box;
  const bool still = std::all_of(track.seen.begin(), track.seen.end(), [&](const Candidate& candidate) {
    const PixelBox& box = candidate.box;
    return std::abs(2 * box.x + box.width - 2 * place.x - place.width) <= 4 &&
           std::abs(2 * box.y + box.height - 2 * place.y - place.height) <= 4;
  });
  suspect.fixed_to_sensor = still && suspect.scene_travel_px > 8;
  return suspect;
}

/// Half of its boxes or more lie beside one of a stronger suspect: the dark ring that sharpening leaves round a hot
/// target.
bool IsShadow(const Suspect& suspect, const std::vector<Suspect>& stronger) {
  constexpr int kBesidePx = 8;
  return std::any_of(stronger.begin(), stronger.end(), [&](const Suspect& other) {
    std::size_t beside = 0, i = 0;
    for (const SuspectBox& box : suspect.boxes) {
      while (i < other.boxes.size() && other.boxes[i].frame < box.frame) ++i;
      if (i < other.boxes.size() && other.boxes[i].frame == box.frame &&
          !Intersect(Grow(other.boxes[i].box, kBesidePx), box.box).empty())
        ++beside;
    }
    return 2 * beside >= suspect.boxes.size();
  });
}

}  // namespace

std::vector<Suspect> FindSuspects(FrameSpan frames, const std::vector<Vec2>& scene_positions, double noise_counts,
                                  std::size_t limit) {
  if (frames.size() != scene_positions.size())
    throw InternalError("suspects: a scene position for each frame is needed");
  std::vector<std::vector<Candidate>> candidates(frames.size());
  std::optional<Image<float>> still_scene;
  if (frames.size() >= 8 && CameraIsStill(scene_positions)) still_scene = StillScene(frames);
  ParallelFor(frames.size(), [&](std::size_t k) {
    Image<float> frame = frames[k];
    candidates[k] = FindCandidates(Matrix(frame), scene_positions[k], noise_counts);
    if (!still_scene) return;
    for (std::size_t i = 0; i < frame.size(); ++i) frame.data()[i] -= still_scene->data()[i];
    const std::vector<Candidate> moving = FindCandidates(Matrix(frame), scene_positions[k], noise_counts);
    candidates[k].insert(candidates[k].end(), moving.begin(), moving.end());
  });
  std::vector<Track> open, ended;
  for (std::size_t k = 0; k < frames.size(); ++k) {
    Continue(open, candidates[k], static_cast<int>(k));
    const auto over = std::stable_partition(open.begin(), open.end(), [&](const Track& track) {
      return static_cast<int>(k) - track.frames.back() <= kMostMisses;
    });
    std::move(over, open.end(), std::back_inserter(ended));
    open.erase(over, open.end());
  }
  std::move(open.begin(), open.end(), std::back_inserter(ended));

  const std::size_t least_seen = std::clamp<std::size_t>(frames.size() / 8, 4, 10);
  std::vector<Suspect> suspects;
  for (const Track& track : ended) {
    if (track.seen.size() < least_seen) continue;
    Suspect suspect = Describe(track);
    // Either it stands out by far, or it moves against the scene: by more than errors of registration add up to.
    const double motion = std::clamp((suspect.scene_travel_px - 6) / 6, 0.0, 1.0);
    suspect.score = suspect.mean_contrast * (1 + 2 * motion) * std::sqrt(suspect.seen_share);
    if (suspect.score < kLeastScore) continue;
    suspects.push_back(std::move(suspect));
  }
  std::stable_sort(suspects.begin(), suspects.end(),
                   [](const Suspect& a, const Suspect& b) { return a.score > b.score; });
  std::vector<Suspect> kept;
  for (Suspect& suspect : suspects) {
    if (kept.size() < limit && !IsShadow(suspect, kept)) kept.push_back(std::move(suspect));
  }
  return kept;
}

}  // namespace mirst
