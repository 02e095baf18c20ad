// Classical (model-driven) detectors of small targets: no training, no LibTorch. A detector gives a response a pixel;
// making a mask of it is the caller's choice (segmentation.h, or a threshold fixed on validation data).
#pragma once

#include <string_view>
#include <vector>

#include "core/image.h"

namespace mirst {

/// What a method makes of the frames of one window.
struct Responses {
  /// One map a frame, shape of the frame, as the published code gives it before any stretch or clipping: larger = more
  /// like a target, in the unit of the frame where the method has one; IPI and ASTTV-NTLA give negative values too.
  std::vector<Image<float>> maps;
  int iterations = 0;  ///< of the solver, 0 for methods without one
};

class ModelDrivenDetector {
 public:
  virtual ~ModelDrivenDetector() = default;

  /// Names the method in results, "top_hat_5x5", "ipi".
  virtual std::string_view id() const = 0;
  /// Frames that are looked at together.
  virtual int window_frames() const { return 1; }
  /// Responses of window_frames() consecutive frames, any size that the method takes. Safe from several threads at
  /// once; does not depend on the number of threads. Throws kBadInput: frames too small for the method's patches, of
  /// several sizes, or with a value that is not a finite number.
  Responses Respond(const std::vector<ImageView<const float>>& window) const;

 private:
  /// `window` is checked: window_frames() frames of one size, not empty, all finite.
  virtual Responses Solve(const std::vector<ImageView<const float>>& window) const = 0;
};

}  // namespace mirst
