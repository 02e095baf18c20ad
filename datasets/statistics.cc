#include "datasets/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include "core/error.h"
#include "datasets/texture.h"

namespace mirst {
namespace {

constexpr std::string_view kBox20 = "box20";

/// `field(target)` of all targets.
template <class Field>
std::vector<double> Collect(std::span<const TargetStatistics> targets, Field field) {
  std::vector<double> values;
  values.reserve(targets.size());
  for (const TargetStatistics& target : targets) values.push_back(field(target));
  return values;
}

/// Values that are known only.
template <class Field>
std::vector<double> CollectKnown(std::span<const TargetStatistics> targets, Field field) {
  std::vector<double> values;
  for (const TargetStatistics& target : targets) {
    if (const std::optional<double> value = field(target)) values.push_back(*value);
  }
  return values;
}

/// Mean of `scr(target)`, where it is known, in each frame that shows a target, in order.
template <class Scr>
std::vector<double> FrameScr(std::span<const TargetStatistics> targets, Scr scr) {
  std::vector<double> means;
  for (std::size_t first = 0; first < targets.size();) {
    std::vector<double> frame;
    std::size_t i = first;
    for (; i < targets.size() && targets[i].sequence == targets[first].sequence &&
           targets[i].frame_index == targets[first].frame_index;
         ++i) {
      if (const std::optional<double> value = scr(targets[i])) frame.push_back(*value);
    }
    if (!frame.empty()) means.push_back(MeanOf(frame));
    first = i;
  }
  return means;
}

double MeasuredScr(const TargetStatistics& target) { return target.scr_measured; }

void DescribeTargets(std::span<const TargetStatistics> targets, GroupStatistics& group) {
  using Target = TargetStatistics;
  const std::vector<double> areas = Collect(targets, [](const Target& t) { return static_cast<double>(t.area_px); });
  const std::vector<double> scr = Collect(targets, [](const Target& t) { return t.scr_measured; });
  group.targets = std::ssize(targets);
  group.area_px = Describe(areas);
  group.area_histogram = CountInBins(areas, AreaBinEdges());
  group.image_share = Describe(Collect(targets, [](const Target& t) { return t.image_share; }));
  group.speed_px_per_frame = Describe(CollectKnown(targets, [](const Target& t) { return t.speed_px_per_frame; }));
  group.scr = Describe(scr);
  group.scr_histogram = CountInBins(scr, ScrBinEdges());
  group.scr_empty = Describe(CollectKnown(targets, [](const Target& t) { return t.scr_empty; }));
  group.scr_delta = Describe(CollectKnown(targets, [](const Target& t) { return t.scr_delta; }));
  group.with_delta = group.scr_delta.count;
  group.frame_scr = Describe(FrameScr(targets, MeasuredScr));
  group.places = CountPlaces(targets);
  for (const Target& t : targets) {
    group.spie_small += t.image_share < kSpieSmallShare;
    ++(t.area_px <= kPointMaxPx ? group.point : t.area_px <= kSpotMaxPx ? group.spot : group.extended);
    ++(t.polarity > 0 ? group.hot : group.cold);
    const double delta = t.scr_delta.value_or(0);
    const bool as_declared = delta * t.polarity > 0;
    group.delta_as_declared += as_declared;
    group.delta_at_least_half += as_declared && std::abs(delta) >= 0.5 * t.scr_measured;
    std::set<std::string> names;
    for (const Flag& flag : t.flags) names.insert(flag.name);
    for (const std::string& name : names) ++group.flags[name];
    group.flagged += std::ssize(names) > (names.contains("quantised") ? 1 : 0);
  }
}

// Not every definition gives a value in every frame: a ring may hold counts of one value only.
auto ScrUnder(const std::string& id) {
  return [&id](const TargetStatistics& target) {
    const auto found = target.scr.find(id);
    return found == target.scr.end() ? std::nullopt : std::optional(found->second);
  };
}

void DescribeIds(std::span<const TargetStatistics> targets, std::span<const SequenceStatistics> sequences,
                 GroupStatistics& group) {
  for (const std::string& id : ScrIdsOf(targets)) {
    std::vector<double> means;
    for (const SequenceStatistics& s : sequences) {
      if (const auto found = s.mscr_by_id.find(id); found != s.mscr_by_id.end()) means.push_back(found->second);
    }
    group.scr_by_id[id] = {Describe(CollectKnown(targets, ScrUnder(id))), Describe(FrameScr(targets, ScrUnder(id))),
                           Describe(std::move(means))};
  }
}

void CountTargetsOfFrames(std::span<const TargetStatistics> targets, GroupStatistics& group) {
  std::map<std::pair<std::size_t, int>, int> in_frame;
  for (const TargetStatistics& t : targets) ++in_frame[{t.sequence, t.frame_index}];
  for (const auto& [frame, count] : in_frame) ++group.frames_by_targets[count];
  if (group.frames > group.frames_with_target) group.frames_by_targets[0] = group.frames - group.frames_with_target;
}

void DescribeBackgrounds(std::span<const SequenceStatistics> sequences, GroupStatistics& group) {
  std::vector<double> entropy, slope;
  for (const SequenceStatistics& s : sequences) {
    entropy.push_back(s.entropy_bits);
    if (s.spectrum.empty()) continue;
    slope.push_back(SpectralSlope(s.spectrum));
    group.spectrum.resize(s.spectrum.size());
    for (std::size_t i = 0; i < s.spectrum.size(); ++i) group.spectrum[i] += s.spectrum[i];
  }
  for (double& power : group.spectrum) power /= static_cast<double>(slope.size());
  group.entropy_bits = Describe(std::move(entropy));
  group.spectral_slope = Describe(std::move(slope));
}

void DescribeSequences(std::span<const SequenceStatistics> sequences, GroupStatistics& group) {
  std::set<std::string> sources;
  std::vector<double> present, all;
  std::vector<std::string> source_of;
  std::vector<int> scr_bin, area_bin;
  for (const SequenceStatistics& s : sequences) {
    ++group.sequences;
    group.frames += s.frames;
    group.frames_with_target += s.frames_with_target;
    sources.insert(s.source);
    all.push_back(s.mscr_all);
    if (!s.mscr_present) continue;
    present.push_back(*s.mscr_present);
    ++(*s.mscr_present < kLowScrLimit ? group.low_sequences : group.high_sequences);
    source_of.push_back(s.source);
    scr_bin.push_back(BinOf(*s.mscr_present, ScrBinEdges()));
    area_bin.push_back(BinOf(*s.mean_area_px, AreaBinEdges()));
  }
  group.sources = std::ssize(sources);
  group.mscr_present = Describe(present);
  group.mscr_all = Describe(all);
  group.mscr_histogram = CountInBins(present, ScrBinEdges());
  group.source_scr = Associate(source_of, scr_bin);
  group.source_area = Associate(source_of, area_bin);
}

bool IsComparable(const TargetStatistics& target) { return target.scr_id == kBox20 && target.scr_requested > 0; }

double BoundOf(double requested, double rounding_bound) { return std::max(0.02 * requested, rounding_bound); }

void DescribeRequests(std::span<const TargetStatistics> targets, std::string_view scr_mode, GroupStatistics& group) {
  std::vector<double> difference, absolute;
  for (const ScrComparison& comparison : CompareRequests(targets, scr_mode)) {
    difference.push_back(comparison.difference());
    absolute.push_back(std::abs(comparison.difference()));
    group.above_bound += absolute.back() > comparison.bound;
  }
  group.compared = std::ssize(difference);
  group.not_compared = std::ssize(targets) - std::count_if(targets.begin(), targets.end(), IsComparable);
  group.difference = Describe(std::move(difference));
  group.absolute_difference = Describe(std::move(absolute));
}

}  // namespace

std::set<std::string> ScrIdsOf(std::span<const TargetStatistics> targets) {
  std::set<std::string> ids;
  for (const TargetStatistics& target : targets) {
    for (const auto& [id, scr] : target.scr) ids.insert(id);
  }
  return ids;
}

SequenceStatistics DescribeSequence(const ManifestSequence& sequence, std::span<const TargetStatistics> targets) {
  SequenceStatistics statistics;
  statistics.name = sequence.name;
  statistics.split = sequence.split;
  statistics.source = sequence.background.source;
  for (const ManifestModel& model : sequence.models) statistics.models.push_back(model.path);
  statistics.frames = sequence.frames;
  statistics.targets = std::ssize(targets);
  if (targets.empty()) return statistics;
  const std::vector<double> frame_scr = FrameScr(targets, MeasuredScr);
  const double present = MeanOf(frame_scr);
  statistics.frames_with_target = static_cast<int>(frame_scr.size());
  statistics.mscr_present = present;
  statistics.mscr_all = present * static_cast<double>(frame_scr.size()) / sequence.frames;
  using Target = TargetStatistics;
  statistics.mean_area_px = MeanOf(Collect(targets, [](const Target& t) { return static_cast<double>(t.area_px); }));
  const std::vector<double> speeds = CollectKnown(targets, [](const Target& t) { return t.speed_px_per_frame; });
  if (!speeds.empty()) statistics.mean_speed_px_per_frame = MeanOf(speeds);
  for (const std::string& id : ScrIdsOf(targets)) statistics.mscr_by_id[id] = MeanOf(FrameScr(targets, ScrUnder(id)));
  statistics.scr_requested = MeanOf(Collect(targets, [](const Target& t) { return t.scr_requested; }));
  return statistics;
}

std::vector<double> AreaBinEdges() { return {1, 2, 3, 5, 10, 17, 26, 37, 50, 65, 82}; }
std::vector<double> ScrBinEdges() { return {0, 1, 2, 3, 4, 5, 6, 7, 8}; }

std::vector<ScrComparison> CompareRequests(std::span<const TargetStatistics> targets, std::string_view scr_mode) {
  struct Sums {
    double requested = 0, measured = 0, rounding_bound = 0, count = 0;
  };
  const bool per_frame = scr_mode == "per_frame";
  std::vector<ScrComparison> comparisons;
  std::map<std::pair<std::size_t, int>, Sums> tracks;
  for (const TargetStatistics& t : targets) {
    if (!IsComparable(t)) continue;
    if (per_frame) {
      comparisons.push_back({t.scr_requested, t.scr_measured, BoundOf(t.scr_requested, t.rounding_bound)});
      continue;
    }
    Sums& sums = tracks[{t.sequence, t.id}];
    sums.requested += t.scr_requested;
    sums.measured += t.scr_measured;
    sums.rounding_bound += t.rounding_bound;
    sums.count += 1;
  }
  for (const auto& [track, sums] : tracks) {
    const double requested = sums.requested / sums.count;
    comparisons.push_back(
        {requested, sums.measured / sums.count, BoundOf(requested, sums.rounding_bound / sums.count)});
  }
  return comparisons;
}

std::map<std::string, std::vector<std::string>> SourcesInSeveralSplits(std::span<const SequenceStatistics> sequences) {
  std::map<std::string, std::vector<std::string>> leaks;
  for (const std::string_view split : kSplitNames) {
    std::set<std::string> sources;
    for (const SequenceStatistics& s : sequences) {
      if (s.split == split) sources.insert(s.source);
    }
    for (const std::string& source : sources) leaks[source].emplace_back(split);
  }
  std::erase_if(leaks, [](const auto& entry) { return entry.second.size() < 2; });
  return leaks;
}

GroupStatistics Summarise(const DataSetStatistics& statistics, std::string_view split) {
  const auto belongs = [split](const SequenceStatistics& s) { return split.empty() || s.split == split; };
  std::vector<SequenceStatistics> sequences;
  std::vector<TargetStatistics> targets;
  std::copy_if(statistics.sequences.begin(), statistics.sequences.end(), std::back_inserter(sequences), belongs);
  std::copy_if(statistics.targets.begin(), statistics.targets.end(), std::back_inserter(targets),
               [&](const TargetStatistics& t) { return belongs(statistics.sequences[t.sequence]); });
  GroupStatistics group;
  DescribeSequences(sequences, group);
  DescribeTargets(targets, group);
  DescribeRequests(targets, statistics.scr_mode, group);
  DescribeIds(targets, sequences, group);
  CountTargetsOfFrames(targets, group);
  DescribeBackgrounds(sequences, group);
  group.track_frames = Describe(TrackLengths(statistics, split));
  return group;
}

std::vector<double> TrackLengths(const DataSetStatistics& statistics, std::string_view split) {
  std::map<std::pair<std::size_t, int>, double> frames;
  for (const TargetStatistics& t : statistics.targets) {
    const SequenceStatistics& sequence = statistics.sequences[t.sequence];
    if (sequence.is_ordered && (split.empty() || sequence.split == split)) frames[{t.sequence, t.id}] += 1;
  }
  std::vector<double> lengths;
  for (const auto& [track, count] : frames) lengths.push_back(count);
  return lengths;
}

std::vector<std::int64_t> CountPlaces(std::span<const TargetStatistics> targets) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(kPlaceRows) * kPlaceColumns, 0);
  for (const TargetStatistics& t : targets) {
    const int row = std::clamp(static_cast<int>(t.place.y * kPlaceRows), 0, kPlaceRows - 1);
    const int column = std::clamp(static_cast<int>(t.place.x * kPlaceColumns), 0, kPlaceColumns - 1);
    ++counts[static_cast<std::size_t>(row * kPlaceColumns + column)];
  }
  return counts;
}

ScrAgreement CompareAnnotations(const DataSetStatistics& statistics) {
  ScrAgreement agreement;
  for (const TargetStatistics& t : statistics.targets) {
    if (!t.scr_annotated) {
      ++agreement.not_annotated;
      continue;
    }
    const double difference = std::abs(*t.scr_annotated - t.scr_measured);
    ++agreement.compared;
    agreement.differing += difference > kScrAgreementLimit;
    if (agreement.worst.empty() || difference > agreement.largest_difference) {
      agreement.largest_difference = difference;
      agreement.worst =
          fmt::format("sequence {}, frame {}, target {}", statistics.sequences[t.sequence].name, t.frame, t.id);
    }
  }
  return agreement;
}

}  // namespace mirst
