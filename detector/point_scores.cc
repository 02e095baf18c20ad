#include "detector/point_scores.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace mirst {
namespace {

std::vector<std::string> GroupsOfSequence(const TruthSequence& sequence) {
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

}  // namespace

bool HasPairs(const TruthSequence& sequence) {
  return std::none_of(sequence.frames.begin(), sequence.frames.end(),
                      [](const TruthFrame& frame) { return frame.background.empty(); });
}

PointScores::PointScores(const MaskRule& rule, const std::vector<std::string>& conventions) : rule_(rule) {
  for (const std::string& id : conventions) conventions_.push_back({id, {}, {}, {}});
}

void PointScores::Begin(const TruthSequence& sequence) {
  SequenceScore score;
  score.name = sequence.name;
  score.mean_scr = sequence.mean_scr;
  score.source = sequence.source;
  score.groups = GroupsOfSequence(sequence);
  for (Convention& convention : conventions_) {
    convention.sequences.push_back(score);
    convention.by_sequence.emplace_back();
  }
}

void PointScores::Add(const TruthSequence& sequence, std::size_t frame, const FrameResult& result) {
  if (frame == 0) Begin(sequence);
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

void PointScores::AddWithTargets(const FrameScore& score) {
  if (!causal_) causal_.emplace();
  causal_->with_targets.numerator += score.matched;
  causal_->with_targets.denominator += score.targets;
}

void PointScores::AddWithout(const FrameScore& score) {
  if (!causal_) causal_.emplace();
  causal_->without.numerator += score.matched;
  causal_->without.denominator += score.targets;
}

OperatingPoint PointScores::Finish() {
  OperatingPoint point;
  point.rule = rule_.Text();
  if (rule_.threshold) point.threshold = static_cast<double>(*rule_.threshold);
  point.origin = rule_.origin;
  point.report = Summarise(conventions_.front().sequences);
  for (const Convention& convention : conventions_) point.conventions.push_back(ScoreOf(convention));
  for (const auto& [name, sums] : MetricSums(point.report.sequences)) {
    if (const auto interval = BootstrapRatio(sums)) point.intervals.emplace_back(name, *interval);
  }
  point.targets = std::move(targets_);
  point.chance = chance_;
  point.causal = causal_;
  return point;
}

ConventionScore PointScores::ScoreOf(const Convention& convention) {
  ConventionScore result;
  result.mask_convention = convention.id;
  result.all = Summarise(convention.sequences).subsets.back();
  result.by_sequence = convention.by_sequence;
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

}  // namespace mirst
