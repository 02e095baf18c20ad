// Scores target by target under P1: Pd by SCR, size, speed, class and detectability d', the least SCR that is detected,
// the efficiency against the matched filter, and what chance alone would find.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/random.h"
#include "metrics/bootstrap.h"
#include "metrics/detection.h"

namespace mirst {

/// One annotated target in one frame. Absent values were not annotated.
struct TargetRecord {
  std::string source, class_name;
  std::optional<double> scr, area_px, speed_px, dprime;
  bool hit = false;
};

/// Targets with low <= value < high, or of one class.
struct PdBin {
  std::string quantity;  ///< "scr", "area_px", "speed_px", "dprime", "class"
  std::string label;     ///< "[1, 2)", or the class
  Ratio pd;
  std::optional<Interval> interval;
  double mean = 0;  ///< of the quantity over the bin's targets; 0 of classes
};

/// Bins that hold targets: SCR at 0 1 2 3 5 8, area at 1 5 10 26 82 px, speed at 0 0.5 1 2 4 px/frame, d' at 0 1 2 3 4
/// 6 8 12, classes by name. Targets without the value are in no bin.
std::vector<PdBin> PdByQuantity(const std::vector<TargetRecord>& targets);

/// The groups of a sequence by its targets' means and their class, in the bins of PdByQuantity: "area_px [1, 5)",
/// "class boat".
std::vector<std::string> GroupsOf(std::optional<double> area_px, std::optional<double> speed_px,
                                  const std::string& class_name);

struct SurfaceCell {
  std::string scr, area_px, speed_px;
  Ratio pd;
};
/// Pd over (SCR, area, speed) in the same bins; cells without targets are left out.
std::vector<SurfaceCell> PdSurface(const std::vector<TargetRecord>& targets);

/// The least SCR from which on Pd stays >= `pd`: hits are fitted by the best rising function of the SCR (isotonic
/// regression, pool adjacent violators), and its first value >= pd counts. None where none is reached, or no SCR known.
std::optional<double> LeastScr(const std::vector<TargetRecord>& targets, double pd);
inline constexpr double kLeastScrPd = 0.9, kLeastScrFa = 1e-6;

/// How a detector compares with the ideal observer that knows the target (pre-whitened matched filter) at the same
/// false-alarm probability a pixel: the d' at which that one would reach the detector's Pd, over the targets' d',
/// squared (Tanner and Birdsall, JASA 30, 1958). None where Pd or Fa is 0 or 1, or d' is not positive.
std::optional<double> Efficiency(const Ratio& pd, double fa, double dprime);

/// Pd of the same predictions on targets put at random places: each target's box and centroid move, as a whole, to a
/// uniformly random place in the frame where no pixel of the box is ignored and no true centroid lies within 6 px. P1
/// decides. Targets that find no such place in 100 tries are left out.
Ratio ChancePd(const CountedFrame& frame, const Mask* ignore, RandomStream& random);

}  // namespace mirst
