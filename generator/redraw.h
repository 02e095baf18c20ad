// The targets of a written data set drawn once more, from what their annotations say: model, pose, range, place and
// gain. Lets a written frame be taken apart into background, target and noise.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/annotation.h"
#include "core/image.h"
#include "datasets/sample_store.h"
#include "fusion/region_resample.h"
#include "generator/options.h"
#include "generator/target_view.h"
#include "renderer/render_template.h"

namespace mirst {

struct RedrawnTarget {
  Template sharp;          ///< before the optics
  Template blurred;        ///< behind them
  Vec2 centre_px;          ///< of the model's origin, found from the annotated centroid
  PixelBox box;            ///< of its support in the frame
  Image<double> opacity;   ///< a, (box.height, box.width)
  Image<double> contrast;  ///< annotated gain times m: counts
};

/// A written frame within a target's support, less the target: what noise is left there, beside what was there before.
struct TakenApart {
  double reference_level = 0;  ///< b0, fitted by least squares
  Image<double> left;          ///< I - a b0 - g m - (1 - a) S, (box.height, box.width)
  Image<double> before;        ///< B - S
  Image<float> scene;          ///< S
};
/// S is the median of the background over (2 scene_radius_px + 1)^2 px, as in fusion. None where the support leaves the
/// frame.
std::optional<TakenApart> TakeApart(ImageView<const float> frame, ImageView<const float> background,
                                    const RedrawnTarget& target, int scene_radius_px);

class TargetRedraw {
 public:
  /// Reads the options from the manifest's config. Throws kUsage when they are none of this version's.
  explicit TargetRedraw(const Manifest& manifest);

  /// None where the model's file is not at hand with the manifest's hash, or the target is partly hidden.
  std::optional<RedrawnTarget> Draw(const ManifestSequence& sequence, const Annotation& target);

  const GenerateOptions& options() const { return options_; }

 private:
  const TargetModel* FindModel(const ManifestSequence& sequence, const std::string& path);

  GenerateOptions options_;
  TargetCamera camera_;
  std::map<std::string, std::optional<TargetModel>> models_;
};

}  // namespace mirst
