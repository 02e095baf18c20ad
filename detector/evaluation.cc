#include "detector/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/contact_sheet.h"
#include "detector/frame_blocks.h"
#include "detector/frame_scores.h"
#include "detector/point_scores.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

const Mask* Pointer(const std::optional<Mask>& mask) { return mask ? &*mask : nullptr; }

/// The truth of one frame with its masks by the second convention, where there is one.
struct ConventionTruth {
  Mask other_mask;
  std::vector<Box> loose_boxes;
  FrameTruth truth;

  ConventionTruth(const TruthSequence& sequence, std::size_t frame, const TruthImages& images,
                  const MaskConvention* convention) {
    truth.masks = {&images.mask};
    if (convention != nullptr) {
      other_mask = MaskOf(*images.coverage, *convention);
      truth.masks.push_back(&other_mask);
    }
    truth.ignore = Pointer(images.ignore);
    if (sequence.boxes) {
      for (const FileBox& box : (*sequence.boxes)[frame]) loose_boxes.push_back({box.x, box.y, box.width, box.height});
      truth.loose_boxes = &loose_boxes;
    }
    if (!sequence.annotations.empty()) truth.annotation = &sequence.annotations[frame];
  }
  ConventionTruth(const ConventionTruth&) = delete;
  ConventionTruth& operator=(const ConventionTruth&) = delete;
};

/// A curve that several threads fill, each its own part.
class SharedCurve {
 public:
  SharedCurve() { Divide(); }
  RocCurve& PartOf(std::size_t worker) { return parts_[worker]; }
  /// Between blocks: what the parts keep must not add up.
  void JoinFullParts() {
    const auto is_full = [](const RocCurve& part) { return part.kept() > kMostKept; };
    if (std::any_of(parts_.begin(), parts_.end(), is_full)) Join();
  }
  RocCurve& Join() {
    for (const RocCurve& part : parts_) curve_.Merge(part);
    Divide();
    return curve_;
  }

 private:
  static constexpr std::size_t kMostKept = std::size_t{1} << 20;  ///< 4 MiB
  void Divide() { parts_.assign(static_cast<std::size_t>(ThreadCount()), curve_.Part()); }

  RocCurve curve_;
  std::vector<RocCurve> parts_;
};

std::vector<MaskRule> RulesFromValidation(const TruthSet& validation, const std::string& id, MapSource& maps,
                                          const std::vector<double>& rates) {
  Progress progress(fmt::format("{} on {}", id, validation.split), validation.frames(), "frames");
  SharedCurve roc;
  ForBlocks(
      validation, maps, progress,
      [&](ScoredFrame& frame, std::size_t worker) {
        roc.PartOf(worker).AddGuarded(frame.scores, frame.truth.mask, Pointer(frame.truth.ignore), kShootingFalsePx);
      },
      [&](std::vector<ScoredFrame>&) { roc.JoinFullParts(); });
  std::vector<MaskRule> rules;
  for (const double rate : rates) {
    rules.push_back(
        {roc.Join().ThresholdAtFalsePixelRate(rate), fmt::format("Fa (P2) = {:g} on {}", rate, validation.split), {}});
  }
  return rules;
}

class Scorer {
 public:
  Scorer(const TruthSet& truth, Contender& contender, const MaskConvention* convention, int pictures)
      : truth_(truth), contender_(contender), convention_(convention) {
    std::vector<std::string> ids = {truth.mask_convention.empty() ? "as written" : truth.mask_convention};
    if (convention != nullptr) ids.push_back(convention->Id());
    for (const MaskRule& rule : contender.rules) points_.emplace_back(rule, ids);
    const auto shown = static_cast<std::size_t>(std::max(0, pictures));
    for (const std::size_t sequence : EvenlySpread(truth.sequences.size(), shown)) pictures_[sequence];
  }

  std::pair<DetectorScores, std::vector<DetectionPicture>> Run() {
    contender_.maps ? ScoreMaps() : ScoreBoxes();
    DetectorScores result;
    result.id = contender_.id;
    result.training = contender_.training;
    for (PointScores& point : points_) result.points.push_back(point.Finish());
    if (contender_.maps) {
      RocCurve& roc = roc_.Join();
      result.auc = roc.Auc();
      result.pr_auc = roc.PrAuc();
      result.truth_px = roc.truth_px();
      result.background_px = roc.background_px();
      result.roc = roc.Points();
      result.notes = contender_.maps->Notes();
    } else {
      result.notes = {"boxes: no scores of pixels (IoU, Fa_px, P2, ROC); Fa is the area of boxes"};
    }
    std::vector<DetectionPicture> pictures;
    for (auto& [sequence, picture] : pictures_) {
      if (contender_.maps) pictures.push_back(std::move(picture.picture));
    }
    return {std::move(result), std::move(pictures)};
  }

 private:
  struct Candidate {
    std::size_t distance = std::numeric_limits<std::size_t>::max();  ///< in frames from the middle of its sequence
    DetectionPicture picture;
  };

  void ScoreMaps() {
    MapSource* const of_background =
        contender_.maps->needs_images() ? contender_.maps.get() : contender_.background_maps.get();
    TruthSet pairs;
    for (const TruthSequence& sequence : truth_.sequences) {
      if (of_background != nullptr && HasPairs(sequence)) pairs.sequences.push_back(sequence);
    }
    {
      Progress progress(contender_.id, truth_.frames(), "frames");
      ForBlocks(
          truth_, *contender_.maps, progress,
          [&](ScoredFrame& frame, std::size_t worker) {
            roc_.PartOf(worker).Add(frame.scores, frame.truth.mask, Pointer(frame.truth.ignore));
            Score(frame);
          },
          [&](std::vector<ScoredFrame>& block) {
            roc_.JoinFullParts();
            for (ScoredFrame& frame : block) {
              Keep(frame, of_background != nullptr);
              KeepForPicture(frame);
            }
          });
    }
    if (pairs.sequences.empty()) return;
    for (TruthSequence& sequence : pairs.sequences) {
      for (TruthFrame& frame : sequence.frames) frame.image = frame.background, frame.coverage.clear();
    }
    Progress progress(fmt::format("{} without targets", contender_.id), pairs.frames(), "frames");
    ForBlocks(
        pairs, *of_background, progress, [&](ScoredFrame& frame, std::size_t) { ScoreWithoutTargets(frame); },
        [&](std::vector<ScoredFrame>& block) {
          for (const ScoredFrame& frame : block) {
            for (std::size_t point = 0; point < points_.size(); ++point)
              points_[point].AddWithout(frame.results[point].conventions.front().score);
          }
        });
  }

  void Score(ScoredFrame& frame) const {
    const ConventionTruth truth(truth_.sequences[frame.sequence], frame.frame, frame.truth, convention_);
    // The same random places for every detector and rule.
    const RandomStream random({.seed = 0,
                               .sequence = static_cast<std::uint32_t>(frame.sequence),
                               .frame = static_cast<std::uint32_t>(frame.frame),
                               .purpose = Purpose::kChanceTruth});
    for (const MaskRule& rule : contender_.rules) {
      const Mask above = rule.Apply(frame.scores);
      const std::optional<Mask> inclusive = rule.Inclusive(frame.scores, above);
      frame.results.push_back(ScoreMasks(above, Pointer(inclusive), frame.scores, truth.truth, random));
    }
  }

  void Keep(const ScoredFrame& frame, bool has_background) {
    const TruthSequence& sequence = truth_.sequences[frame.sequence];
    for (std::size_t point = 0; point < points_.size(); ++point) {
      points_[point].Add(sequence, frame.frame, frame.results[point]);
      if (has_background && HasPairs(sequence))
        points_[point].AddWithTargets(frame.results[point].conventions.front().score);
    }
  }

  /// The detector on the same frame without targets, against the same truth.
  void ScoreWithoutTargets(ScoredFrame& frame) const {
    for (const MaskRule& rule : contender_.rules) {
      const FrameScore found = ScoreFrame(rule.Apply(frame.scores), frame.truth.mask, Pointer(frame.truth.ignore));
      frame.results.push_back({{{found, {}, {}, {}}}, {}, {}});
    }
  }

  /// The frame with a target nearest to the middle of its sequence; the middle frame where there is none.
  void KeepForPicture(ScoredFrame& frame) {
    const auto shown = pictures_.find(frame.sequence);
    if (shown == pictures_.end()) return;
    const TruthSequence& sequence = truth_.sequences[frame.sequence];
    const std::size_t frames = sequence.frames.size(), middle = frames / 2;
    std::size_t distance = std::max(frame.frame, middle) - std::min(frame.frame, middle);
    if (distance >= shown->second.distance) return;
    if (CountPixels(frame.truth.mask) == 0) distance += frames;
    if (distance >= shown->second.distance) return;
    shown->second.distance = distance;
    shown->second.picture = {sequence.name,
                             sequence.frames[frame.frame].name,
                             sequence.mean_scr,
                             ReadTruth(sequence.frames[frame.frame], WithImage::kYes).counts,
                             contender_.rules.front().Apply(frame.scores),
                             frame.truth.mask,
                             frame.truth.ignore};
    if (shown->second.picture.counts.empty()) shown->second.picture.counts = std::move(frame.scores);
  }

  void ScoreBoxes() {
    Progress progress(contender_.id, truth_.frames(), "frames");
    for (const TruthSequence& sequence : truth_.sequences) {
      std::vector<std::string> names;
      for (const TruthFrame& frame : sequence.frames) names.push_back(frame.name);
      const auto boxes = ReadBoxes(contender_.boxes, sequence.name, names);
      if (!boxes) {
        throw BadInput(fmt::format("{} has no boxes of the sequence {} ({}.csv or .json)", contender_.boxes.string(),
                                   sequence.name, sequence.name));
      }
      std::vector<std::vector<FrameResult>> results(names.size());
      ParallelFor(names.size(), [&](std::size_t i) {
        const TruthImages images = ReadTruth(sequence.frames[i], WithImage::kNo);
        const ConventionTruth truth(sequence, i, images, convention_);
        for (const MaskRule& rule : contender_.rules) {
          std::vector<DetectedObject> found;
          for (const FileBox& box : (*boxes)[i]) {
            if (box.score > static_cast<double>(rule.threshold.value_or(0.5F)))
              found.push_back(ObjectOf({box.x, box.y, box.width, box.height}, box.score));
          }
          results[i].push_back(ScoreDetectedBoxes(found, truth.truth));
        }
      });
      for (std::size_t i = 0; i < names.size(); ++i) {
        for (std::size_t point = 0; point < points_.size(); ++point) points_[point].Add(sequence, i, results[i][point]);
      }
      progress.Advance(std::ssize(names));
    }
  }

  const TruthSet& truth_;
  Contender& contender_;
  const MaskConvention* convention_;
  std::map<std::size_t, Candidate> pictures_;  // by sequence
  std::vector<PointScores> points_;
  SharedCurve roc_;
};

/// What the truth does not tell, and what is missing for it.
std::vector<std::string> AbsentFrom(const TruthSet& truth, bool has_coverage) {
  bool pairs = false, sources = true, targets = false, dprime = false;
  for (const TruthSequence& sequence : truth.sequences) {
    pairs = pairs || HasPairs(sequence);
    sources = sources && !sequence.source.empty();
    for (const FrameAnnotation& frame : sequence.annotations) {
      for (const Annotation& target : frame.targets) {
        targets = true;
        dprime = dprime || target.dprime.has_value();
      }
    }
  }
  std::vector<std::string> absent;
  if (!has_coverage) absent.push_back("no coverage: one mask convention only");
  if (!pairs) absent.push_back("no pairs (background/): no causal Pd");
  if (!sources) absent.push_back("no background sources: no intervals");
  if (!targets) absent.push_back("no annotated targets: no Pd by SCR, size, speed or class");
  if (targets && !dprime) absent.push_back("no dprime annotated: no Pd(d') and no efficiency");
  return absent;
}

bool HasCoverage(const TruthSet& truth) {
  return std::all_of(truth.sequences.begin(), truth.sequences.end(), [](const TruthSequence& sequence) {
    return std::none_of(sequence.frames.begin(), sequence.frames.end(),
                        [](const TruthFrame& frame) { return frame.coverage.empty(); });
  });
}

}  // namespace

std::string MaskRule::Text() const {
  return threshold ? fmt::format("score > {:.6g}", *threshold) : Describe(segmentation);
}

Mask MaskRule::Apply(ImageView<const float> scores) const {
  return threshold ? ThresholdMask(scores, *threshold) : Segment(scores, segmentation);
}

std::optional<Mask> MaskRule::Inclusive(const Image<float>& scores, const Mask& above) const {
  const double least = threshold ? static_cast<double>(*threshold) : SegmentationThreshold(scores, segmentation);
  if (!threshold && !(least > 0)) return std::nullopt;  // an empty map predicts nothing
  const auto limit = static_cast<float>(least);
  if (static_cast<double>(limit) != least) return std::nullopt;  // no score can equal it
  // Rarely any: first a sum over all, at which compilers look at several pixels at once.
  std::size_t equal = 0;
  for (const float score : scores) equal += static_cast<std::size_t>(score == limit);
  if (equal == 0) return std::nullopt;
  Mask mask = above;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores.data()[i] == limit) mask.data()[i] = 255;
  }
  return mask;
}

EvaluationResult Evaluate(const TruthSet& truth, const TruthSet* validation, std::vector<Contender> contenders,
                          const EvaluateOptions& options) {
  EvaluationResult result;
  Evaluation& scores = result.scores;
  scores.folder = truth.folder.string();
  scores.dataset_id = truth.dataset_id;
  scores.split = truth.split;
  scores.mask_convention = truth.mask_convention;
  scores.sequences = std::ssize(truth.sequences);
  scores.frames = truth.frames();
  const bool has_coverage = HasCoverage(truth);
  scores.absent = AbsentFrom(truth, has_coverage);
  for (const Contender& contender : contenders) {
    if (contender.maps) contender.maps->Check(truth);
    if (contender.background_maps) contender.background_maps->Check(truth);
    if (contender.validation_maps && validation != nullptr) contender.validation_maps->Check(*validation);
  }
  for (Contender& contender : contenders) {
    MapSource* const on_validation =
        contender.maps && contender.maps->needs_images() ? contender.maps.get() : contender.validation_maps.get();
    if (validation != nullptr && on_validation != nullptr) {
      for (MaskRule& rule : RulesFromValidation(*validation, contender.id, *on_validation, options.validation_fa))
        contender.rules.push_back(std::move(rule));
      scores.validation_split = validation->split;
      scores.validation_sequences = std::ssize(validation->sequences);
      scores.validation_frames = validation->frames();
      scores.validation_fa = options.validation_fa;
    }
    auto [detector, pictures] =
        Scorer(truth, contender, has_coverage ? &options.convention : nullptr, options.pictures).Run();
    scores.detectors.push_back(std::move(detector));
    result.pictures.push_back(std::move(pictures));
  }
  return result;
}

}  // namespace mirst
