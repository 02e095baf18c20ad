// The half of statistics.h that reads a data set: every frame is measured again and held against its annotation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/statistics.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

Mask OwnPixels(const LabelledFrame& labelled, int id) {
  Mask own = labelled.mask;
  if (!labelled.instance) return own;
  std::transform(own.begin(), own.end(), labelled.instance->begin(), own.begin(),
                 [id](std::uint8_t inside, std::uint16_t instance) -> std::uint8_t {
                   return inside > 127 && instance == id ? 255 : 0;
                 });
  return own;
}

void RequireHidden(const LabelledFrame& labelled, const Annotation& annotation) {
  if (annotation.visibility > 0) throw BadInput("it is annotated as seen, but without any pixel");
  const std::int64_t pixels = CountPixels(OwnPixels(labelled, annotation.id));
  if (pixels > 0) throw BadInput(fmt::format("its annotation says that it is hidden, the mask holds {} px", pixels));
}

TargetStatistics MeasureTarget(const LabelledFrame& labelled, const Annotation& annotation) {
  const Mask own = OwnPixels(labelled, annotation.id);
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
  const ScrMeasurement measured =
      MeasureBox20(frame.pixels, own, labelled.mask, Box20Rule::ForBitDepth(frame.bit_depth));
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
  target.polarity = annotation.polarity;
  target.scr_id = annotation.scr_id;
  target.scr_requested = annotation.scr_requested;
  if (annotated != annotation.scr.end()) target.scr_annotated = annotated->second;
  target.scr_measured = measured.scr;
  target.sigma_b = measured.sigma_background;
  target.scr_empty = annotation.scr_empty;
  target.scr_delta = annotation.scr_delta;
  target.rounding_bound = 1.0 / (2.0 * static_cast<double>(pixels) * measured.sigma_background);
  target.speed_px_per_frame = std::hypot(annotation.velocity_px_per_frame.x, annotation.velocity_px_per_frame.y);
  target.flags = annotation.flags;
  return target;
}

/// Images, masks and annotations must name the same frames: a file too many is as wrong as one too few.
void CheckFrameNames(const SampleStoreReader& reader, const ManifestSequence& sequence,
                     const std::vector<FrameAnnotation>& annotations) {
  const auto names_in = [&](std::string_view kind) {
    std::set<std::string> names;
    for (const auto& path : ListFiles(reader.folder() / kind / sequence.name)) names.insert(path.filename().string());
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

std::vector<TargetStatistics> MeasureSequence(const SampleStoreReader& reader, const ManifestSequence& sequence,
                                              Progress& progress) {
  const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(sequence);
  CheckFrameNames(reader, sequence, annotations);
  std::vector<std::vector<TargetStatistics>> by_frame(annotations.size());
  ParallelFor(annotations.size(), [&](std::size_t i) {
    by_frame[i] = InContext(fmt::format("frame {}", annotations[i].frame),
                            [&] { return MeasureTargets(reader.ReadLabelledFrame(sequence, annotations[i])); });
    progress.Advance();
  });
  std::vector<TargetStatistics> targets;
  for (auto& frame : by_frame) std::move(frame.begin(), frame.end(), std::back_inserter(targets));
  return targets;
}

std::string ScrModeOf(const Manifest& manifest) {
  const Json config = ParseJson(manifest.config_json);
  return GetOr<std::string>(GetOr<Json>(config, "scr", Json::object()), "mode", "");
}

}  // namespace

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

DataSetStatistics MeasureDataSet(const SampleStoreReader& reader) {
  const Manifest& manifest = reader.manifest();
  if (manifest.sequences.empty()) {
    throw BadInput(fmt::format("the data set {} holds no sequence", reader.folder().string()));
  }
  DataSetStatistics statistics;
  statistics.folder = reader.folder().string();
  statistics.dataset_id = manifest.dataset_id;
  statistics.program_version = manifest.program_version;
  statistics.mask_convention = manifest.mask_convention;
  statistics.seed = manifest.seed;
  statistics.scr_mode = ScrModeOf(manifest);

  std::int64_t frames = 0;
  for (const ManifestSequence& sequence : manifest.sequences) frames += sequence.frames;
  Progress progress("measuring", frames, "frames");
  for (const ManifestSequence& sequence : manifest.sequences) {
    std::vector<TargetStatistics> targets = InContext(fmt::format("sequence {}", sequence.name),
                                                      [&] { return MeasureSequence(reader, sequence, progress); });
    for (TargetStatistics& target : targets) target.sequence = statistics.sequences.size();
    statistics.sequences.push_back(DescribeSequence(sequence, targets));
    std::move(targets.begin(), targets.end(), std::back_inserter(statistics.targets));
  }
  return statistics;
}

}  // namespace mirst
