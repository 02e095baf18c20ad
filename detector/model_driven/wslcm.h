// WSLCM: weighted strengthened local contrast measure over several cell sizes. Han, Moradi, Faramarzi, Zhang, Zhao,
// Zhang, Li, IEEE Geosci. Remote Sens. Lett. (2021), doi 10.1109/LGRS.2020.3004978.
#pragma once

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

struct WslcmOptions {
  int largest_cell_px = 11;  ///< cells have 5, 7, ... px up to this
  int least_cell_px = 5;
  double least_std = 5;  ///< floor of the spread of the surroundings
  friend bool operator==(const WslcmOptions&, const WslcmOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, WslcmOptions& o) {
  visitor.Integer("least_cell_px", o.least_cell_px, {3, 51}, "side of the smallest cell, odd");
  visitor.Integer("largest_cell_px", o.largest_cell_px, {3, 51},
                  "side of the largest cell, odd; steps of 2 px between");
  visitor.Real("least_std", o.least_std, {1e-9, 1e9}, "floor of the spread of the surrounding cells, counts");
}
void AddFaults(OptionsReader& reader, const WslcmOptions& o);

/// Unbounded; 0 where the frame is flat. Wholly black surroundings, where the formula divides by zero, count as one
/// count. Any size: beyond the border the frame continues as zeros for the largest
/// values and repeats its edge for the means, as in the published code. Throws kBadInput for an even cell.
Image<double> Wslcm(ImageView<const float> frame, const WslcmOptions& options = {});

class WslcmDetector final : public ModelDrivenDetector {
 public:
  explicit WslcmDetector(const WslcmOptions& options = {}) : options_(options) {}
  std::string_view id() const override { return "wslcm"; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  WslcmOptions options_;
};

}  // namespace mirst
