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

Json ToJson(const OperatingPoint& point) {
  Json subsets = Json::array();
  for (const SubsetScore& subset : point.report.subsets) subsets.push_back(ToJson(subset));
  return {{"rule", point.rule},
          {"threshold", Number(point.threshold)},
          {"origin", point.origin},
          {"protocol", point.report.protocol},
          {"subsets", subsets}};
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
  json["roc"] = {
      {"auc", Number(detector.auc)}, {"truth_px", detector.truth_px}, {"background_px", detector.background_px}};
  json["notes"] = detector.notes;
  json["operating_points"] = Json::array();
  for (const OperatingPoint& point : detector.points) json["operating_points"].push_back(ToJson(point));
  return json;
}

std::string Cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}
std::string Cell(std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; }

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

}  // namespace

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
    }
    if (detector.auc)
      text += fmt::format("  ROC over pixels: AUC {:.6f} ({} target, {} other pixels)\n", *detector.auc,
                          detector.truth_px, detector.background_px);
    for (const std::string& note : detector.notes) text += "  " + note + "\n";
  }
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
                  {"false_px_rate", evaluation.validation_false_px_rate}};
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
        {"fa_1e-6",
         fmt::format("fa_seq in 1e-6; a bound where fewer than {} pixels are false alarms", kLeastFalseAlarmPx)},
        {"subsets", fmt::format("by mscr_present under box20, low < {:g}", kLowScr)}}},
      {"data",
       {{"folder", evaluation.folder},
        {"dataset_id", evaluation.dataset_id},
        {"mask_convention", evaluation.mask_convention},
        {"split", evaluation.split},
        {"sequences", evaluation.sequences},
        {"frames", evaluation.frames}}},
      {"validation", validation},
      {"detectors", detectors}};
  return Dump(json, 1);
}

std::string ScoresCsv(const DetectorScores& detector) {
  std::string csv =
      "sequence,mscr_present,rule,threshold,frames,pixels,truth_px,predicted_px,common_px,targets,matched,predictions,"
      "unmatched_px,iou,niou,pd,fa,fa_px\n";
  for (const OperatingPoint& point : detector.points) {
    for (const SequenceScore& s : point.report.sequences) {
      csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", Cell(s.name), Cell(s.mean_scr),
                         Cell(point.rule), Cell(point.threshold), s.frames, s.total.pixels, s.total.truth_px,
                         s.total.predicted_px, s.total.common_px, s.total.targets, s.total.matched, s.total.predictions,
                         s.total.unmatched_px, Cell(s.total.iou().value()), Cell(s.frame_iou.value()),
                         Cell(s.total.pd().value()), Cell(s.total.fa().value()), Cell(s.total.fa_px().value()));
    }
  }
  return csv;
}

std::string RocCsv(const DetectorScores& detector) {
  std::string csv = "threshold,true_px,false_px,true_rate,false_rate,precision\n";
  for (const RocPoint& point : detector.roc) {
    csv += fmt::format("{},{},{},{},{},{}\n", point.threshold, point.true_px, point.false_px,
                       Cell(Ratio{point.true_px, detector.truth_px}.value()),
                       Cell(Ratio{point.false_px, detector.background_px}.value()), Cell(point.precision().value()));
  }
  return csv;
}

}  // namespace mirst
