#include "datasets/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/error.h"
#include "core/parallel.h"

namespace mirst {
namespace {

std::vector<Annotation> SeenTargets(const FrameAnnotation& frame) {
  std::vector<Annotation> seen = frame.targets;
  std::erase_if(seen, [](const Annotation& target) { return !target.seen(); });
  return seen;
}

const FrameAnnotation& MiddleFrame(const std::vector<FrameAnnotation>& frames) {
  const auto middle = std::ssize(frames) / 2;
  const auto rank = [&](const FrameAnnotation& frame) {
    return std::pair(SeenTargets(frame).empty(), std::abs(&frame - frames.data() - middle));
  };
  return *std::min_element(frames.begin(), frames.end(),
                           [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

Card CardOf(const SampleStoreReader& reader, const ManifestSequence& sequence) {
  const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(sequence);
  if (annotations.empty()) throw BadInput(fmt::format("the sequence {} has no frame", sequence.name));
  const FrameAnnotation& annotation = MiddleFrame(annotations);
  LabelledFrame labelled = reader.ReadLabelledFrame(sequence, annotation);
  Card card;
  card.title = fmt::format("{} ({})", sequence.name, sequence.split);
  card.focus_xy = {labelled.frame.pixels.width() / 2.0, labelled.frame.pixels.height() / 2.0};
  card.frame = std::move(labelled.frame.pixels);
  card.outlines = {{std::move(labelled.mask), kGreen}};
  if (labelled.ignore) card.outlines.push_back({std::move(*labelled.ignore), kYellow});
  const std::vector<Annotation> targets = SeenTargets(annotation);
  for (const Decoy& decoy : annotation.decoys) card.marks.push_back({decoy.box, kRed});
  for (const Annotation& target : targets) card.marks.push_back({target.box, kGreen});
  if (targets.empty()) {
    card.lines = {"no target"};
  } else {
    const Annotation& target = targets.front();
    card.focus_xy = target.centroid_xy;
    const auto scr = target.scr.find("box20");
    card.lines.push_back(targets.size() == 1 ? target.class_name
                                             : fmt::format("{}, {} more", target.class_name, targets.size() - 1));
    card.lines.push_back(fmt::format(
        "{}, {} px", scr == target.scr.end() ? "SCR unknown" : fmt::format("SCR {:.2f}", scr->second), target.area_px));
  }
  card.lines.push_back(fmt::format("frame {} of {}", annotation.index + 1, annotations.size()));
  card.lines.push_back(fmt::format("{} x {} px, {} bit", sequence.width, sequence.height, sequence.bit_depth));
  card.lines.push_back(sequence.background.source);
  return card;
}

}  // namespace

Image<Rgb> DrawPreview(const SampleStoreReader& reader, int sequences) {
  const Manifest& manifest = reader.manifest();
  if (manifest.sequences.empty()) throw BadInput(fmt::format("{} holds no sequence", reader.folder().string()));
  const std::size_t count = manifest.sequences.size(),
                    chosen = std::min(count, static_cast<std::size_t>(std::max(1, sequences)));
  std::vector<Card> cards(chosen);
  ParallelFor(chosen, [&](std::size_t i) {
    cards[i] = CardOf(reader, manifest.sequences[(2 * i + 1) * count / (2 * chosen)]);
  });
  const std::string shown =
      chosen == count ? fmt::format("{} sequences", count) : fmt::format("{} of {} sequences", chosen, count);
  return DrawContactSheet(
      fmt::format("Data set {:.12}: {}, seed {}", manifest.dataset_id, shown, manifest.seed), cards,
      {{kGreen, "target (box; outline of its mask)"},
       {kRed, "decoy"},
       {{}, fmt::format("right: {} x enlarged, stretched to its own range; SCR by box20", kEnlargement)}});
}

}  // namespace mirst
