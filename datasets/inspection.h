// The identity card of a background: is it fit to be a scene for synthetic targets, and what must its user know.
// Measured on the decoded counts; what each number means stands at its own function.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/inspect_levels.h"
#include "datasets/inspect_motion.h"
#include "datasets/inspect_sharpness.h"
#include "datasets/inspect_suspects.h"
#include "datasets/sequence_source.h"
#include "metrics/noise3d.h"

namespace mirst {

/// What makes a source unfit, and how much of it is looked at.
struct InspectionOptions {
  int most_frames = 300;                 ///< looked at, from the first on; fewer where they exceed 512 MiB
  int least_frames = 20;                 ///< fewer are too short
  int least_side_px = 64;                ///< less is too small
  double most_saturated_share = 0.05;    ///< of the values, at the ceiling and at the floor together
  double most_repeated_frames = 0.5;     ///< share of the pairs of frames
  double most_unregistered_share = 0.2;  ///< of the pairs, where there is structure to register on
  int most_suspects = 12;
};

enum class Fitness {
  kFit,
  kReview,  ///< fit as soon as a person has looked at the suspects
  kUnfit,
};
std::string ToString(Fitness fitness);  ///< "fit", "review", "unfit"

struct Inspection {
  SourceInfo source;
  int frames = 0;  ///< looked at
  LevelStatistics levels;
  RepeatStatistics repeats;
  std::vector<DefectivePixel> defective_pixels;
  Noise3dComponents noise3d;  ///< of all frames as they are: scene and motion count as noise too
  double temporal_noise = 0;  ///< counts; TemporalNoise
  MotionStatistics motion;
  SharpnessStatistics sharpness;
  SpectrumStatistics spectrum;
  std::vector<Suspect> suspects;        ///< that no known target explains
  std::vector<Suspect> known_suspects;  ///< half of their boxes or more lie in boxes.csv
  std::vector<Suspect> fixed_spots;     ///< that stay with the sensor while the camera moves
  int known_boxes = 0;                  ///< of boxes.csv, in the frames looked at
  int known_boxes_found = 0;            ///< that hold the centre of a box of a suspect
  std::optional<std::string> licence;   ///< what a README beside the source, or one folder above, states
  std::string frame_rate_from;          ///< "file", "README", "assumed"
  double frame_rate_hz = 0;

  Fitness fitness = Fitness::kFit;
  std::vector<std::string> faults;  ///< why it is unfit
  std::vector<std::string> notes;   ///< what its user must know
};

/// Reads and measures. Throws kBadInput where a frame cannot be read.
Inspection Inspect(const SequenceSource& source, const InspectionOptions& options);

/// Sets fitness, faults and notes from the measurements.
void Judge(Inspection& inspection, const InspectionOptions& options);

/// Robust sigma of what changes at random between frames, counts: from the lower nine tenths of |difference| of
/// successive frames, blocks of 8 x 8 px that repeat exactly left out, each pair's mean difference removed; the median
/// over the pairs. 0 where all repeat.
double TemporalNoise(FrameSpan frames, const MotionStatistics& motion);

/// The statement after "Licence:" or "License:" in README.md, README.txt or README in the folder, to the line's end.
std::optional<std::string> StatedLicence(const std::filesystem::path& folder);

}  // namespace mirst
