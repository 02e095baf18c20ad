#include "detector/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "detector/frame_scores.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

const Mask* Pointer(const std::optional<Mask>& mask) { return mask ? &*mask : nullptr; }

struct LoadedSequence {
  std::vector<Image<float>> counts;
  std::vector<Mask> masks;
  std::vector<std::optional<Mask>> ignored;
  std::vector<Mask> other_masks;              ///< by the second convention; empty where a frame has no coverage
  std::vector<std::vector<Box>> loose_boxes;  ///< empty where the truth has none
};

LoadedSequence Load(const TruthSequence& sequence, bool needs_images, WithImage with_image,
                    const MaskConvention* convention) {
  const std::size_t frames = sequence.frames.size();
  LoadedSequence loaded{
      std::vector<Image<float>>(frames), std::vector<Mask>(frames), std::vector<std::optional<Mask>>(frames), {}, {}};
  if (convention != nullptr) loaded.other_masks.resize(frames);
  ParallelFor(frames, [&](std::size_t i) {
    if (needs_images && sequence.frames[i].image.empty())
      throw BadInput(fmt::format("the mask {} has no image to look at", sequence.frames[i].mask.string()));
    TruthImages images = ReadTruth(sequence.frames[i], with_image);
    loaded.counts[i] = std::move(images.counts);
    loaded.masks[i] = std::move(images.mask);
    loaded.ignored[i] = std::move(images.ignore);
    if (convention != nullptr) loaded.other_masks[i] = MaskOf(*images.coverage, *convention);
  });
  if (sequence.boxes) {
    for (const std::vector<FileBox>& boxes : *sequence.boxes) {
      loaded.loose_boxes.emplace_back();
      for (const FileBox& box : boxes) loaded.loose_boxes.back().push_back({box.x, box.y, box.width, box.height});
    }
  }
  return loaded;
}

FrameTruth TruthOf(const TruthSequence& sequence, const LoadedSequence& loaded, std::size_t i) {
  FrameTruth truth;
  truth.masks = {&loaded.masks[i]};
  if (!loaded.other_masks.empty()) truth.masks.push_back(&loaded.other_masks[i]);
  truth.ignore = Pointer(loaded.ignored[i]);
  if (!loaded.loose_boxes.empty()) truth.loose_boxes = &loaded.loose_boxes[i];
  if (!sequence.annotations.empty()) truth.annotation = &sequence.annotations[i];
  return truth;
}

/// Calls visit(first frame, score maps) for the sequence's frames, some at a time.
template <class Visit>
void ForScores(const TruthSequence& sequence, const LoadedSequence& loaded, MapSource& maps, Progress& progress,
               const Visit& visit) {
  const std::size_t frames = sequence.frames.size(), block = 8 * static_cast<std::size_t>(ThreadCount());
  maps.Begin(sequence, loaded.counts);
  for (std::size_t first = 0; first < frames; first += block) {
    std::vector<Image<float>> scores;
    for (std::size_t i = first; i < std::min(first + block, frames); ++i) {
      ThrowIfInterrupted();
      InContext(fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[i].name), [&] {
        scores.push_back(maps.Next(i, loaded.counts[i]));
        const Image<float>& map = scores.back();
        if (map.height() != loaded.masks[i].height() || map.width() != loaded.masks[i].width()) {
          throw BadInput(fmt::format("the prediction is {} x {} px, the truth {} x {}", map.width(), map.height(),
                                     loaded.masks[i].width(), loaded.masks[i].height()));
        }
      });
      progress.Advance();
    }
    visit(first, scores);
  }
}

void AddToRoc(RocCurve& roc, const TruthSequence& sequence, const LoadedSequence& loaded, std::size_t first,
              const std::vector<Image<float>>& scores) {
  for (std::size_t i = 0; i < scores.size(); ++i) {
    InContext(fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[first + i].name),
              [&] { roc.Add(scores[i], loaded.masks[first + i], Pointer(loaded.ignored[first + i])); });
  }
}

std::vector<MaskRule> RulesFromValidation(const TruthSet& validation, const std::string& id, MapSource& maps,
                                          const std::vector<double>& rates) {
  Progress progress(fmt::format("{} on {}", id, validation.split), validation.frames(), "frames");
  RocCurve roc;
  for (const TruthSequence& sequence : validation.sequences) {
    const LoadedSequence loaded =
        Load(sequence, maps.needs_images(), maps.needs_images() ? WithImage::kYes : WithImage::kNo, nullptr);
    ForScores(sequence, loaded, maps, progress, [&](std::size_t first, const std::vector<Image<float>>& scores) {
      for (std::size_t i = 0; i < scores.size(); ++i) {
        InContext(fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[first + i].name), [&] {
          roc.AddGuarded(scores[i], loaded.masks[first + i], Pointer(loaded.ignored[first + i]), kShootingFalsePx);
        });
      }
    });
  }
  std::vector<MaskRule> rules;
  for (const double rate : rates) {
    rules.push_back(
        {roc.ThresholdAtFalsePixelRate(rate), fmt::format("Fa (P2) = {:g} on {}", rate, validation.split), {}});
  }
  return rules;
}

std::size_t PictureFrame(const LoadedSequence& loaded) {
  const std::size_t middle = loaded.masks.size() / 2;
  for (std::size_t distance = 0; distance < loaded.masks.size(); ++distance) {
    for (const std::size_t i :
         {middle - std::min(middle, distance), std::min(middle + distance, loaded.masks.size() - 1)}) {
      if (CountPixels(loaded.masks[i]) > 0) return i;
    }
  }
  return middle;
}

/// Indices of `wanted` of `count` sequences, evenly spread.
std::set<std::size_t> EvenlySpread(std::size_t count, int wanted) {
  std::set<std::size_t> indices;
  const std::size_t chosen = std::min(count, static_cast<std::size_t>(std::max(0, wanted)));
  for (std::size_t i = 0; i < chosen; ++i) indices.insert((2 * i + 1) * count / (2 * chosen));
  return indices;
}

/// What one operating point gathers, frame by frame in order.
class PointScores {
 public:
  PointScores(const MaskRule& rule, std::vector<std::string> conventions) : rule_(rule) {
    for (std::string& id : conventions) conventions_.push_back({std::move(id), {}, {}, {}, {}});
  }

  void Begin(const TruthSequence& sequence) {
    SequenceScore score;
    score.name = sequence.name;
    score.mean_scr = sequence.mean_scr;
    score.source = sequence.source;
    score.groups = Groups(sequence);
    for (Convention& convention : conventions_) {
      convention.sequences.push_back(score);
      convention.by_sequence.emplace_back();
    }
  }

  void Add(const TruthSequence& sequence, std::size_t frame, const FrameResult& result) {
    for (std::size_t i = 0; i < result.conventions.size(); ++i) {
      const ConventionFrame& found = result.conventions[i];
      Convention& convention = conventions_[i];
      convention.sequences.back().Add(found.score);
      for (std::size_t p = 0; p < found.protocols.size(); ++p) convention.by_sequence.back()[p] += found.protocols[p];
      convention.precision.Add(found.targets, found.predictions);
    }
    chance_.numerator += result.chance.numerator;
    chance_.denominator += result.chance.denominator;
    for (std::size_t t = 0; t < result.hits.size(); ++t) {
      if (!result.hits[t]) continue;
      const Annotation& target = sequence.annotations[frame].targets[t];
      const Vec2& velocity = target.velocity_px_per_frame;
      TargetRecord record{sequence.source, target.class_name, {}, target.area_px, std::hypot(velocity.x, velocity.y),
                          target.dprime,   *result.hits[t]};
      if (const auto scr = target.scr.find("box20"); scr != target.scr.end()) record.scr = scr->second;
      targets_.push_back(std::move(record));
    }
  }

  void AddPair(const FrameScore& with, const FrameScore& without) {
    if (!causal_) causal_.emplace();
    causal_->with_targets.numerator += with.matched;
    causal_->with_targets.denominator += with.targets;
    causal_->without.numerator += without.matched;
    causal_->without.denominator += without.targets;
  }

  OperatingPoint Finish() {
    OperatingPoint point;
    point.rule = rule_.Text();
    if (rule_.threshold) point.threshold = static_cast<double>(*rule_.threshold);
    point.origin = rule_.origin;
    point.report = Summarise(conventions_.front().sequences);
    for (Convention& convention : conventions_) point.conventions.push_back(ScoreOf(convention));
    for (const auto& [name, sums] : MetricSums(point.report.sequences)) {
      if (const auto interval = BootstrapRatio(sums)) point.intervals.emplace_back(name, *interval);
    }
    point.targets = std::move(targets_);
    point.chance = chance_;
    point.causal = causal_;
    return point;
  }

 private:
  struct Convention {
    std::string id;
    std::vector<SequenceScore> sequences;
    std::vector<FrameProtocols> by_sequence;
    AveragePrecision precision;
    FrameProtocols pooled;
  };

  static std::vector<std::string> Groups(const TruthSequence& sequence) {
    Mean area, speed;
    std::set<std::string> classes;
    for (const FrameAnnotation& frame : sequence.annotations) {
      for (const Annotation& target : frame.targets) {
        classes.insert(target.class_name);
        if (!target.seen()) continue;
        area.Add(target.area_px);
        speed.Add(std::hypot(target.velocity_px_per_frame.x, target.velocity_px_per_frame.y));
      }
    }
    return GroupsOf(area.value(), speed.value(), classes.size() == 1 ? *classes.begin() : "");
  }

  static ConventionScore ScoreOf(const Convention& convention) {
    ConventionScore result;
    result.mask_convention = convention.id;
    result.all = Summarise(convention.sequences).subsets.back();
    for (std::size_t p = 0; p < kProtocolIds.size(); ++p) {
      ProtocolScore score;
      score.protocol = kProtocolIds[p];
      std::vector<ClusterSum> pd, fa;
      for (std::size_t s = 0; s < convention.by_sequence.size(); ++s) {
        const ProtocolCounts& counts = convention.by_sequence[s][p];
        const std::string& source = convention.sequences[s].source;
        score.pooled += counts;
        score.pd_seq.Add(counts.pd().value());
        score.fa_seq.Add(counts.fa().value());
        pd.push_back({source, counts.pd().value().value_or(0), counts.pd().value() ? 1.0 : 0.0});
        fa.push_back({source, counts.fa().value().value_or(0), counts.fa().value() ? 1.0 : 0.0});
      }
      score.pd_seq_interval = BootstrapRatio(pd);
      score.fa_seq_interval = BootstrapRatio(fa);
      if (kProtocolIds[p] == "P4") score.average_precision = convention.precision.value();
      result.protocols.push_back(std::move(score));
    }
    return result;
  }

  MaskRule rule_;
  std::vector<Convention> conventions_;
  std::vector<TargetRecord> targets_;
  Ratio chance_;
  std::optional<CausalPd> causal_;
};

bool HasPairs(const TruthSequence& sequence) {
  return std::none_of(sequence.frames.begin(), sequence.frames.end(),
                      [](const TruthFrame& frame) { return frame.background.empty(); });
}

class Scorer {
 public:
  Scorer(const TruthSet& truth, Contender& contender, const MaskConvention* convention, int pictures)
      : truth_(truth),
        contender_(contender),
        convention_(convention),
        shown_(EvenlySpread(truth.sequences.size(), pictures)) {
    std::vector<std::string> ids = {truth.mask_convention.empty() ? "as written" : truth.mask_convention};
    if (convention != nullptr) ids.push_back(convention->Id());
    for (const MaskRule& rule : contender.rules) points_.emplace_back(rule, ids);
  }

  std::pair<DetectorScores, std::vector<DetectionPicture>> Run() {
    Progress progress(contender_.id, truth_.frames(), "frames");
    for (std::size_t s = 0; s < truth_.sequences.size(); ++s) {
      const TruthSequence& sequence = truth_.sequences[s];
      for (PointScores& point : points_) point.Begin(sequence);
      contender_.maps ? ScoreMapsOf(s, progress) : ScoreBoxesOf(sequence, progress);
      if (contender_.maps && HasPairs(sequence)) ScorePairs(s);
    }
    DetectorScores result;
    result.id = contender_.id;
    result.training = contender_.training;
    for (PointScores& point : points_) result.points.push_back(point.Finish());
    if (contender_.maps) {
      result.auc = roc_.Auc();
      result.pr_auc = roc_.PrAuc();
      result.truth_px = roc_.truth_px();
      result.background_px = roc_.background_px();
      result.roc = roc_.Points();
      result.notes = contender_.maps->Notes();
    } else {
      result.notes = {"boxes: no scores of pixels (IoU, Fa_px, P2, ROC); Fa is the area of boxes"};
    }
    return {std::move(result), std::move(kept_)};
  }

 private:
  void ScoreMapsOf(std::size_t s, Progress& progress) {
    const TruthSequence& sequence = truth_.sequences[s];
    const bool needs_images = contender_.maps->needs_images(), is_shown = shown_.contains(s);
    const LoadedSequence loaded =
        Load(sequence, needs_images, needs_images || is_shown ? WithImage::kYes : WithImage::kNo, convention_);
    const std::size_t picture = is_shown ? PictureFrame(loaded) : loaded.masks.size();
    ForScores(
        sequence, loaded, *contender_.maps, progress, [&](std::size_t first, const std::vector<Image<float>>& scores) {
          AddToRoc(roc_, sequence, loaded, first, scores);
          std::vector<FrameResult> results(scores.size() * points_.size());
          ParallelFor(results.size(), [&](std::size_t task) {
            const std::size_t i = task / points_.size(), frame = first + i;
            const MaskRule& rule = contender_.rules[task % points_.size()];
            const Mask above = rule.Apply(scores[i]);
            const std::optional<Mask> inclusive = rule.Inclusive(scores[i], above);
            // The same random places for every detector and rule.
            RandomStream random({.seed = 0,
                                 .sequence = static_cast<std::uint32_t>(s),
                                 .frame = static_cast<std::uint32_t>(frame),
                                 .purpose = Purpose::kChanceTruth});
            results[task] = ScoreMasks(above, Pointer(inclusive), scores[i], TruthOf(sequence, loaded, frame), random);
          });
          for (std::size_t task = 0; task < results.size(); ++task)
            points_[task % points_.size()].Add(sequence, first + task / points_.size(), results[task]);
          if (picture < first || picture >= first + scores.size()) return;
          const Image<float>& map = scores[picture - first];
          kept_.push_back({sequence.name, sequence.frames[picture].name, sequence.mean_scr,
                           loaded.counts[picture].empty() ? map : loaded.counts[picture],
                           contender_.rules.front().Apply(map), loaded.masks[picture], loaded.ignored[picture]});
        });
  }

  void ScoreBoxesOf(const TruthSequence& sequence, Progress& progress) {
    std::vector<std::string> names;
    for (const TruthFrame& frame : sequence.frames) names.push_back(frame.name);
    const auto boxes = ReadBoxes(contender_.boxes, sequence.name, names);
    if (!boxes) {
      throw BadInput(fmt::format("{} has no boxes of the sequence {} ({}.csv or .json)", contender_.boxes.string(),
                                 sequence.name, sequence.name));
    }
    const LoadedSequence loaded = Load(sequence, false, WithImage::kNo, convention_);
    for (std::size_t frame = 0; frame < names.size(); ++frame) {
      for (std::size_t rule = 0; rule < points_.size(); ++rule) {
        std::vector<DetectedObject> found;
        for (const FileBox& box : (*boxes)[frame]) {
          if (box.score > static_cast<double>(contender_.rules[rule].threshold.value_or(0.5F)))
            found.push_back(ObjectOf({box.x, box.y, box.width, box.height}, box.score));
        }
        points_[rule].Add(sequence, frame, ScoreDetectedBoxes(found, TruthOf(sequence, loaded, frame)));
      }
      progress.Advance();
    }
  }

  /// The detector on the frames and on the same frames without targets.
  void ScorePairs(std::size_t s) {
    MapSource* const maps = contender_.maps->needs_images() ? contender_.maps.get() : contender_.background_maps.get();
    if (maps == nullptr) return;
    const TruthSequence& sequence = truth_.sequences[s];
    TruthSequence background = sequence;
    for (TruthFrame& frame : background.frames) frame.image = frame.background;
    Progress progress(fmt::format("{} with and without targets", contender_.id), 2 * std::ssize(background.frames),
                      "frames");
    const auto scores_of = [&](const TruthSequence& shown, MapSource& source) {
      const bool needs_images = source.needs_images();
      const LoadedSequence loaded = Load(shown, needs_images, needs_images ? WithImage::kYes : WithImage::kNo, nullptr);
      std::vector<FrameScore> found(shown.frames.size() * points_.size());
      ForScores(shown, loaded, source, progress, [&](std::size_t first, const std::vector<Image<float>>& scores) {
        ParallelFor(scores.size() * points_.size(), [&](std::size_t task) {
          const std::size_t frame = first + task / points_.size();
          found[frame * points_.size() + task % points_.size()] =
              ScoreFrame(contender_.rules[task % points_.size()].Apply(scores[task / points_.size()]),
                         loaded.masks[frame], Pointer(loaded.ignored[frame]));
        });
      });
      return found;
    };
    const std::vector<FrameScore> with = scores_of(sequence, *contender_.maps), without = scores_of(background, *maps);
    for (std::size_t i = 0; i < with.size(); ++i) points_[i % points_.size()].AddPair(with[i], without[i]);
  }

  const TruthSet& truth_;
  Contender& contender_;
  const MaskConvention* convention_;
  std::set<std::size_t> shown_;
  std::vector<PointScores> points_;
  std::vector<DetectionPicture> kept_;
  RocCurve roc_;
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
  Mask mask = above;
  bool differs = false;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (static_cast<double>(scores.data()[i]) != least) continue;
    mask.data()[i] = 255;
    differs = true;
  }
  return differs ? std::optional(std::move(mask)) : std::nullopt;
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
