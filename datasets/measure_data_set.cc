// The half of statistics.h that reads a data set: every frame is measured again and held against its annotation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/statistics.h"
#include "datasets/texture.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

void RequireHidden(const LabelledFrame& labelled, const Annotation& annotation) {
  if (annotation.visibility > 0) throw BadInput("it is annotated as seen, but without any pixel");
  const std::int64_t pixels = CountPixels(labelled.PixelsOf(annotation.id));
  if (pixels > 0) throw BadInput(fmt::format("its annotation says that it is hidden, the mask holds {} px", pixels));
}

TargetStatistics MeasureTarget(const LabelledFrame& labelled, const Annotation& annotation) {
  const Mask own = labelled.PixelsOf(annotation.id);
  const std::int64_t pixels = CountPixels(own);
  if (pixels == 0) throw BadInput("it is annotated, but no pixel of the mask belongs to it");
  if (pixels != annotation.area_px) {
    throw BadInput(fmt::format("its annotation says {} px, the mask holds {} px", annotation.area_px, pixels));
  }
  const PixelBox box = BoundingBox(own);
  if (box != annotation.box) {
    throw BadInput(fmt::format("its annotated box is {},{} {}x{}, the mask's is {},{} {}x{}", annotation.box.x,
                               annotation.box.y, annotation.box.width, annotation.box.height, box.x, box.y, box.width,
                               box.height));
  }
  const Frame& frame = labelled.frame;
  const Box20Rule rule = Box20Rule::ForBitDepth(frame.bit_depth);
  const ScrMeasurement measured = MeasureBox20(frame.pixels, own, labelled.mask, rule);
  const auto annotated = annotation.scr.find("box20");

  TargetStatistics target;
  target.frame = labelled.annotation.frame;
  target.frame_index = labelled.annotation.index;
  target.id = annotation.id;
  target.class_name = annotation.class_name;
  target.area_px = annotation.area_px;
  target.image_share = static_cast<double>(pixels) / static_cast<double>(own.size());
  target.box = box;
  target.centroid_xy = annotation.centroid_xy;
  target.place = {(annotation.centroid_xy.x + 0.5) / own.width(), (annotation.centroid_xy.y + 0.5) / own.height()};
  target.polarity = annotation.polarity;
  target.scr_id = annotation.scr_id;
  target.scr_requested = annotation.scr_requested;
  if (annotated != annotation.scr.end() && !annotation.scr_id.empty()) target.scr_annotated = annotated->second;
  target.scr_measured = measured.scr;
  target.scr = ScrValues({frame.pixels, own, labelled.mask, box}, rule, annotation.polarity);
  target.scr.erase("db");  // box20 on another scale
  target.sigma_b = measured.sigma_background;
  if (!annotation.scr_id.empty() || labelled.background) {
    target.scr_empty = annotation.scr_empty;
    target.scr_delta = annotation.scr_delta;
  }
  target.rounding_bound = RoundingBound(rule, annotation.area_px, measured.sigma_background);
  target.speed_px_per_frame = std::hypot(annotation.velocity_px_per_frame.x, annotation.velocity_px_per_frame.y);
  target.flags = annotation.flags;
  return target;
}

/// Images, masks and annotations must name the same frames: a file too many is as wrong as one too few.
void CheckFrameNames(const std::filesystem::path& folder, const ManifestSequence& sequence,
                     const std::vector<FrameAnnotation>& annotations) {
  const auto names_in = [&](std::string_view kind) {
    std::set<std::string> names;
    for (const auto& path : ListFiles(folder / kind / sequence.name)) names.insert(path.filename().string());
    return names;
  };
  const std::set<std::string> images = names_in("image"), masks = names_in("mask");
  std::set<std::string> annotated;
  for (const FrameAnnotation& annotation : annotations) annotated.insert(annotation.frame);
  const auto require = [](const std::set<std::string>& names, const std::set<std::string>& among, std::string_view what,
                          std::string_view lacks) {
    for (const std::string& name : names) {
      if (!among.contains(name)) throw BadInput(fmt::format("{} {} has no {}", what, name, lacks));
    }
  };
  require(masks, images, "the mask", "image");
  require(images, masks, "the image", "mask");
  require(images, annotated, "the image", "annotation");
  require(annotated, images, "the annotated frame", "image");
}

struct FrameMeasurement {
  std::vector<TargetStatistics> targets;
  double entropy_bits = 0;
  std::vector<double> spectrum;  ///< empty where it was not taken
};

std::vector<double> MeanSpectrum(const std::vector<FrameMeasurement>& frames) {
  std::vector<double> mean;
  double count = 0;
  for (const FrameMeasurement& frame : frames) {
    if (frame.spectrum.empty()) continue;
    mean.resize(frame.spectrum.size());
    std::transform(mean.begin(), mean.end(), frame.spectrum.begin(), mean.begin(), std::plus<>());
    ++count;
  }
  for (double& power : mean) power /= count;
  return mean;
}

/// The sequence's targets and what describes it, `targets` last.
SequenceStatistics MeasureSequence(const LabelledSet& set, const ManifestSequence& sequence, Progress& progress,
                                   std::vector<TargetStatistics>& targets) {
  const std::vector<FrameAnnotation> annotations = set.ReadFrames(sequence);
  const bool is_native = set.layout() == SetLayout::kNative, is_ordered = set.IsOrdered(sequence);
  if (is_native) CheckFrameNames(set.folder(), sequence, annotations);
  std::vector<FrameMeasurement> frames(annotations.size());
  ParallelFor(annotations.size(), [&](std::size_t i) {
    InContext(fmt::format("frame {}", annotations[i].frame), [&] {
      const LabelledFrame labelled = set.Read(sequence, annotations[i]);
      const Image<float>& background = labelled.background ? *labelled.background : labelled.frame.pixels;
      frames[i].targets = MeasureTargets(labelled);
      frames[i].entropy_bits = EntropyBits(background);
      if (TakesSpectrum(i, annotations.size(), is_ordered)) frames[i].spectrum = RadialSpectrum(background);
    });
    progress.Advance();
  });
  double entropy_bits = 0;
  for (FrameMeasurement& frame : frames) {
    std::move(frame.targets.begin(), frame.targets.end(), std::back_inserter(targets));
    entropy_bits += frame.entropy_bits;
  }
  if (!is_native && is_ordered) LinkTargets(targets);
  if (!is_ordered) {
    for (TargetStatistics& target : targets) target.speed_px_per_frame.reset();
  }
  SequenceStatistics statistics = DescribeSequence(sequence, targets);
  statistics.is_ordered = is_ordered;
  statistics.entropy_bits = frames.empty() ? 0 : entropy_bits / static_cast<double>(frames.size());
  statistics.spectrum = MeanSpectrum(frames);
  return statistics;
}

std::string ScrModeOf(const Manifest& manifest) {
  const Json config = ParseJson(manifest.config_json);
  return GetOr<std::string>(GetOr<Json>(config, "scr", Json::object()), "mode", "");
}

}  // namespace

bool TakesSpectrum(std::size_t frame, std::size_t frames, bool is_ordered) {
  const auto taken_before = [&](std::size_t i) { return i * kSpectrumFrames / frames; };
  return !is_ordered || frames <= kSpectrumFrames || taken_before(frame) != taken_before(frame + 1);
}

std::vector<TargetStatistics> MeasureTargets(const LabelledFrame& labelled) {
  const std::vector<Annotation>& annotations = labelled.annotation.targets;
  std::vector<TargetStatistics> targets;
  std::int64_t named_px = 0;
  for (const Annotation& annotation : annotations) {
    InContext(fmt::format("target {}", annotation.id), [&] {
      if (annotation.seen()) {
        targets.push_back(MeasureTarget(labelled, annotation));
      } else {
        RequireHidden(labelled, annotation);
      }
    });
    named_px += annotation.area_px;
  }
  const std::int64_t mask_px = CountPixels(labelled.mask);
  if (mask_px != named_px) {
    throw BadInput(fmt::format("the mask holds {} target px, the annotated targets {} px", mask_px, named_px));
  }
  return targets;
}

DataSetStatistics MeasureDataSet(const LabelledSet& set) {
  const Manifest& manifest = set.manifest();
  if (manifest.sequences.empty()) {
    throw BadInput(fmt::format("the data set {} holds no sequence", set.folder().string()));
  }
  DataSetStatistics statistics;
  statistics.layout = set.layout();
  statistics.folder = set.folder().string();
  statistics.dataset_id = manifest.dataset_id;
  statistics.program_version = manifest.program_version;
  statistics.mask_convention = manifest.mask_convention;
  statistics.seed = manifest.seed;
  statistics.scr_mode = ScrModeOf(manifest);

  std::int64_t frames = 0;
  for (const ManifestSequence& sequence : manifest.sequences) frames += sequence.frames;
  Progress progress("measuring", frames, "frames");
  for (const ManifestSequence& sequence : manifest.sequences) {
    std::vector<TargetStatistics> targets;
    SequenceStatistics described = InContext(fmt::format("sequence {}", sequence.name),
                                             [&] { return MeasureSequence(set, sequence, progress, targets); });
    for (TargetStatistics& target : targets) target.sequence = statistics.sequences.size();
    statistics.sequences.push_back(std::move(described));
    std::move(targets.begin(), targets.end(), std::back_inserter(statistics.targets));
  }
  return statistics;
}

}  // namespace mirst
