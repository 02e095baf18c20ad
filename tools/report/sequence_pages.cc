#include "tools/report/sequence_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "datasets/contact_sheet.h"
#include "datasets/frame_io.h"
#include "datasets/texture.h"
#include "metrics/detection.h"
#include "tools/report/display_copy.h"
#include "tools/report/distributions.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kCardWidthPx = 360;                      // of the frame on a card, at most
constexpr int kLeastCropPx = 24, kLargestCropPx = 96;  // side of the enlarged part of a frame
constexpr std::size_t kSampledFrames = 8;

Json BoxJson(const PixelBox& box) { return {box.x, box.y, box.width, box.height}; }

Json BoxesJson(const std::vector<Component>& components, std::size_t most) {
  Json boxes = Json::array();
  for (std::size_t i = 0; i < std::min(most, components.size()); ++i) boxes.push_back(BoxJson(components[i].box));
  return boxes;
}

/// The pixels of `mask` inside `box` as runs x, y, length.
Json RunsOf(const Mask& mask, const PixelBox& box) {
  Json runs = Json::array();
  for (int y = box.y; y < box.bottom(); ++y) {
    for (int x = box.x; x < box.right(); ++x) {
      const int begin = x;
      while (x < box.right() && mask(y, x) > 127) ++x;
      if (x == begin) continue;
      for (const int number : {begin, y, x - begin}) runs.push_back(number);
    }
  }
  return runs;
}

/// What surrounds a target: the enlarged part of the frame.
PixelBox CropAround(const TargetStatistics& target, const PixelBox& frame) {
  const int longest = std::max(target.box.width, target.box.height);
  const int side = std::min({std::clamp(3 * longest, kLeastCropPx, kLargestCropPx), frame.width, frame.height});
  const auto begin = [&](double centre, int extent) {
    return std::clamp(static_cast<int>(std::lround(centre)) - side / 2, 0, extent - side);
  };
  return {begin(target.centroid_xy.x, frame.width), begin(target.centroid_xy.y, frame.height), side, side};
}

/// A frame as the player needs it, and what it adds to the measurement of its sequence.
struct FramePage {
  std::vector<TargetStatistics> targets;
  Json extras = Json::array();  ///< of each target: crop, its least and largest grey, runs
  Json decoys = Json::array();
  Json found = Json::array();  ///< of each folder of masks
  PixelBox extent;
  Stretch stretch;
  double entropy_bits = 0;
  std::vector<double> spectrum;
};

class Pages {
 public:
  Pages(const LabelledSet& set, const ManifestSequence& sequence, const std::vector<PredictedMasks>& predictions,
        fs::path folder)
      : set_(set),
        sequence_(sequence),
        folder_(std::move(folder)),
        frames_(set.ReadFrames(sequence)),
        is_ordered_(set.IsOrdered(sequence)),
        pages_(frames_.size()) {
    for (const PredictedMasks& masks : predictions)
      predictions_.push_back(masks.HasSequence(sequence.name) ? &masks : nullptr);
    if (!is_ordered_) return;  // single pictures: a strip, a size and a stretch each
    strip_frames_ = std::clamp(kStripHeightPx / TileHeight(sequence.height), 1, kStripFrames);
    StretchFinder finder;
    for (const std::size_t i : EvenlySpread(frames_.size(), kSampledFrames)) finder.Add(set.Read(sequence, frames_[i]));
    stretch_ = finder.Find();
  }

  SequencePages Write(const std::string& key) {
    const std::size_t a_strip = static_cast<std::size_t>(strip_frames_);
    ParallelFor((frames_.size() + a_strip - 1) / a_strip, [&](std::size_t strip) { WriteStrip(strip, a_strip); });
    SequencePages result;
    for (const FramePage& page : pages_) {
      result.targets.insert(result.targets.end(), page.targets.begin(), page.targets.end());
      result.targets_in_frame.push_back(static_cast<int>(page.targets.size()));
    }
    if (set_.layout() != SetLayout::kNative && is_ordered_) LinkTargets(result.targets);
    for (TargetStatistics& target : result.targets) {
      if (!is_ordered_) target.speed_px_per_frame.reset();
    }
    result.statistics = DescribeSequence(sequence_, result.targets);
    result.statistics.is_ordered = is_ordered_;
    DescribeBackground(result.statistics);
    WriteFileAtomically(folder_ / "frames.js", Script(key, result));
    result.entry_json = Dump(Entry(result));
    return result;
  }

 private:
  void WriteStrip(std::size_t strip, std::size_t a_strip) {
    const std::size_t begin = strip * a_strip, end = std::min(begin + a_strip, frames_.size());
    std::vector<Image<std::uint8_t>> frames;
    for (std::size_t i = begin; i < end; ++i) {
      InContext(fmt::format("frame {}", frames_[i].frame), [&] {
        const LabelledFrame labelled = set_.Read(sequence_, frames_[i]);
        pages_[i].extent = labelled.mask.box();
        pages_[i].stretch = StretchOf(labelled);
        frames.push_back(Stretched(labelled.frame.pixels, pages_[i].stretch));
        Describe(labelled, i);
      });
    }
    WriteFileAtomically(folder_ / fmt::format("strip_{:02}.jpg", strip), EncodeJpeg(Stacked(frames)));
  }

  Stretch StretchOf(const LabelledFrame& labelled) const {
    if (is_ordered_) {
      const PixelBox box = labelled.mask.box();
      if (box.width != sequence_.width || box.height != sequence_.height) {
        throw BadInput(fmt::format("it has {} x {} px, the first frame of its sequence {} x {} px", box.width,
                                   box.height, sequence_.width, sequence_.height));
      }
      return stretch_;
    }
    StretchFinder finder;
    finder.Add(labelled);
    return finder.Find();
  }

  void Describe(const LabelledFrame& labelled, std::size_t i) {
    FramePage& page = pages_[i];
    page.targets = MeasureTargets(labelled);
    for (const TargetStatistics& target : page.targets) {
      const PixelBox crop = CropAround(target, labelled.mask.box());
      const Image<float> part = Crop(labelled.frame.pixels, crop);
      const auto [low, high] = std::minmax_element(part.begin(), part.end());
      page.extras.push_back({{"crop", BoxJson(crop)},
                             {"view", {page.stretch.Grey(*low), page.stretch.Grey(*high)}},
                             {"runs", RunsOf(labelled.PixelsOf(target.id), target.box)}});
    }
    for (const Decoy& decoy : labelled.annotation.decoys)
      page.decoys.push_back({{"kind", decoy.kind}, {"box", BoxJson(decoy.box)}});
    for (const PredictedMasks* masks : predictions_) {
      if (masks == nullptr) {
        page.found.push_back(Json());
        continue;
      }
      const Mask prediction =
          InContext("masks of " + masks->id(), [&] { return masks->Read(sequence_.name, frames_[i].frame); });
      const FrameMatch match = MatchFrame(prediction, labelled.mask, labelled.ignore ? &*labelled.ignore : nullptr);
      page.found.push_back({{"hits", BoxesJson(match.hits, match.hits.size())},
                            {"misses", BoxesJson(match.misses, match.misses.size())},
                            {"false_alarms", match.false_alarms.size()},
                            {"false_boxes", BoxesJson(match.false_alarms, kDrawnFalseAlarms)}});
    }
    const Image<float>& background = labelled.background ? *labelled.background : labelled.frame.pixels;
    page.entropy_bits = EntropyBits(background);
    if (TakesSpectrum(i, frames_.size(), is_ordered_)) page.spectrum = RadialSpectrum(background);
  }

  void DescribeBackground(SequenceStatistics& statistics) const {
    double spectra = 0;
    for (const FramePage& page : pages_) {
      statistics.entropy_bits += page.entropy_bits / static_cast<double>(pages_.size());
      if (page.spectrum.empty()) continue;
      statistics.spectrum.resize(page.spectrum.size());
      std::transform(page.spectrum.begin(), page.spectrum.end(), statistics.spectrum.begin(),
                     statistics.spectrum.begin(), std::plus<>());
      ++spectra;
    }
    for (double& power : statistics.spectrum) power /= spectra;
  }

  /// mirst.receive(key, {...}): a script, because a page that was opened as a file may fetch nothing.
  std::string Script(const std::string& key, const SequencePages& result) const {
    Json frames = Json::array();
    std::size_t next = 0;
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      Json targets = Json::array();
      for (const Json& extra : pages_[i].extras) {
        const TargetStatistics& target = result.targets[next++];
        Json json = {{"id", target.id},
                     {"class", target.class_name},
                     {"box", BoxJson(target.box)},
                     {"centre", {ThreeDecimals(target.centroid_xy.x), ThreeDecimals(target.centroid_xy.y)}},
                     {"area", target.area_px},
                     {"scr", ThreeDecimals(target.scr_measured)},
                     {"asked", ThreeDecimals(target.scr_requested)},
                     {"speed", target.speed_px_per_frame ? Json(ThreeDecimals(*target.speed_px_per_frame)) : Json()},
                     {"flags", Json::array()}};
        for (const Flag& flag : target.flags) json["flags"].push_back(flag.name);
        json.update(extra);
        targets.push_back(std::move(json));
      }
      frames.push_back({{"name", frames_[i].frame},
                        {"time_s", frames_[i].time_s},
                        {"targets", std::move(targets)},
                        {"decoys", pages_[i].decoys},
                        {"found", pages_[i].found}});
      if (is_ordered_) continue;
      frames.back()["size"] = {pages_[i].extent.width, pages_[i].extent.height};
      frames.back()["stretch"] = {pages_[i].stretch.low, pages_[i].stretch.high};
    }
    return fmt::format("mirst.receive({}, {});\n", Dump(key),
                       Dump({{"tile_height", TileHeight(sequence_.height)},
                             {"strip_frames", strip_frames_},
                             {"frames", std::move(frames)}}));
  }

  Json Entry(const SequencePages& result) const {
    const SequenceStatistics& s = result.statistics;
    std::set<std::string> classes;
    std::set<int> ids;
    std::map<std::string, int> flags;
    for (const TargetStatistics& target : result.targets) {
      classes.insert(target.class_name);
      ids.insert(target.id);
      for (const Flag& flag : target.flags) ++flags[flag.name];
    }
    const auto number = [](const std::optional<double>& value) { return value ? Json(ThreeDecimals(*value)) : Json(); };
    Json found = Json::array();
    for (std::size_t p = 0; p < predictions_.size(); ++p) {
      std::size_t hits = 0, misses = 0, false_alarms = 0;
      for (const FramePage& page : pages_) {
        if (predictions_[p] == nullptr) continue;
        hits += page.found[p]["hits"].size();
        misses += page.found[p]["misses"].size();
        false_alarms += page.found[p]["false_alarms"].get<std::size_t>();
      }
      found.push_back(predictions_[p] == nullptr ? Json() : Json({hits, hits + misses, false_alarms}));
    }
    return {{"name", s.name},
            {"split", s.split},
            {"source", s.source},
            {"classes", classes},
            {"models", std::set<std::string>(s.models.begin(), s.models.end())},
            {"ordered", s.is_ordered},
            {"frames", s.frames},
            {"with_target", s.frames_with_target},
            {"tracks", s.is_ordered ? Json(ids.size()) : Json()},
            {"targets", s.targets},
            {"width", sequence_.width},
            {"height", sequence_.height},
            {"bits", sequence_.bit_depth},
            {"mscr", number(s.mscr_present)},
            {"asked", number(s.scr_requested)},
            {"area", number(s.mean_area_px)},
            {"speed", number(s.mean_speed_px_per_frame)},
            {"flags", flags},
            {"low", stretch_.low},
            {"high", stretch_.high},
            {"found", std::move(found)},
            {"card", WriteCard(result)}};
  }

  /// The frame with a target nearest to the middle, and its first target enlarged.
  Json WriteCard(const SequencePages& result) const {
    std::size_t chosen = frames_.size() / 2;
    for (std::size_t step = 0; step <= frames_.size(); ++step) {  // the middle, one before, one behind, two before ...
      const std::size_t i = step % 2 == 0 ? frames_.size() / 2 + step / 2 : frames_.size() / 2 - (step + 1) / 2;
      if (i >= frames_.size() || result.targets_in_frame[i] == 0) continue;
      chosen = i;
      break;
    }
    const Image<float> pixels = set_.Read(sequence_, frames_[chosen]).frame.pixels;
    WriteFileAtomically(folder_ / "card.jpg",
                        EncodeJpeg(ShrunkTo(kCardWidthPx, Stretched(pixels, pages_[chosen].stretch))));
    Json card = {{"frame", chosen}, {"size", {pixels.width(), pixels.height()}}, {"box", Json()}};
    if (result.targets_in_frame[chosen] == 0) return card;
    const TargetStatistics& target = pages_[chosen].targets.front();
    const Image<float> part = Crop(pixels, CropAround(target, pixels.box()));
    WriteFileAtomically(folder_ / "target.png", EncodePng(StretchedOverItself(part)));
    card["box"] = BoxJson(target.box);
    return card;
  }

  static double ThreeDecimals(double value) { return std::round(1000 * value) / 1000; }

  const LabelledSet& set_;
  const ManifestSequence& sequence_;
  const fs::path folder_;
  const std::vector<FrameAnnotation> frames_;
  const bool is_ordered_;
  Stretch stretch_;  ///< of an ordered sequence
  std::vector<FramePage> pages_;
  std::vector<const PredictedMasks*> predictions_;  ///< null where the folder does not hold the sequence
  int strip_frames_ = 1;
};

}  // namespace

SequencePages WriteSequencePages(const LabelledSet& set, const ManifestSequence& sequence,
                                 const std::vector<PredictedMasks>& predictions, const std::string& key,
                                 const fs::path& folder) {
  return Pages(set, sequence, predictions, folder).Write(key);
}

}  // namespace mirst
