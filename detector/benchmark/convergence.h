// Has a training ended, or was it only stopped? The slope of the last third of its validation curve, with an interval.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mirst {

struct ValidationPoint {
  double step = 0;
  double iou = 0;  ///< iou_seq on the validation split, 0 ... 1
};

/// The columns step and iou_seq of a training's val_log.csv; a row without IoU counts as 0. Throws kBadInput: missing
/// file or column, a cell that is no number.
std::vector<ValidationPoint> ReadValidationCurve(const std::filesystem::path& val_log);

/// Of a straight line through points by least squares, change of IoU in 1000 steps, with its 95 % interval under
/// independent normal errors (Student's t, n - 2 degrees of freedom).
struct Slope {
  double per_1000_steps = 0;
  double low = 0, high = 0;
  std::size_t points = 0;
  friend bool operator==(const Slope&, const Slope&) = default;
};

/// Of the last third of the curve, rounded up. None below three points there or where all stand at one step.
std::optional<Slope> SlopeOfLastThird(const std::vector<ValidationPoint>& curve);

/// Empty where the training may count as converged; else the reason: fewer than `least_validations`, no slope, a slope
/// whose interval lies above 0, an IoU that is 0 all along the last third, or a curve that scatters: by the interval's
/// upper end, another such third might raise the IoU by more than half.
std::string WhyNotConverged(const std::vector<ValidationPoint>& curve, int least_validations);

}  // namespace mirst
