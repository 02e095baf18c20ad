// What a data set holds, in any layout of labelled_set.h: sizes, SCR, speeds, tracks, places, backgrounds, flags,
// splits. Every SCR here is measured again on the written image and mask files, box20 above all, and set against what
// the annotations say. Files and pictures are made elsewhere (statistics_files.h, plot.h); the functions below the
// structs are pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/annotation.h"
#include "core/manifest.h"
#include "core/sample.h"
#include "datasets/distribution.h"
#include "datasets/labelled_set.h"

namespace mirst {

/// A sequence belongs to the subset `low` where its mean SCR lies below this, else to `high`.
inline constexpr double kLowScrLimit = 3.0;
/// Largest area, px, of a point target and of a spot; what is larger is extended.
inline constexpr int kPointMaxPx = 9;
inline constexpr int kSpotMaxPx = 81;
/// SPIE's small target: less than 0.15 % of the image.
inline constexpr double kSpieSmallShare = 0.0015;
/// Annotated and re-measured SCR come from the same integers by the same rule; more than this is another file.
inline constexpr double kScrAgreementLimit = 1e-6;

/// One target in one frame.
struct TargetStatistics {
  std::size_t sequence = 0;  ///< index in DataSetStatistics::sequences
  std::string frame;         ///< file name
  int frame_index = 0;
  int id = 1;
  std::string class_name;
  int area_px = 0;         ///< of the mask
  double image_share = 0;  ///< area / all pixels of the image, 0..1
  PixelBox box;
  Vec2 centroid_xy;
  Vec2 place;        ///< the centroid as a share of the image, 0..1 from the upper left corner
  int polarity = 1;  ///< +1 hot, -1 cold
  std::string scr_id;
  double scr_requested = 0;
  std::optional<double> scr_annotated;  ///< box20 as the annotation states it; absent where it does not
  double scr_measured = 0;              ///< box20 of the written files
  std::map<std::string, double> scr;    ///< every id of metrics/scr.h but db on the written files
  double sigma_b = 0;                   ///< of scr_measured, counts, floored
  /// As annotated, or measured where a plain folder has backgrounds; absent where neither is there.
  std::optional<double> scr_empty, scr_delta;
  double rounding_bound = 0;  ///< 1 / (2 N sigma_b): what rounding to counts may cost
  /// As annotated, or from the linked track (LinkTargets); absent for single pictures and tracks of one frame.
  std::optional<double> speed_px_per_frame;
  std::vector<Flag> flags;
};

struct SequenceStatistics {
  std::string name, split, source;
  std::vector<std::string> models;
  int frames = 0;
  bool is_ordered = true;  ///< false: single pictures, no tracks
  int frames_with_target = 0;
  std::int64_t targets = 0;
  // Means; absent where the sequence shows no target at all.
  std::optional<double> mean_area_px, mean_speed_px_per_frame, scr_requested;
  /// Mean over the frames with a target of the frame's SCR (with several targets: their mean).
  std::optional<double> mscr_present;
  /// The same with 0 for a frame without target, over all frames.
  double mscr_all = 0;
  std::map<std::string, double> mscr_by_id;  ///< mscr_present under every id
  double entropy_bits = 0;                   ///< mean over the frames, of the background where there is one
  std::vector<double> spectrum;              ///< texture.h, mean over up to kSpectrumFrames frames spread evenly
};

inline constexpr int kSpectrumFrames = 8;
/// Whether a frame, counted from 0, takes part in its sequence's spectrum. Single pictures are all different; of a
/// sequence kSpectrumFrames frames stand for the rest.
bool TakesSpectrum(std::size_t frame, std::size_t frames, bool is_ordered);

struct DataSetStatistics {
  SetLayout layout = SetLayout::kNative;
  std::string folder, dataset_id, program_version, mask_convention;
  std::uint64_t seed = 0;
  std::string scr_mode;                       ///< config.scr.mode of the manifest; empty where it is not stated
  std::vector<SequenceStatistics> sequences;  ///< in the manifest's order
  std::vector<TargetStatistics> targets;      ///< by sequence, frame, place in the annotation
};

/// Reads every frame of the set; holds a few frames at a time. Throws kBadInput: the set has no sequence; a file is
/// missing or corrupt; images, masks and annotations do not name the same frames; a mask does not hold what its
/// annotation says.
DataSetStatistics MeasureDataSet(const LabelledSet& set);

/// The targets that are seen in one frame (`sequence` stays 0). Throws kBadInput where mask, instance image and
/// annotation disagree.
std::vector<TargetStatistics> MeasureTargets(const LabelledFrame& labelled);

/// The sequence's means from its targets, which lie in the order of their frames.
SequenceStatistics DescribeSequence(const ManifestSequence& sequence, std::span<const TargetStatistics> targets);

/// The definitions of the SCR that any of them was measured by.
std::set<std::string> ScrIdsOf(std::span<const TargetStatistics> targets);

/// Lower edges of the reported bins. Areas: 1, 2, 3..4, 5..9, 10..16, ..., 65..81, above 81 px (squares end the bins);
/// SCR: [0, 1), [1, 2), ..., [7, 8), from 8.
std::vector<double> AreaBinEdges();
std::vector<double> ScrBinEdges();

/// A request beside what was measured: of one target in one frame, or the means of one track.
struct ScrComparison {
  double requested = 0;
  double measured = 0;
  double bound = 0;  ///< max(0.02 S, 1 / (2 N sigma_b)), the latter averaged over the frames of a track
  double difference() const { return measured - requested; }
};

/// In the mode "per_frame" one comparison a target and frame; in every other mode the request is the mean over a track
/// (a target of a sequence), so one comparison a track. Left out: requests that are not positive or name another
/// definition than box20.
std::vector<ScrComparison> CompareRequests(std::span<const TargetStatistics> targets, std::string_view scr_mode);

/// Names targets that no annotation names: `targets` of one sequence in the order of their frames. From frame to next
/// frame the closest pairs of one polarity get one id, as long as they lie within kLinkGatePx or twice the target's
/// size; every other target starts a track. Sets ids (from 1) and speeds; a track's first speed is its second.
void LinkTargets(std::span<TargetStatistics> targets);
inline constexpr double kLinkGatePx = 10;

/// Frames of every track (sequence and id), in order; single pictures have none.
std::vector<double> TrackLengths(const DataSetStatistics& statistics, std::string_view split);

/// Where targets lie: kPlaceRows x kPlaceColumns equal cells of the image, row by row.
inline constexpr int kPlaceRows = 12, kPlaceColumns = 16;
std::vector<std::int64_t> CountPlaces(std::span<const TargetStatistics> targets);

/// Sources that appear in more than one split, with the splits' names.
std::map<std::string, std::vector<std::string>> SourcesInSeveralSplits(std::span<const SequenceStatistics> sequences);

/// A split, or the whole set.
struct GroupStatistics {
  std::int64_t sequences = 0, sources = 0, frames = 0, frames_with_target = 0, targets = 0;
  // Over targets:
  Distribution area_px, image_share;
  Histogram area_histogram;
  std::int64_t spie_small = 0, point = 0, spot = 0, extended = 0, hot = 0, cold = 0;
  Distribution speed_px_per_frame, scr, scr_empty, scr_delta;
  Histogram scr_histogram;
  std::int64_t with_delta = 0;                ///< targets whose scr_delta is known
  std::int64_t delta_as_declared = 0;         ///< scr_delta has the sign of the polarity
  std::int64_t delta_at_least_half = 0;       ///< and |scr_delta| >= half the measured SCR
  std::map<std::string, std::int64_t> flags;  ///< name -> targets that carry it
  std::int64_t flagged = 0;                   ///< targets with any flag but "quantised"
  // Over frames with a target:
  Distribution frame_scr;
  // Over sequences with a target (mscr_all: over all):
  Distribution mscr_present, mscr_all;
  Histogram mscr_histogram;  ///< of mscr_present
  std::int64_t low_sequences = 0, high_sequences = 0;
  /// id -> distributions over targets, frames with a target, sequences with a target
  struct ScrOfId {
    Distribution target, frame, sequence;
  };
  std::map<std::string, ScrOfId> scr_by_id;
  std::map<int, std::int64_t> frames_by_targets;  ///< targets in a frame -> frames
  Distribution track_frames;                      ///< lengths of the tracks
  std::vector<std::int64_t> places;               ///< CountPlaces
  Distribution entropy_bits, spectral_slope;      ///< over sequences
  std::vector<double> spectrum;                   ///< mean over sequences
  Association source_scr, source_area;  ///< a sequence's source against the bin of its mscr_present, of its mean area
  // Requests:
  std::int64_t compared = 0, above_bound = 0, not_compared = 0;  ///< not_compared counts targets
  Distribution difference, absolute_difference;
};

/// `split` is one of kSplitNames, or empty for all.
GroupStatistics Summarise(const DataSetStatistics& statistics, std::string_view split);

/// How far the annotations' box20 lies from the re-measured one.
struct ScrAgreement {
  std::int64_t compared = 0;
  std::int64_t not_annotated = 0;
  std::int64_t differing = 0;  ///< by more than kScrAgreementLimit
  double largest_difference = 0;
  std::string worst;  ///< "sequence 0003, frame 000012.png, target 1"; empty where nothing was compared
};
ScrAgreement CompareAnnotations(const DataSetStatistics& statistics);

}  // namespace mirst
