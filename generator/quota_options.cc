#include "generator/quota_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "core/json.h"

namespace mirst {
namespace {

// A list of numbers or, with Value = vector<double>, of rows of numbers.
template <class Value>
void VisitList(OptionsVisitor& v, std::string_view name, std::vector<Value>& values, std::string_view schema,
               std::string_view expected, std::string_view description) {
  const auto read = [&](std::string_view json) -> std::vector<std::string> {
    const Json list = ParseJson(json);
    try {
      if (list.is_array()) {
        values = list.get<std::vector<Value>>();
        return {};
      }
    } catch (const Json::exception&) {  // reported below
    }
    return {fmt::format("found {}, expected {}", Dump(list).substr(0, 60), expected)};
  };
  v.Structure(name, Dump(Json(values)), read, schema, description);
}

void VisitNumbers(OptionsVisitor& v, std::string_view name, std::vector<double>& values, std::string_view description) {
  VisitList(v, name, values, R"({"type": "array", "items": {"type": "number", "minimum": 0}})", "a list of numbers",
            description);
}

void CheckEdges(OptionsReader& reader, std::string_view path, const std::vector<double>& edges, Range allowed) {
  if (edges.size() < 2) reader.AddFault(path, fmt::format("found {} edges, expected 2 or more", edges.size()));
  if (std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end())
    reader.AddFault(path, fmt::format("found {}, expected rising numbers", fmt::join(edges, ", ")));
  if (!edges.empty() && (edges.front() < allowed.low || edges.back() > allowed.high)) {
    reader.AddFault(
        path, fmt::format("found {} to {}, allowed: {} to {}", edges.front(), edges.back(), allowed.low, allowed.high));
  }
}

void CheckWeights(OptionsReader& reader, std::string_view path, const std::vector<double>& weights, std::size_t bins) {
  if (weights.size() != bins)
    reader.AddFault(path, fmt::format("found {} weights, expected one for each of {} bins", weights.size(), bins));
  if (std::any_of(weights.begin(), weights.end(), [](double weight) { return !(weight >= 0); }))
    reader.AddFault(path, fmt::format("found {}, expected 0 or more", fmt::join(weights, ", ")));
}

void RequireSome(OptionsReader& reader, std::string_view path, const std::vector<double>& weights) {
  if (std::none_of(weights.begin(), weights.end(), [](double weight) { return weight > 0; }))
    reader.AddFault(path, "all are 0, expected one that is not");
}

}  // namespace

void Visit(OptionsVisitor& v, QuotaOptions& o) {
  VisitNumbers(v, "area_edges_px", o.area_edges_px,
               "edges of the bins of the mean mask area, px, [e, next e) each; none: no quota");
  VisitNumbers(v, "scr_edges", o.scr_edges, "edges of the bins of the mean SCR; none: no quota");
  VisitNumbers(v, "area_weights", o.area_weights, "of the area's bins; none: what target.area_px gives each");
  VisitNumbers(v, "scr_weights", o.scr_weights, "of the SCR's bins; none: what scr.range gives each");
  VisitList(v, "weights", o.weights,
            R"({"type": "array", "items": {"type": "array", "items": {"type": "number", "minimum": 0}}})",
            "rows of numbers",
            "a row an area bin, a number an SCR bin, in place of the products of area_weights and scr_weights");
  v.Integer("corrections", o.corrections, {0, 100},
            "times that a sequence whose targets miss their bins is asked for anew, by how far it missed");
}

void AddFaults(OptionsReader& reader, const QuotaOptions& o) {
  if (o.area_edges_px.empty() && o.scr_edges.empty()) {
    if (!o.area_weights.empty() || !o.scr_weights.empty() || !o.weights.empty())
      reader.AddFault("quota", "found weights without area_edges_px and scr_edges");
    return;
  }
  CheckEdges(reader, "quota.area_edges_px", o.area_edges_px, {1, 4000});
  CheckEdges(reader, "quota.scr_edges", o.scr_edges, {0.05, 100});
  if (!o.enabled()) return;
  const std::size_t area_bins = o.area_edges_px.size() - 1, scr_bins = o.scr_edges.size() - 1;
  if (!o.area_weights.empty()) {
    CheckWeights(reader, "quota.area_weights", o.area_weights, area_bins);
    RequireSome(reader, "quota.area_weights", o.area_weights);
  }
  if (!o.scr_weights.empty()) {
    CheckWeights(reader, "quota.scr_weights", o.scr_weights, scr_bins);
    RequireSome(reader, "quota.scr_weights", o.scr_weights);
  }
  if (o.weights.empty()) return;
  if (!o.area_weights.empty() || !o.scr_weights.empty())
    reader.AddFault("quota.weights", "found area_weights or scr_weights too, allowed: one of the two ways");
  if (o.weights.size() != area_bins)
    reader.AddFault("quota.weights", fmt::format("found {} rows, expected {}", o.weights.size(), area_bins));
  std::vector<double> all;
  for (const std::vector<double>& row : o.weights) {
    CheckWeights(reader, "quota.weights", row, scr_bins);
    all.insert(all.end(), row.begin(), row.end());
  }
  RequireSome(reader, "quota.weights", all);
}

}  // namespace mirst
