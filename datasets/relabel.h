// A data set labelled anew: other masks from the stored coverage, and with them boxes, areas and measured SCR. Images,
// backgrounds, coverage and ignore masks stay as they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/sample.h"
#include "datasets/sample_store.h"
#include "metrics/mask_convention.h"

namespace mirst {

/// How a mask follows from the coverage of one target: "half_max" (at least half of its largest coverage, never empty),
/// "coverage:T" or "energy:T" (metrics/mask_convention.h).
struct RelabelRule {
  std::optional<MaskConvention> convention;  ///< none: half_max
  std::string Id() const;
};

/// Throws kUsage: another name, a share outside (0, 1].
RelabelRule ParseRelabelRule(std::string_view id);

/// Masks, instance ids and annotations of one frame by `rule`. A covered pixel belongs to the target whose former mask
/// lies nearest (ties: the lower id). `background` is the frame without targets, where it is at hand; without it
/// scr_empty and scr_delta stay those of the former mask, and the flag "former_mask" (value: its area, px) says so.
/// scr_float is left out, the flag "quantised" is judged again. Throws kBadInput: no coverage stored; the rule leaves a
/// target without pixels.
void Relabel(LabelledFrame& frame, const RelabelRule& rule, const Image<float>* background);

struct RelabelReport {
  std::string dataset_id;
  std::int64_t frames = 0, targets = 0, former_px = 0, px = 0;
  std::int64_t without_background = 0;  ///< sequences
};

/// Writes the data set of `reader` to `folder` by `rule`; the manifest names the rule in mask_convention. Throws
/// kBadInput as Relabel and SampleStoreWriter; nothing takes the place of an older set then.
RelabelReport RelabelDataSet(const SampleStoreReader& reader, const RelabelRule& rule,
                             const std::filesystem::path& folder, Existing existing);

/// The same in place: written beside it in full, then moved over file by file with the manifest last, so that a reader
/// meets the old set, an unfinished one, or the new one. What else lies in the folder (stats/) stays.
RelabelReport RelabelInPlace(const std::filesystem::path& folder, const RelabelRule& rule);

}  // namespace mirst
