#include "metrics/scores.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "core/json.h"
#include "core/version.h"

namespace mirst {
namespace {

std::string Fraction(std::optional<double> value) { return value ? fmt::format("{:.4f}", *value) : "-"; }
std::string Counts(const Ratio& ratio) { return fmt::format("{}/{}", ratio.numerator, ratio.denominator); }

Json Number(std::optional<double> value) { return value && std::isfinite(*value) ? Json(*value) : Json(); }
Json ToJson(const Ratio& ratio) {
  return {{"value", Number(ratio.value())}, {"count", ratio.numerator}, {"of", ratio.denominator}};
}
Json ToJson(const std::optional<Interval>& interval) {
  if (!interval) return {};
  return {{"low", interval->low}, {"high", interval->high}, {"sources", interval->clusters}};
}
Json ToJson(const Mean& mean) { return {{"value", Number(mean.value())}, {"count", mean.count}}; }

Json ToJson(const SubsetScore& subset) {
  return {{"id", subset.id},
          {"sequences", subset.sequences},
          {"frames", subset.frames},
          {"pixels", subset.pooled.pixels},
          {"iou_pooled", ToJson(subset.pooled.iou())},
          {"iou_seq", ToJson(subset.iou_seq)},
          {"niou", ToJson(subset.niou)},
          {"niou_zero", Number(subset.niou_zero())},
          {"dr_frames", ToJson(subset.dr_frames())},
          {"pd_seq", ToJson(subset.pd_seq)},
          {"pd_pooled", ToJson(subset.pooled.pd())},
          {"fa_seq", ToJson(subset.fa_seq)},
          {"fa_pooled", ToJson(subset.pooled.fa())},
          {"fa_is_bound", subset.fa_is_bound()},
          {"fa_1e-6", subset.FaText()},
          {"fa_px_seq", ToJson(subset.fa_px_seq)},
          {"fa_px_pooled", ToJson(subset.pooled.fa_px())},
          {"false_components", subset.pooled.predictions - subset.pooled.matched}};
}

Json ToJson(const ProtocolScore& score) {
  const bool has_objects = score.protocol != "P2";  // which knows pixels only
  return {{"protocol", score.protocol},
          {"pd_seq", ToJson(score.pd_seq)},
          {"pd_seq_interval", ToJson(score.pd_seq_interval)},
          {"pd_pooled", ToJson(score.pooled.pd())},
          {"fa_seq", ToJson(score.fa_seq)},
          {"fa_seq_interval", ToJson(score.fa_seq_interval)},
          {"fa_pooled", ToJson(score.pooled.fa())},
          {"precision", has_objects ? ToJson(score.pooled.precision()) : Json()},
          {"f1", has_objects ? Number(score.pooled.f1()) : Json()},
          {"false_per_frame", has_objects ? ToJson(score.pooled.false_per_frame()) : Json()},
          {"average_precision", Number(score.average_precision)}};
}

Json ToJson(const ConventionScore& convention) {
  Json protocols = Json::array();
  for (const ProtocolScore& score : convention.protocols) protocols.push_back(ToJson(score));
  return {{"mask_convention", convention.mask_convention}, {"all", ToJson(convention.all)}, {"protocols", protocols}};
}

Json ToJson(const PdBin& bin, const OperatingPoint& point) {
  Json json = {{"quantity", bin.quantity},
               {"bin", bin.label},
               {"pd", ToJson(bin.pd)},
               {"interval", ToJson(bin.interval)},
               {"mean", Number(bin.mean)}};
  if (bin.quantity == "dprime")
    json["efficiency"] = Number(Efficiency(bin.pd, point.fa().value().value_or(0), bin.mean));
  return json;
}

Json ToJson(const OperatingPoint& point) {
  Json subsets = Json::array(), groups = Json::array(), conventions = Json::array(), by = Json::array();
  for (const SubsetScore& subset : point.report.subsets) subsets.push_back(ToJson(subset));
  for (const SubsetScore& group : point.report.groups) groups.push_back(ToJson(group));
  for (const ConventionScore& convention : point.conventions) conventions.push_back(ToJson(convention));
  for (const PdBin& bin : PdByQuantity(point.targets)) by.push_back(ToJson(bin, point));
  Json intervals = Json::object();
  for (const auto& [name, interval] : point.intervals) intervals[name] = ToJson(interval);
  Json causal;
  if (point.causal) {
    causal = {{"pd_with_targets", ToJson(point.causal->with_targets)},
              {"pd_without", ToJson(point.causal->without)},
              {"pd_net", Number(point.causal->net())}};
  }
  return {{"rule", point.rule},
          {"threshold", Number(point.threshold)},
          {"origin", point.origin},
          {"protocol", point.report.protocol},
          {"subsets", subsets},
          {"intervals", intervals},
          {"groups", groups},
          {"conventions", conventions},
          {"pd_by", by},
          {"least_scr", Number(point.least_scr())},
          {"chance_pd", ToJson(point.chance)},
          {"causal", causal}};
}

Json ToJson(const DetectorScores& detector) {
  Json json = {{"id", detector.id}, {"training", Json()}};
  if (detector.training) {
    const TrainingRecord& training = *detector.training;
    json["training"] = {{"weights", training.weights},
                        {"dataset_id", training.dataset_id},
                        {"git", training.git_revision},
                        {"steps", training.steps},
                        {"samples_seen", training.samples_seen}};
  }
  json["roc"] = {{"auc", Number(detector.auc)},
                 {"pr_auc", Number(detector.pr_auc)},
                 {"truth_px", detector.truth_px},
                 {"background_px", detector.background_px}};
  json["notes"] = detector.notes;
  json["operating_points"] = Json::array();
  for (const OperatingPoint& point : detector.points) json["operating_points"].push_back(ToJson(point));
  return json;
}

std::string SubsetLine(const SubsetScore& subset) {
  const FrameScore& pooled = subset.pooled;
  const auto millionths = [](const Mean& mean) {
    return mean.value() ? fmt::format("{:.2f}", 1e6 * *mean.value()) : "-";
  };
  return fmt::format("  {:<10}{:>4}{:>7}{:>9}{:>9}{:>8}{:>9}{:>14}{:>10}{:>9}{:>11}\n", subset.id, subset.sequences,
                     subset.frames, Fraction(pooled.iou().value()), Fraction(subset.iou_seq.value()),
                     Fraction(subset.niou.value()), Fraction(subset.pd_seq.value()), Counts(pooled.pd()),
                     subset.FaText(), pooled.unmatched_px, millionths(subset.fa_px_seq));
}

std::string PointNotes(const OperatingPoint& point) {
  std::string text;
  for (const auto& [name, interval] : point.intervals) {
    if (name != "pd_seq" && name != "iou_seq" && name != "fa_seq") continue;
    const double unit = name == "fa_seq" ? 1e6 : 1;
    text += fmt::format("{}{} {:.4g} to {:.4g}", text.empty() ? "    95 %: " : ", ", name, unit * interval.low,
                        unit * interval.high);
  }
  if (!text.empty()) text += fmt::format(" (n = {} sources)\n", point.intervals.front().second.clusters);
  text += fmt::format("    chance Pd {} ({})", Fraction(point.chance.value()), Counts(point.chance));
  if (point.causal) {
    text += fmt::format("; with targets {}, without {}, Pd_net {}", Counts(point.causal->with_targets),
                        Counts(point.causal->without), Fraction(point.causal->net()));
  }
  if (const std::optional<double> scr = point.least_scr())
    text += fmt::format("; least SCR with Pd >= {:g}: {:.2f}", kLeastScrPd, *scr);
  return text + "\n";
}

}  // namespace

std::optional<double> CausalPd::net() const {
  if (!with_targets.value() || !without.value()) return std::nullopt;
  return *with_targets.value() - *without.value();
}

std::optional<double> OperatingPoint::least_scr() const {
  const std::optional<double> false_rate = fa().value();
  if (!false_rate || *false_rate > kLeastScrFa) return std::nullopt;
  return LeastScr(targets, kLeastScrPd);
}

namespace {

ClusterSum RatioOf(const std::string& source, const Ratio& ratio) {
  return {source, static_cast<double>(ratio.numerator), static_cast<double>(ratio.denominator)};
}
ClusterSum ValueOf(const std::string& source, const Ratio& ratio) {
  return {source, ratio.value().value_or(0), ratio.value() ? 1.0 : 0.0};
}

}  // namespace

NamedSums MetricSums(const std::vector<SequenceScore>& sequences) {
  NamedSums sums = {{"iou_pooled", {}}, {"iou_seq", {}},   {"niou", {}},  {"pd_pooled", {}},
                    {"pd_seq", {}},     {"fa_pooled", {}}, {"fa_seq", {}}};
  for (const SequenceScore& s : sequences) {
    const ClusterSum of_sequence[] = {RatioOf(s.source, s.total.iou()),
                                      ValueOf(s.source, s.total.iou()),
                                      {s.source, s.frame_iou.sum, static_cast<double>(s.frame_iou.count)},
                                      RatioOf(s.source, s.total.pd()),
                                      ValueOf(s.source, s.total.pd()),
                                      RatioOf(s.source, s.total.fa()),
                                      ValueOf(s.source, s.total.fa())};
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i].second.push_back(of_sequence[i]);
  }
  return sums;
}

NamedSums MetricSums(const std::vector<SequenceCounts>& sequences) {
  NamedSums sums = {{"pd_pooled", {}}, {"pd_seq", {}}, {"fa_pooled", {}}, {"fa_seq", {}}};
  for (const auto& [source, counts] : sequences) {
    sums[0].second.push_back(RatioOf(source, counts.pd()));
    sums[1].second.push_back(ValueOf(source, counts.pd()));
    sums[2].second.push_back(RatioOf(source, counts.fa()));
    sums[3].second.push_back(ValueOf(source, counts.fa()));
  }
  return sums;
}

std::string ScoresTable(const Evaluation& evaluation) {
  std::string text = evaluation.folder;
  if (!evaluation.split.empty()) text += ", split " + evaluation.split;
  text += fmt::format(": {} sequences, {} frames", evaluation.sequences, evaluation.frames);
  if (!evaluation.dataset_id.empty())
    text += fmt::format("\ndata set {:.12}, masks {}", evaluation.dataset_id, evaluation.mask_convention);
  text += fmt::format(
      "\nprotocol P1 (centroids < {:g} px apart), subsets by mSCR box20 at {:g}; IoU pooled over pixels, IoU_seq, Pd,\n"
      "Fa, Fa_px means over sequences, nIoU over frames; Fa and Fa_px in 1e-6; found/targets and px are summed\n",
      kMatchDistancePx, kLowScr);
  for (const DetectorScores& detector : evaluation.detectors) {
    text += "\n" + detector.id;
    if (detector.training) {
      text += fmt::format(", trained for {} steps on {} windows ({})", detector.training->steps,
                          detector.training->samples_seen, detector.training->weights);
    }
    text += fmt::format("\n{:<12}{:>4}{:>7}{:>9}{:>9}{:>8}{:>9}{:>14}{:>10}{:>9}{:>11}\n", "", "seq", "frames", "IoU",
                        "IoU_seq", "nIoU", "Pd", "found/targets", "Fa", "px", "Fa_px");
    for (const OperatingPoint& point : detector.points) {
      text += fmt::format("  {} ({})\n", point.rule, point.origin);
      for (const SubsetScore& subset : point.report.subsets) {
        if (subset.sequences > 0) text += SubsetLine(subset);
      }
      text += PointNotes(point);
    }
    if (detector.auc)
      text += fmt::format("  over pixels: ROC AUC {:.6f}, PR AUC {:.6f} ({} target, {} other pixels)\n", *detector.auc,
                          detector.pr_auc.value_or(0), detector.truth_px, detector.background_px);
    for (const std::string& note : detector.notes) text += "  " + note + "\n";
  }
  if (!evaluation.absent.empty()) text += "\n";
  for (const std::string& absent : evaluation.absent) text += "absent: " + absent + "\n";
  text.pop_back();
  return text;
}

std::string ScoresJson(const Evaluation& evaluation) {
  Json detectors = Json::array();
  for (const DetectorScores& detector : evaluation.detectors) detectors.push_back(ToJson(detector));
  Json validation;
  if (!evaluation.validation_split.empty()) {
    validation = {{"split", evaluation.validation_split},
                  {"sequences", evaluation.validation_sequences},
                  {"frames", evaluation.validation_frames},
                  {"fa", evaluation.validation_fa},
                  {"fa_rule", "pixels above the threshold farther than 4 px from every target / all pixels (P2)"}};
  }
  const Json json = {
      {"schema_version", 1},
      {"program", {{"name", "mirst"}, {"version", ProgramVersion()}, {"git", GitRevision()}}},
      {"protocol",
       {{"id", "P1"},
        {"match",
         fmt::format("first unused predicted component whose centroid is < {:g} px away, targets in raster order",
                     kMatchDistancePx)},
        {"components", "8-connected"},
        {"pd_seq", "found / targets, mean over sequences"},
        {"fa_seq", "area of predicted components that match no target / all pixels, mean over sequences"},
        {"fa_px_seq", "all false pixels / all pixels, mean over sequences"},
        {"iou_seq", "mean over sequences of the sequence's pooled IoU"},
        {"niou", "mean over frames that hold truth or prediction"},
        {"dr_frames", fmt::format("share of all frames with IoU > {:g} (RDIAN's DR)", kFrameIou)},
        {"fa_1e-6",
         fmt::format("fa_seq in 1e-6; a bound where fewer than {} pixels are false alarms", kLeastFalseAlarmPx)},
        {"subsets", fmt::format("by mscr_present under box20, low < {:g}", kLowScr)},
        {"intervals",
         fmt::format("95 %, cluster bootstrap over background sources, {} resamples; none below {} sources", kResamples,
                     kLeastClusters)},
        {"pd_by", "P1, target by target; efficiency: (z(Pd) - z(Fa))^2 / d'^2"},
        {"least_scr", "least SCR (box20 of the frame) with Pd >= 0.9 by isotonic regression, where Fa <= 1e-6"},
        {"chance_pd", "P1 on targets moved to random places"},
        {"causal", "P1 on the frames with and without their targets, at the same truth"}}},
      {"data",
       {{"folder", evaluation.folder},
        {"dataset_id", evaluation.dataset_id},
        {"mask_convention", evaluation.mask_convention},
        {"split", evaluation.split},
        {"sequences", evaluation.sequences},
        {"frames", evaluation.frames}}},
      {"validation", validation},
      {"absent", evaluation.absent},
      {"detectors", detectors}};
  return Dump(json, 1);
}

}  // namespace mirst
