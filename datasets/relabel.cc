#include "datasets/relabel.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/version.h"
#include "datasets/background_frames.h"
#include "datasets/measure_label.h"
#include "metrics/scr.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

// The coverage of each target, 0 ... 1, in the order of the annotations.
std::vector<Image<float>> SplitCoverage(const LabelledFrame& frame) {
  const std::vector<Annotation>& targets = frame.annotation.targets;
  const int height = frame.coverage.height(), width = frame.coverage.width();
  std::vector<Image<float>> parts(targets.size(), Image<float>(height, width));
  std::vector<std::vector<std::pair<int, int>>> pixels(targets.size());  // of the former masks, (y, x)
  for (std::size_t t = 0; t < targets.size(); ++t) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (frame.mask(y, x) > 127 && (!frame.instance || (*frame.instance)(y, x) == targets[t].id))
          pixels[t].emplace_back(y, x);
      }
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (frame.coverage(y, x) == 0) continue;
      std::size_t nearest = targets.size();
      int least = std::numeric_limits<int>::max();
      for (std::size_t t = 0; t < targets.size(); ++t) {
        for (const auto& [row, column] : pixels[t]) {
          const int distance = (y - row) * (y - row) + (x - column) * (x - column);
          if (distance < least || (distance == least && targets[t].id < targets[nearest].id)) {
            least = distance;
            nearest = t;
          }
        }
      }
      if (nearest < targets.size()) parts[nearest](y, x) = static_cast<float>(frame.coverage(y, x) / 65535.0);
    }
  }
  return parts;
}

Mask MaskBy(const RelabelRule& rule, const Image<float>& coverage) {
  if (rule.convention) return MaskOf(coverage, *rule.convention);
  Mask mask(coverage.height(), coverage.width());
  const float peak = *std::max_element(coverage.begin(), coverage.end());
  std::transform(coverage.begin(), coverage.end(), mask.begin(),
                 [peak](float value) -> std::uint8_t { return peak > 0 && 2 * value >= peak ? 255 : 0; });
  return mask;
}

void Measure(Annotation& target, const Mask& own, const LabelledFrame& frame, const Image<float>* background) {
  const int former_area_px = target.area_px;
  MeasureLabel({frame.frame.pixels, own, frame.mask}, background, Box20Rule::ForBitDepth(frame.frame.bit_depth),
               target);
  target.scr_float.clear();
  std::erase_if(target.flags, [](const Flag& flag) { return flag.name == "former_mask"; });
  if (background == nullptr) target.flags.push_back({"former_mask", static_cast<double>(former_area_px)});
}

RelabelReport Write(const SampleStoreReader& reader, const RelabelRule& rule, const fs::path& folder,
                    Existing existing) {
  std::uintmax_t bytes = 0;
  std::int64_t frames = 0;
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    frames += sequence.frames;
    bytes += static_cast<std::uintmax_t>(sequence.frames) * static_cast<std::uintmax_t>(sequence.width) *
             static_cast<std::uintmax_t>(sequence.height) * (sequence.bit_depth > 8 ? 2 : 1);
  }
  SampleStoreWriter writer(folder, existing, bytes);
  Progress progress("relabel", frames, "frames");
  RelabelReport report;
  report.frames = frames;
  for (const ManifestSequence& sequence : reader.manifest().sequences) {
    InContext(fmt::format("sequence {}", sequence.name), [&] {
      const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(sequence);
      const BackgroundFrames backgrounds = ReadBackgroundFrames(reader, sequence, annotations);
      if (backgrounds.frames.empty()) ++report.without_background;
      Sample sample;
      sample.name = sequence.name;
      sample.frames.resize(annotations.size());
      ParallelFor(annotations.size(), [&](std::size_t i) {
        InContext(fmt::format("frame {}", annotations[i].frame), [&] {
          sample.frames[i] = reader.ReadLabelledFrame(sequence, annotations[i]);
          Relabel(sample.frames[i], rule, backgrounds.frames.empty() ? nullptr : &backgrounds.frames[i]);
        });
        progress.Advance();
      });
      for (std::size_t i = 0; i < annotations.size(); ++i) {
        for (const Annotation& target : annotations[i].targets) report.former_px += target.area_px;
        for (const Annotation& target : sample.frames[i].annotation.targets) {
          report.px += target.area_px;
          ++report.targets;
        }
      }
      writer.WriteSequence(sample);
    });
  }
  Manifest manifest = reader.manifest();
  manifest.mask_convention = rule.Id();
  manifest.program_version = ProgramVersion();
  manifest.program_git = GitRevision();
  report.dataset_id = writer.Finish(std::move(manifest));
  return report;
}

}  // namespace

std::string RelabelRule::Id() const { return convention ? convention->Id() : "half_max"; }

RelabelRule ParseRelabelRule(std::string_view id) {
  if (id == "half_max") return {};
  try {
    return {ParseMaskConvention(id)};
  } catch (const Error&) {
    throw UsageError(
        fmt::format("the mask convention is '{}', allowed: half_max, coverage:T and energy:T with T in (0, 1]", id));
  }
}

void Relabel(LabelledFrame& frame, const RelabelRule& rule, const Image<float>* background) {
  std::vector<Annotation>& targets = frame.annotation.targets;
  const bool shown = std::any_of(targets.begin(), targets.end(), [](const Annotation& t) { return t.area_px > 0; });
  if (!shown) return;
  if (frame.coverage.empty()) {
    throw BadInput(fmt::format("coverage/ holds no {}: without it no mask can be made again", frame.annotation.frame));
  }
  const std::vector<Image<float>> parts = SplitCoverage(frame);
  frame.mask.Fill(0);
  if (frame.instance) frame.instance->Fill(0);
  std::vector<Mask> masks;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    masks.push_back(MaskBy(rule, parts[t]));
    if (targets[t].area_px == 0) continue;  // hidden
    if (CountPixels(masks[t]) == 0) {
      throw BadInput(
          fmt::format("{} leaves target {} without a pixel (its largest coverage is {:.3f}): choose a "
                      "smaller share, energy:T or half_max",
                      rule.Id(), targets[t].id, *std::max_element(parts[t].begin(), parts[t].end())));
    }
    for (std::size_t i = 0; i < masks[t].size(); ++i) {
      if (masks[t].data()[i] <= 127) continue;
      frame.mask.data()[i] = 255;
      if (frame.instance) frame.instance->data()[i] = static_cast<std::uint16_t>(targets[t].id);
    }
  }
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (targets[t].area_px > 0) Measure(targets[t], masks[t], frame, background);
  }
}

RelabelReport RelabelDataSet(const SampleStoreReader& reader, const RelabelRule& rule, const fs::path& folder,
                             Existing existing) {
  std::error_code ignored;
  const bool existed = fs::exists(folder, ignored);
  try {
    return Write(reader, rule, folder, existing);
  } catch (...) {
    if (!existed) fs::remove_all(folder, ignored);
    throw;
  }
}

RelabelReport RelabelInPlace(const fs::path& folder, const RelabelRule& rule) {
  const fs::path fresh = folder / ".relabel";
  std::error_code ignored;
  fs::remove_all(fresh, ignored);  // of a run that was killed
  const RelabelReport report = RelabelDataSet(SampleStoreReader(folder), rule, fresh, Existing::kRefuse);
  try {
    fs::remove(folder / "manifest.json");
    std::vector<fs::path> parts;
    for (const fs::directory_entry& entry : fs::directory_iterator(fresh)) parts.push_back(entry.path().filename());
    std::sort(parts.begin(), parts.end());
    for (const fs::path& part : parts) {
      if (part == "manifest.json") continue;
      fs::remove_all(folder / part);
      fs::rename(fresh / part, folder / part);
    }
    fs::rename(fresh / "manifest.json", folder / "manifest.json");
    fs::remove_all(fresh);
  } catch (const fs::filesystem_error& error) {
    throw BadInput(fmt::format("cannot move the new labels into {}: {}; a whole set lies in {} and {} together",
                               folder.string(), error.code().message(), folder.string(), fresh.string()));
  }
  return report;
}

}  // namespace mirst
