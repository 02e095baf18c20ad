#include "generator/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "generator/audit_checks.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

constexpr double kCorrelationLimit = 0.1;
constexpr int kLeastFrames = 8;  // of a track, for a correlation

double Correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;  // what never changes follows nothing
}

struct MeanAndError {
  double mean = 0, error = 0;
};
MeanAndError MeanOf(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  MeanAndError result;
  for (const double value : values) result.mean += value / n;
  for (const double value : values)
    result.error += (value - result.mean) * (value - result.mean) / (n * std::max(1.0, n - 1));
  result.error = std::sqrt(result.error);
  return result;
}

AuditSequence Load(const SampleStoreReader& reader, const ManifestSequence& entry,
                   std::optional<TargetRedraw>& redraw) {
  AuditSequence sequence;
  sequence.entry = &entry;
  const std::vector<FrameAnnotation> annotations = reader.ReadAnnotations(entry);
  sequence.frames.resize(annotations.size());
  ParallelFor(annotations.size(),
              [&](std::size_t i) { sequence.frames[i] = reader.ReadLabelledFrame(entry, annotations[i]); });
  sequence.backgrounds = ReadBackgroundFrames(reader, entry, annotations);
  if (!redraw) return sequence;
  sequence.scene_radius_px = redraw->options().fusion.scene_radius_px;
  sequence.coded = redraw->options().codec.enabled;
  for (const LabelledFrame& frame : sequence.frames) {
    std::vector<std::optional<RedrawnTarget>> targets;
    for (const Annotation& target : frame.annotation.targets) targets.push_back(redraw->Draw(entry, target));
    sequence.redrawn.push_back(std::move(targets));
  }
  return sequence;
}

}  // namespace

std::string ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kOpen:
      return "open";
    case Verdict::kFail:
      return "fail";
    case Verdict::kSkipped:
      break;
  }
  return "skipped";
}

double MedianOf(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return 0.5 * (values[(values.size() - 1) / 2] + values[values.size() / 2]);
}

bool AuditReport::failed() const {
  return std::any_of(checks.begin(), checks.end(), [](const AuditCheck& c) { return c.verdict == Verdict::kFail; });
}

void UntouchedCheck::Add(const AuditSequence& sequence) {
  if (sequence.backgrounds.frames.empty()) {
    missing_ = sequence.backgrounds.origin;
    return;
  }
  if (sequence.coded) {
    missing_ = "a codec changes pixels beside the targets, too";
    return;
  }
  for (std::size_t k = 0; k < sequence.frames.size(); ++k) {
    const LabelledFrame& frame = sequence.frames[k];
    const Image<float>& background = sequence.backgrounds.frames[k];
    if (frame.coverage.empty() && !frame.annotation.targets.empty()) {
      missing_ = "no coverage/";
      continue;
    }
    ++frames_;
    for (std::size_t i = 0; i < background.size(); ++i) {
      if (!frame.coverage.empty() && frame.coverage.data()[i] != 0) continue;
      ++pixels_;
      const double difference =
          std::abs(static_cast<double>(frame.frame.pixels.data()[i]) - static_cast<double>(background.data()[i]));
      if (difference > 0) ++differing_;
      largest_ = std::max(largest_, difference);
    }
  }
}

AuditCheck UntouchedCheck::Finish() const {
  AuditCheck check{
      'a', "outside the templates the background is untouched", Verdict::kSkipped, "0 differing pixels", {}, missing_};
  check.numbers = {{"frames", static_cast<double>(frames_)},
                   {"pixels", static_cast<double>(pixels_)},
                   {"differing", static_cast<double>(differing_)},
                   {"largest_counts", largest_}};
  if (frames_ > 0) check.verdict = differing_ == 0 ? Verdict::kPass : Verdict::kFail;
  return check;
}

// The brightness of what was put in, a b0 + g m over a, is I - B + a S summed over the support over the sum of a.
void AmplitudeCheck::Add(const AuditSequence& sequence) {
  if (sequence.backgrounds.frames.empty() || sequence.redrawn.empty() || sequence.coded) return;
  std::map<int, std::array<std::vector<double>, 3>> tracks;
  std::map<int, int> polarity;
  for (std::size_t k = 0; k < sequence.frames.size(); ++k) {
    const LabelledFrame& frame = sequence.frames[k];
    const Image<float>& background = sequence.backgrounds.frames[k];
    for (std::size_t t = 0; t < frame.annotation.targets.size(); ++t) {
      const std::optional<RedrawnTarget>& drawn = sequence.redrawn[k][t];
      // A clipped target is as bright as the limits let it be.
      if (!drawn || frame.annotation.targets[t].FindFlag("clipped") != nullptr) continue;
      const auto parts = TakeApart(frame.frame.pixels, background, *drawn, sequence.scene_radius_px);
      if (!parts) continue;
      double sum = 0, weight = 0, window_sum = 0;
      for (std::size_t i = 0; i < drawn->opacity.size(); ++i) {
        sum += drawn->contrast.data()[i] + drawn->opacity.data()[i] * parts->reference_level;
        weight += drawn->opacity.data()[i];
      }
      const PixelBox window = Box20Window(frame.annotation.targets[t].box, background.height(), background.width());
      for (int y = window.y; y < window.bottom(); ++y) {
        for (int x = window.x; x < window.right(); ++x) window_sum += static_cast<double>(background(y, x));
      }
      polarity[frame.annotation.targets[t].id] = frame.annotation.targets[t].polarity;
      auto& [level, sigma, mean] = tracks[frame.annotation.targets[t].id];
      level.push_back(sum / weight);
      sigma.push_back(frame.annotation.targets[t].sigma_b);
      mean.push_back(window_sum / static_cast<double>(window.area()));
    }
  }
  for (const auto& [id, series] : tracks) {
    if (series[0].size() < kLeastFrames) continue;
    // The louder the clutter, the hotter the hot and the colder the cold: so it would be with the SCR held a frame.
    with_sigma_.push_back(polarity.at(id) * Correlation(series[0], series[1]));
    with_mean_.push_back(Correlation(series[0], series[2]));
  }
}

AuditCheck AmplitudeCheck::Finish() const {
  AuditCheck check{'g', "the targets' brightness does not follow the clutter", Verdict::kSkipped, "", {}, ""};
  check.limit = fmt::format("mean correlation within {} or three standard errors of 0", kCorrelationLimit);
  if (with_sigma_.size() < 2) {
    check.note = "it needs backgrounds, models and two targets of 8 frames, unclipped, and no codec";
    return check;
  }
  const MeanAndError sigma = MeanOf(with_sigma_), mean = MeanOf(with_mean_);
  check.numbers = {{"targets", static_cast<double>(with_sigma_.size())},
                   {"correlation_sigma_b", sigma.mean},
                   {"standard_error_sigma_b", sigma.error},
                   {"correlation_mu_b", mean.mean},
                   {"standard_error_mu_b", mean.error}};
  const auto within = [](const MeanAndError& m) {
    // Two errors would fail every tenth innocent set: there are two quantities.
    return std::abs(m.mean) <= std::max(kCorrelationLimit, 3 * m.error);
  };
  check.verdict = within(sigma) && within(mean) ? Verdict::kPass : Verdict::kFail;
  return check;
}

AuditReport Audit(const SampleStoreReader& reader, const AuditOptions& options) {
  const Manifest& manifest = reader.manifest();
  if (manifest.sequences.empty())
    throw BadInput(fmt::format("the data set {} holds no sequence", reader.folder().string()));
  const VideoGroups groups = ReadVideoGroups(options.groups);
  const std::vector<VideoPatch> real =
      options.real.empty() ? std::vector<VideoPatch>{} : RealPatches(options.real, groups);
  std::optional<TargetRedraw> redraw;
  CameraOptions camera;
  try {
    redraw.emplace(manifest);
    camera = redraw->options().camera;
  } catch (const Error&) {
    redraw.reset();  // a set of another program: the checks that need templates say so
  }
  UntouchedCheck untouched;
  CutoffCheck cutoff(camera);
  NoiseCheck noise;
  AmplitudeCheck amplitude;
  RealismCheck realism(groups);
  std::int64_t frames = 0;
  for (const ManifestSequence& entry : manifest.sequences) frames += entry.frames;
  {
    Progress progress("audit", frames, "frames");
    for (const ManifestSequence& entry : manifest.sequences) {
      InContext(fmt::format("sequence {}", entry.name), [&] {
        ThrowIfInterrupted();
        const AuditSequence sequence = Load(reader, entry, redraw);
        untouched.Add(sequence);
        cutoff.Add(sequence);
        noise.Add(sequence);
        amplitude.Add(sequence);
        realism.Add(sequence);
        progress.Advance(entry.frames);
      });
    }
  }
  const std::vector<AuditCheck> against_real = realism.Finish(real);
  return {reader.folder().string(),
          manifest.dataset_id,
          {untouched.Finish(), against_real[0], cutoff.Finish(), noise.Finish(), against_real[1], amplitude.Finish(),
           ReinsertionCheck(real)},
          options.patches ? realism.PatchTable(real) : std::string()};
}

}  // namespace mirst
