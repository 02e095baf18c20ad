// All random decisions of one sequence, as data: drawn first, checked for feasibility, stored in the manifest, and only
// then carried out.
#pragma once

#include <string>

#include "core/geometry.h"
#include "core/random.h"
#include "core/track.h"
#include "generator/options.h"
#include "generator/track_model.h"

namespace mirst {

/// What the plan of the whole data set asks of one sequence (stratified over the sequences).
struct SequenceRequest {
  int index = 0;
  double scr = 1;
  double area_px = 9;
  double speed_px_per_frame = 1;
  int polarity = 1;
  int model = 0;  ///< index of the model
  bool accelerated = false;
  friend bool operator==(const SequenceRequest&, const SequenceRequest&) = default;
};

struct Scenario {
  SequenceRequest request;
  int source = 0;  ///< index of the background source
  int first_frame = 0;
  int frames = 0;
  Path path;
  Attitude attitude;       ///< in the first frame
  Attitude attitude_rate;  ///< degrees a frame
  double range_m = 0;
  int placement = 0;  ///< how many placements were rejected before
  double scr = 0;     ///< as embedded: the request, or less where it was lowered
  friend bool operator==(const Scenario&, const Scenario&) = default;

  Attitude AttitudeAt(int frame) const;
  /// The target's state in each frame; `frame_rate_hz` gives the times.
  Track MakeTrack(double frame_rate_hz) const;
};

/// One request for each sequence: SCR, area and speed by Latin hypercube (each stratum once), polarity by quota, models
/// in turn; the orders are drawn by the seed.
std::vector<SequenceRequest> DrawRequests(const GenerateOptions& options, int models);

std::string ToJson(const Scenario& scenario);

}  // namespace mirst
