#include "tools/report/distributions.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "core/json.h"
#include "datasets/texture.h"

namespace mirst {
namespace {

struct ReportQuantity {
  std::string_view id, title, axis, items;
  std::string_view panel = "";  ///< its letter among the four panels that open the report
};

/// The quantities of a report in the order in which it shows them; SCR by definition follows.
constexpr ReportQuantity kQuantities[] = {
    {"mscr", "Mean SCR of a sequence", "mean SCR (box20)", "sequences", "a"},
    {"area", "Target size", "area of the mask (px)", "targets", "b"},
    {"speed", "Target speed", "speed (px/frame)", "targets", "c"},
    {"targets_in_frame", "Targets in a frame", "targets", "frames", "d"},
    {"mean_area", "Mean target size of a sequence", "mean area (px)", "sequences"},
    {"mean_speed", "Mean speed of a sequence", "mean speed (px/frame)", "sequences"},
    {"share", "Target size as a share of the image", "share of the image (%)", "targets"},
    {"track", "Length of the tracks", "frames", "tracks"},
    {"requested", "SCR asked for", "SCR", "targets"},
    {"difference", "SCR measured less SCR asked for", "difference", "requests"},
    {"empty", "SCR of the mask before embedding", "SCR without target", "targets"},
    {"delta", "What the target adds", "mean difference / sigma of the background", "targets"},
    {"sigma", "Clutter around the target", "sigma of the background (counts)", "targets"},
    {"entropy", "Entropy of the background", "bit", "sequences"},
    {"slope", "Spectral slope of the background", "slope of log power over log frequency", "sequences"},
};
constexpr std::string_view kScrPrefix = "scr:";

}  // namespace

double ThreeDigits(double value) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const double scale = std::pow(10.0, 2 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

std::size_t ReportSplit(std::string_view split) {
  return static_cast<std::size_t>(
      std::distance(kSplitNames.begin(), std::find(kSplitNames.begin(), kSplitNames.end(), split)));
}

void ReportDistributions::Add(const SequenceStatistics& sequence, std::span<const TargetStatistics> targets,
                              const std::vector<int>& targets_in_frame, std::string_view scr_mode) {
  const std::size_t split = ReportSplit(sequence.split);
  const auto add = [&](const std::string& quantity, std::optional<double> value) {
    if (value) ++counts_[quantity][ThreeDigits(*value)][split];
  };
  for (const TargetStatistics& target : targets) {
    add("area", target.area_px);
    add("speed", target.speed_px_per_frame);
    add("share", 100 * target.image_share);
    if (target.scr_requested > 0) add("requested", target.scr_requested);
    add("empty", target.scr_empty);
    add("delta", target.scr_delta);
    add("sigma", target.sigma_b);
    for (const auto& [id, scr] : target.scr) add(std::string(kScrPrefix) + id, scr);
  }
  for (const int count : targets_in_frame) add("targets_in_frame", count);
  for (const ScrComparison& comparison : CompareRequests(targets, scr_mode)) add("difference", comparison.difference());
  if (sequence.is_ordered) {
    std::map<int, int> frames;
    for (const TargetStatistics& target : targets) ++frames[target.id];
    for (const auto& [id, count] : frames) add("track", count);
  }
  add("mscr", sequence.mscr_present);
  add("mean_area", sequence.mean_area_px);
  add("mean_speed", sequence.mean_speed_px_per_frame);
  add("entropy", sequence.entropy_bits);
  if (!sequence.spectrum.empty()) {
    add("slope", SpectralSlope(sequence.spectrum));
    spectrum_.resize(sequence.spectrum.size());
    for (std::size_t i = 0; i < spectrum_.size(); ++i) spectrum_[i] += sequence.spectrum[i];
    ++spectra_;
  }
  const std::vector<std::int64_t> places = CountPlaces(targets);
  places_.resize(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) places_[i] += places[i];
}

std::string ReportDistributions::ToJson() const {
  Json quantities = Json::array();
  const auto append = [&](const ReportQuantity& quantity) {
    const auto found = counts_.find(std::string(quantity.id));
    if (found == counts_.end()) return;
    Json values = Json::array();
    for (const auto& [value, by_split] : found->second) {
      Json row = {value};
      for (const std::int64_t count : by_split) row.push_back(count);
      values.push_back(std::move(row));
    }
    quantities.push_back({{"id", quantity.id},
                          {"title", quantity.title},
                          {"axis", quantity.axis},
                          {"items", quantity.items},
                          {"panel", quantity.panel},
                          {"values", std::move(values)}});
  };
  for (const ReportQuantity& quantity : kQuantities) append(quantity);
  Json scr_ids = Json::array();
  for (const auto& [id, counts] : counts_) {
    if (!id.starts_with(kScrPrefix)) continue;
    const std::string definition = id.substr(kScrPrefix.size());
    scr_ids.push_back(definition);
    append({id, "SCR of a target", "SCR (" + definition + ")", "targets"});
  }
  Json places = Json::array();
  for (std::size_t i = 0; i < places_.size(); i += kPlaceColumns) {
    Json row = Json::array();
    for (std::size_t k = i; k < i + kPlaceColumns; ++k) row.push_back(places_[k]);
    places.push_back(std::move(row));
  }
  Json spectrum = Json::array();
  for (std::size_t i = 0; i < spectrum_.size(); ++i) {
    if (spectrum_[i] > 0)
      spectrum.push_back({(static_cast<double>(i) + 0.5) / (2 * kSpectrumBins), ThreeDigits(spectrum_[i] / spectra_)});
  }
  return Dump(
      {{"quantities", quantities}, {"scr_ids", scr_ids}, {"places", places}, {"spectrum", std::move(spectrum)}});
}

}  // namespace mirst
