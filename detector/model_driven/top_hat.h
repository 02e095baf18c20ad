// Top-Hat: what a flat opening takes away from the frame, that is, every bright (or dark) structure that the
// structuring element does not fit into.
#pragma once

#include <string>

#include "core/config.h"
#include "detector/model_driven/detector.h"

namespace mirst {

enum class TargetPolarity { kBright, kDark };

struct TopHatOptions {
  int size_px = 5;  ///< side of the square structuring element, odd
  TargetPolarity polarity = TargetPolarity::kBright;
  friend bool operator==(const TopHatOptions&, const TopHatOptions&) = default;
};

inline void Visit(OptionsVisitor& visitor, TopHatOptions& o) {
  visitor.Integer("size_px", o.size_px, {1, 101}, "side of the square structuring element, odd");
  visitor.Choice("polarity", o.polarity, {"bright", "dark"}, "targets brighter or darker than their surroundings");
}
void AddFaults(OptionsReader& reader, const TopHatOptions& o);

/// Bright: image - opening; dark: closing - image. Flat square of size_px x size_px; at the border the element is cut
/// to the part that lies inside the image. Result >= 0, the image's unit. Throws kBadInput for an even or non-positive
/// size.
Image<float> TopHat(ImageView<const float> image, const TopHatOptions& options = {});

class TopHatDetector final : public ModelDrivenDetector {
 public:
  /// Throws kBadInput for an even or non-positive size.
  explicit TopHatDetector(const TopHatOptions& options = {});
  std::string_view id() const override { return id_; }

 private:
  Responses Solve(const std::vector<ImageView<const float>>& window) const override;
  TopHatOptions options_;
  std::string id_;
};

}  // namespace mirst
