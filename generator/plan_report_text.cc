// A PlanReport as JSON and as text.
#include <fmt/format.h>

#include <numeric>

#include "core/json.h"
#include "generator/plan_report.h"

namespace mirst {
namespace {

double ShareOf(std::int64_t count, std::int64_t of) {
  return of > 0 ? static_cast<double>(count) / static_cast<double>(of) : 0;
}

Json CountAndShare(std::int64_t count, std::int64_t of) {
  return {{"count", count}, {"of", of}, {"share", ShareOf(count, of)}};
}

Json JsonOf(const AskedAndRealised& quantity) {
  return {{"mean_asked", Finite(quantity.asked, "a mean")},
          {"mean_realised", Finite(quantity.realised, "a mean")},
          {"wasserstein", Finite(quantity.wasserstein, "a distance")}};
}

Json JsonOf(const Association& association) {
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  return {{"cramers_v", number(association.cramers_v)},
          {"cramers_v_corrected", number(association.cramers_v_corrected)}};
}

Json JsonOf(const QuotaReport& quota) {
  Json lacking = Json::array();
  for (std::size_t a = 0; a < quota.asked.size(); ++a) {
    for (std::size_t s = 0; s < quota.asked[a].size(); ++s) {
      if (quota.realised[a][s] >= quota.asked[a][s]) continue;
      lacking.push_back({{"area_px", Json::array({quota.area_edges_px[a], quota.area_edges_px[a + 1]})},
                         {"scr", Json::array({quota.scr_edges[s], quota.scr_edges[s + 1]})},
                         {"asked", quota.asked[a][s]},
                         {"realised", quota.realised[a][s]}});
    }
  }
  return {{"area_edges_px", quota.area_edges_px}, {"scr_edges", quota.scr_edges}, {"asked", quota.asked},
          {"realised", quota.realised},           {"outside", quota.outside},     {"shortfall", quota.Shortfall()},
          {"cells_with_shortfall", lacking}};
}

std::string Shown(const Association& association) {
  if (!association.cramers_v) return "not defined";
  const auto& corrected = association.cramers_v_corrected;
  return fmt::format("{:.3f} ({} without what chance gives)", *association.cramers_v,
                     corrected ? fmt::format("{:.3f}", *corrected) : "not defined");
}

std::string Shown(const char* name, const AskedAndRealised& quantity, const char* unit) {
  return fmt::format("{:<6} asked {:.3g}, realised {:.3g} {} on average; Wasserstein {:.3g}\n", name, quantity.asked,
                     quantity.realised, unit, quantity.wasserstein);
}

std::string TableOf(const QuotaReport& quota) {
  std::string text = fmt::format("{:>14}", "area px \\ SCR");
  for (std::size_t s = 0; s + 1 < quota.scr_edges.size(); ++s)
    text += fmt::format("{:>12}", fmt::format("{}..{}", quota.scr_edges[s], quota.scr_edges[s + 1]));
  for (std::size_t a = 0; a < quota.asked.size(); ++a) {
    text += fmt::format("\n{:>14}", fmt::format("{}..{}", quota.area_edges_px[a], quota.area_edges_px[a + 1]));
    for (std::size_t s = 0; s < quota.asked[a].size(); ++s)
      text += fmt::format("{:>12}", fmt::format("{} / {}", quota.realised[a][s], quota.asked[a][s]));
  }
  return text;
}

}  // namespace

std::string ToJson(const PlanReport& report) {
  Json flags = Json::object();
  for (const auto& [name, count] : report.flags) flags[name] = CountAndShare(count, report.labels);
  Json json = {{"schema_version", 1},
               {"sequences", report.sequences},
               {"refused", report.refused},
               {"targets", report.targets},
               {"labels", report.labels},
               {"lowered", CountAndShare(report.lowered, report.targets)},
               {"flags", flags},
               {"flagged_but_quantised", CountAndShare(report.flagged, report.labels)},
               {"area_px", JsonOf(report.area_px)},
               {"scr", report.scr ? JsonOf(*report.scr) : Json()},
               {"speed_px_per_frame", report.speed_px_per_frame ? JsonOf(*report.speed_px_per_frame) : Json()},
               {"source_against_scr", JsonOf(report.source_scr)},
               {"source_against_area", JsonOf(report.source_area)},
               {"quota", report.quota ? JsonOf(*report.quota) : Json()}};
  return Dump(json, 1);
}

std::string ToText(const PlanReport& report) {
  std::string text;
  if (!report.refused.empty()) {
    text += fmt::format("{} of {} sequences cannot be made; the first: {}\n", report.refused.size(),
                        static_cast<std::size_t>(report.sequences) + report.refused.size(), report.refused.front());
  }
  text += Shown("area", report.area_px, "px");
  if (report.scr) text += Shown("SCR", *report.scr, "");
  if (report.speed_px_per_frame) text += Shown("speed", *report.speed_px_per_frame, "px/frame");
  text += fmt::format("flags: {:.2f} % of {} labels but \"quantised\"", 100 * ShareOf(report.flagged, report.labels),
                      report.labels);
  for (const auto& [name, count] : report.flags)
    text += fmt::format(", {} {:.2f} %", name, 100 * ShareOf(count, report.labels));
  text += fmt::format("; {} of {} targets lowered\n", report.lowered, report.targets);
  text += fmt::format("Cramer's V of background against SCR {}, against area {}", Shown(report.source_scr),
                      Shown(report.source_area));
  if (report.quota) {
    text += fmt::format("\nquota, realised / asked targets: {}\n{}",
                        report.quota->Shortfall() == 0
                            ? std::string("every cell is full")
                            : fmt::format("{} targets are missing in their cells", report.quota->Shortfall()),
                        TableOf(*report.quota));
  }
  return text;
}

}  // namespace mirst
