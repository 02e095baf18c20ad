#include "datasets/statistics_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "datasets/plot.h"
#include "datasets/texture.h"

namespace mirst {
namespace {

constexpr std::array<std::string_view, 4> kTableFiles = {"stats.json", "targets.csv", "frames.csv", "sequences.csv"};

Json CountAndShare(std::int64_t count, std::int64_t of) {
  Json json = {{"count", count}, {"of", of}};
  json["share"] = of > 0 ? Json(static_cast<double>(count) / static_cast<double>(of)) : Json();
  return json;
}

Json ToJson(const Distribution& d) {
  if (d.count == 0) return {{"count", 0}};
  return {{"count", d.count},   {"mean", d.mean}, {"standard_deviation", d.standard_deviation},
          {"min", d.min},       {"p5", d.p5},     {"p25", d.p25},
          {"median", d.median}, {"p75", d.p75},   {"p95", d.p95},
          {"p99", d.p99},       {"max", d.max}};
}

/// `step` is 1 where the values are whole numbers: their bins end at the last whole number inside.
Json ToJson(const Histogram& h, std::string_view first_key, std::string_view last_key, int step) {
  std::int64_t total = 0;
  for (const std::int64_t count : h.counts) total += count;
  Json bins = Json::array();
  for (std::size_t i = 0; i < h.edges.size(); ++i) {
    Json bin = {{first_key, h.edges[i]}, {last_key, Json()}};
    if (i + 1 < h.edges.size()) bin[std::string(last_key)] = h.edges[i + 1] - step;
    bin.update(CountAndShare(h.counts[i], total));
    bins.push_back(bin);
  }
  return bins;
}
Json AreaBins(const Histogram& h) { return ToJson(h, "from_px", "to_px", 1); }
Json ScrBins(const Histogram& h) { return ToJson(h, "from", "below", 0); }

Json ToJson(const Association& a) {
  const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
  return {{"sequences", a.items},
          {"cramers_v", number(a.cramers_v)},
          {"cramers_v_corrected", number(a.cramers_v_corrected)}};
}

Json RequestsJson(const GroupStatistics& g, std::string_view scr_mode) {
  const bool per_frame = scr_mode == "per_frame";
  Json absolute = {{"count", g.compared}};
  if (g.compared > 0) {
    absolute = {{"count", g.compared},
                {"median", g.absolute_difference.median},
                {"p95", g.absolute_difference.p95},
                {"p99", g.absolute_difference.p99},
                {"max", g.absolute_difference.max},
                {"signed_median", g.difference.median}};
  }
  return {{"mode", scr_mode},
          {"compared", per_frame ? "target and frame" : "mean over a track (target of a sequence)"},
          {"difference", absolute},
          {"above_bound", CountAndShare(g.above_bound, g.compared)},
          {"targets_without_box20_request", g.not_compared}};
}

Json FlagsJson(const GroupStatistics& g) {
  Json each = Json::object();
  for (const auto& [name, count] : g.flags) each[name] = CountAndShare(count, g.targets);
  return {{"each", each}, {"any_but_quantised", CountAndShare(g.flagged, g.targets)}};
}

Json ScrByIdJson(const GroupStatistics& g) {
  Json json = Json::object();
  for (const auto& [id, scr] : g.scr_by_id) {
    json[id] = {
        {"per_target", ToJson(scr.target)}, {"per_frame", ToJson(scr.frame)}, {"mscr_present", ToJson(scr.sequence)}};
  }
  return json;
}

Json PlacesJson(const GroupStatistics& g) {
  Json rows = Json::array();
  for (std::size_t first = 0; first < g.places.size(); first += kPlaceColumns) {
    const auto row = g.places.begin() + static_cast<std::ptrdiff_t>(first);
    rows.push_back(std::vector<std::int64_t>(row, row + kPlaceColumns));
  }
  return rows;
}

Json BackgroundJson(const GroupStatistics& g) {
  Json spectrum = Json::array();
  for (std::size_t i = 0; i < g.spectrum.size(); ++i) {
    spectrum.push_back(
        {{"cycles_per_px", (static_cast<double>(i) + 0.5) / (2 * kSpectrumBins)}, {"power_counts2", g.spectrum[i]}});
  }
  return {
      {"entropy_bits", ToJson(g.entropy_bits)}, {"spectral_slope", ToJson(g.spectral_slope)}, {"spectrum", spectrum}};
}

Json TargetsAFrameJson(const GroupStatistics& g) {
  Json json = Json::array();
  for (const auto& [targets, frames] : g.frames_by_targets) {
    Json entry = {{"targets", targets}};
    entry.update(CountAndShare(frames, g.frames));
    json.push_back(entry);
  }
  return json;
}

Json ToJson(const GroupStatistics& g, std::string_view scr_mode) {
  const std::int64_t with_target = g.mscr_present.count;
  return {{"sequences", g.sequences},
          {"sequences_with_target", with_target},
          {"sources", g.sources},
          {"frames", g.frames},
          {"frames_with_target", g.frames_with_target},
          {"targets", g.targets},
          {"size",
           {{"area_px", ToJson(g.area_px)},
            {"area_histogram", AreaBins(g.area_histogram)},
            {"image_share", ToJson(g.image_share)},
            {"spie_small", CountAndShare(g.spie_small, g.targets)},
            {"classes",
             {{"point", CountAndShare(g.point, g.targets)},
              {"spot", CountAndShare(g.spot, g.targets)},
              {"extended", CountAndShare(g.extended, g.targets)}}}}},
          {"scr",
           {{"per_target", ToJson(g.scr)},
            {"per_target_histogram", ScrBins(g.scr_histogram)},
            {"per_frame", ToJson(g.frame_scr)},
            {"mscr_present", ToJson(g.mscr_present)},
            {"mscr_present_histogram", ScrBins(g.mscr_histogram)},
            {"mscr_all", ToJson(g.mscr_all)},
            {"subsets",
             {{"low", CountAndShare(g.low_sequences, with_target)},
              {"high", CountAndShare(g.high_sequences, with_target)}}},
            {"by_id", ScrByIdJson(g)}}},
          {"asked_against_measured", RequestsJson(g, scr_mode)},
          {"flags", FlagsJson(g)},
          {"scr_empty", ToJson(g.scr_empty)},
          {"scr_delta",
           {{"distribution", ToJson(g.scr_delta)},
            {"sign_as_declared", CountAndShare(g.delta_as_declared, g.with_delta)},
            {"sign_as_declared_and_at_least_half_the_scr", CountAndShare(g.delta_at_least_half, g.with_delta)}}},
          {"polarity", {{"hot", CountAndShare(g.hot, g.targets)}, {"cold", CountAndShare(g.cold, g.targets)}}},
          {"speed_px_per_frame", ToJson(g.speed_px_per_frame)},
          {"track_frames", ToJson(g.track_frames)},
          {"targets_a_frame", TargetsAFrameJson(g)},
          {"places", PlacesJson(g)},
          {"background", BackgroundJson(g)},
          {"background_association",
           {{"source_against_mscr", ToJson(g.source_scr)}, {"source_against_area", ToJson(g.source_area)}}}};
}

/// Quoted only where it must be (RFC 4180).
std::string Cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string Cell(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : std::string(); }

std::string FlagsCell(const std::vector<Flag>& flags) {
  std::string cell;
  for (const Flag& flag : flags) cell += fmt::format("{}{}={}", cell.empty() ? "" : ";", flag.name, flag.value);
  return Cell(cell);
}

/// ",scr_a,scr_b"
std::string Columns(std::string_view prefix, const std::set<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += fmt::format(",{}{}", prefix, id);
  return text;
}

/// ",1.5,2.5"; empty cells for ids that are not there.
std::string Cells(const std::map<std::string, double>& scr, const std::set<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) {
    const auto found = scr.find(id);
    text += found == scr.end() ? "," : fmt::format(",{}", found->second);
  }
  return text;
}

std::vector<std::string> AllFileNames() {
  std::vector<std::string> names(kTableFiles.begin(), kTableFiles.end());
  for (const std::string& name : PlotFileNames()) names.push_back(name);
  return names;
}

}  // namespace

std::string StatisticsJson(const DataSetStatistics& statistics) {
  const ScrAgreement agreement = CompareAnnotations(statistics);
  Json leaks = Json::object();
  for (const auto& [source, splits] : SourcesInSeveralSplits(statistics.sequences)) leaks[source] = splits;
  Json groups = Json::object();
  for (const std::string_view split : kSplitNames)
    groups[std::string(split)] = ToJson(Summarise(statistics, split), statistics.scr_mode);
  const Json json = {
      {"schema_version", 1},
      {"layout", NameOf(statistics.layout)},
      {"dataset_id", statistics.dataset_id},
      {"program_version", statistics.program_version},
      {"seed", statistics.seed},
      {"mask_convention", statistics.mask_convention},
      {"protocol",
       {{"scr", "box20, re-measured on the written image and mask files"},
        {"frame_scr", "mean over the frame's targets"},
        {"scr_by_id",
         "bboxD: box grown by D px; guard3_10: grown by 10 less grown by 3; global: the image; each less all "
         "targets; peak: the mask's farthest pixel with box20's background"},
        {"places",
         fmt::format("targets in {} x {} equal cells of the image, rows from the top", kPlaceRows, kPlaceColumns)},
        {"background",
         "the frame without targets where there is one, else the frame; spectrum: mean power by radial "
         "frequency under a Hann window, white noise of variance v has v; slope of its logarithms"},
        {"mscr_present", "mean of the frames' SCR over the frames with a target"},
        {"mscr_all", "the same with 0 for a frame without target, over all frames"},
        {"low_subset", fmt::format("mscr_present < {}", kLowScrLimit)},
        {"bound", "max(0.02 S, 1 / (2 N sigma_b)), the second term averaged over the frames of a track"},
        {"percentiles", "linear interpolation at rank (n - 1) p / 100"},
        {"standard_deviation", "of the population"},
        {"classes", fmt::format("point <= {} px, spot <= {} px, extended above", kPointMaxPx, kSpotMaxPx)},
        {"spie_small", "less than 0.15 % of the image"}}},
      {"sources_in_several_splits", leaks},
      {"annotated_against_remeasured_scr",
       {{"compared", agreement.compared},
        {"not_annotated", agreement.not_annotated},
        {"differing", CountAndShare(agreement.differing, agreement.compared)},
        {"limit", kScrAgreementLimit},
        {"largest_difference", agreement.largest_difference},
        {"worst", agreement.worst}}},
      {"all", ToJson(Summarise(statistics, ""), statistics.scr_mode)},
      {"splits", groups}};
  return json.dump(1);
}

std::string TargetsCsv(const DataSetStatistics& statistics) {
  const bool per_frame = statistics.scr_mode == "per_frame";
  const std::set<std::string> ids = ScrIdsOf(statistics.targets);
  std::string csv = fmt::format(
      "sequence,split,frame,id,class,area_px,image_share,box_x,box_y,box_w,box_h,centroid_x,centroid_y,polarity,scr_"
      "requested,scr_annotated,scr_measured,scr_difference,scr_bound,scr_empty,scr_delta,sigma_b,rounding_bound,flags,"
      "speed_px_per_frame{}\n",
      Columns("scr_", ids));
  for (const TargetStatistics& t : statistics.targets) {
    const SequenceStatistics& sequence = statistics.sequences[t.sequence];
    std::optional<double> difference, bound;
    if (per_frame) {
      difference = std::abs(t.scr_measured - t.scr_requested);
      bound = std::max(0.02 * t.scr_requested, t.rounding_bound);
    }
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}{}\n",
                       Cell(sequence.name), sequence.split, Cell(t.frame), t.id, Cell(t.class_name), t.area_px,
                       t.image_share, t.box.x, t.box.y, t.box.width, t.box.height, t.centroid_xy.x, t.centroid_xy.y,
                       t.polarity, t.scr_requested, Cell(t.scr_annotated), t.scr_measured, Cell(difference),
                       Cell(bound), Cell(t.scr_empty), Cell(t.scr_delta), t.sigma_b, t.rounding_bound,
                       FlagsCell(t.flags), Cell(t.speed_px_per_frame), Cells(t.scr, ids));
  }
  return csv;
}

std::string FramesCsv(const DataSetStatistics& statistics) {
  const std::set<std::string> ids = ScrIdsOf(statistics.targets);
  std::string csv = fmt::format("sequence,split,frame,index,targets{}\n", Columns("scr_", ids));
  const std::vector<TargetStatistics>& targets = statistics.targets;
  for (std::size_t first = 0, last = 0; first < targets.size(); first = last) {
    const TargetStatistics& t = targets[first];
    std::map<std::string, double> mean;
    while (last < targets.size() && targets[last].sequence == t.sequence && targets[last].frame_index == t.frame_index)
      ++last;
    std::map<std::string, double> count;
    for (std::size_t i = first; i < last; ++i) {
      for (const auto& [id, scr] : targets[i].scr) {
        mean[id] += scr;
        ++count[id];
      }
    }
    for (auto& [id, sum] : mean) sum /= count[id];
    const SequenceStatistics& sequence = statistics.sequences[t.sequence];
    csv += fmt::format("{},{},{},{},{}{}\n", Cell(sequence.name), sequence.split, Cell(t.frame), t.frame_index,
                       last - first, Cells(mean, ids));
  }
  return csv;
}

std::string SequencesCsv(const DataSetStatistics& statistics) {
  const std::set<std::string> ids = ScrIdsOf(statistics.targets);
  std::string csv = fmt::format(
      "sequence,split,source,frames,frames_with_target,targets,mean_area_px,mscr_present,mscr_all,subset,scr_requested,"
      "scr_mode,models,mean_speed_px_per_frame,entropy_bits,spectral_slope{}\n",
      Columns("mscr_", ids));
  for (const SequenceStatistics& s : statistics.sequences) {
    const std::string_view subset = !s.mscr_present ? "" : *s.mscr_present < kLowScrLimit ? "low" : "high";
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}{}\n", Cell(s.name), s.split, Cell(s.source),
                       s.frames, s.frames_with_target, s.targets, Cell(s.mean_area_px), Cell(s.mscr_present),
                       s.mscr_all, subset, Cell(s.scr_requested), Cell(statistics.scr_mode),
                       Cell(fmt::format("{}", fmt::join(s.models, ";"))), Cell(s.mean_speed_px_per_frame),
                       s.entropy_bits, SpectralSlope(s.spectrum), Cells(s.mscr_by_id, ids));
  }
  return csv;
}

void RequireNoStatistics(const std::filesystem::path& folder) {
  for (const std::string& name : AllFileNames()) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / name, ignored)) {
      throw BadInput(fmt::format("{} already holds statistics ({}); --force replaces them, --out names another folder",
                                 folder.string(), name));
    }
  }
}

WrittenStatistics WriteStatistics(const DataSetStatistics& statistics, const std::filesystem::path& folder) {
  CreateFolder(folder);
  const std::filesystem::path stage = folder / ".partial";
  std::error_code failure;
  std::filesystem::remove_all(stage, failure);
  CreateFolder(stage);
  WrittenStatistics written;
  try {
    WriteFileAtomically(stage / "stats.json", StatisticsJson(statistics) + "\n");
    WriteFileAtomically(stage / "targets.csv", TargetsCsv(statistics));
    WriteFileAtomically(stage / "frames.csv", FramesCsv(statistics));
    WriteFileAtomically(stage / "sequences.csv", SequencesCsv(statistics));
    written.plot_failure = PlotDistributions(statistics, stage);
    for (const std::string& name : AllFileNames()) {
      std::filesystem::remove(folder / name, failure);
      if (!std::filesystem::exists(stage / name)) continue;
      std::filesystem::rename(stage / name, folder / name);
      written.files.push_back(folder / name);
    }
  } catch (const std::filesystem::filesystem_error& error) {
    std::filesystem::remove_all(stage, failure);
    throw BadInput(fmt::format("cannot write the statistics: {}", error.what()));
  } catch (...) {
    std::filesystem::remove_all(stage, failure);
    throw;
  }
  std::filesystem::remove_all(stage, failure);
  return written;
}

}  // namespace mirst
