#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "metrics/scores.h"

namespace mirst {
namespace {

std::string Cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}
std::string Cell(std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; }

}  // namespace

std::string ScoresCsv(const DetectorScores& detector) {
  std::string csv =
      "sequence,mscr_present,rule,threshold,frames,pixels,truth_px,predicted_px,common_px,targets,matched,predictions,"
      "unmatched_px,iou,niou,pd,fa,fa_px,niou_frames,source,frames_found,groups\n";
  for (const OperatingPoint& point : detector.points) {
    for (const SequenceScore& s : point.report.sequences) {
      csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", Cell(s.name),
                         Cell(s.mean_scr), Cell(point.rule), Cell(point.threshold), s.frames, s.total.pixels,
                         s.total.truth_px, s.total.predicted_px, s.total.common_px, s.total.targets, s.total.matched,
                         s.total.predictions, s.total.unmatched_px, Cell(s.total.iou().value()),
                         Cell(s.frame_iou.value()), Cell(s.total.pd().value()), Cell(s.total.fa().value()),
                         Cell(s.total.fa_px().value()), s.frame_iou.count, Cell(s.source), s.frames_found,
                         Cell(fmt::format("{}", fmt::join(s.groups, ";"))));
    }
  }
  return csv;
}

std::string ProtocolsCsv(const DetectorScores& detector) {
  std::string csv =
      "sequence,source,origin,masks,protocol,frames,pixels,targets,hits,predictions,false_predictions,false_px\n";
  for (const OperatingPoint& point : detector.points) {
    for (const ConventionScore& convention : point.conventions) {
      for (std::size_t s = 0; s < convention.by_sequence.size(); ++s) {
        const SequenceScore& sequence = point.report.sequences[s];
        for (std::size_t p = 0; p < kProtocolIds.size(); ++p) {
          const ProtocolCounts& n = convention.by_sequence[s][p];
          csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\n", Cell(sequence.name), Cell(sequence.source),
                             Cell(point.origin), Cell(convention.mask_convention), kProtocolIds[p], n.frames, n.pixels,
                             n.targets, n.hits, n.predictions, n.false_predictions, n.false_px);
        }
      }
    }
  }
  return csv;
}

std::string PdCsv(const DetectorScores& detector) {
  std::string csv = "protocol,origin,scr,area_px,speed_px,dprime,class,found,targets,pd,low,high,sources,efficiency\n";
  for (const OperatingPoint& point : detector.points) {
    for (const PdBin& bin : PdByQuantity(point.targets)) {
      csv += fmt::format("P1,{}", Cell(point.origin));
      for (const char* column : {"scr", "area_px", "speed_px", "dprime", "class"}) {
        csv += fmt::format(",{}", bin.quantity == column ? Cell(bin.label) : "");
      }
      csv += fmt::format(",{},{},{}", bin.pd.numerator, bin.pd.denominator, Cell(bin.pd.value()));
      csv += bin.interval ? fmt::format(",{},{},{}", bin.interval->low, bin.interval->high, bin.interval->clusters)
                          : std::string(",,,");
      const std::optional<double> efficiency =
          bin.quantity == "dprime" ? Efficiency(bin.pd, point.fa().value().value_or(0), bin.mean) : std::nullopt;
      csv += fmt::format(",{}\n", Cell(efficiency));
    }
    for (const SurfaceCell& cell : PdSurface(point.targets)) {
      csv += fmt::format("P1,{},{},{},{},,,{},{},{},,,,\n", Cell(point.origin), Cell(cell.scr), Cell(cell.area_px),
                         Cell(cell.speed_px), cell.pd.numerator, cell.pd.denominator, Cell(cell.pd.value()));
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
