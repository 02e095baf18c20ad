// How the target of a scenario looks to the camera, frame by frame: rendered at its attitude and range, behind the
// optics.
#pragma once

#include <optional>
#include <vector>

#include "core/template.h"
#include "generator/options.h"
#include "generator/scenario.h"
#include "renderer/render_template.h"
#include "renderer/template_cache.h"

namespace mirst {

/// sigma of the PSF that the options ask for, px.
double PsfSigmaPx(const CameraOptions& camera);

/// The target as the options' camera sees it, before its optics, and behind them.
Template RenderSharp(const TargetModel& model, const Attitude& attitude, double range_m, const GenerateOptions& options,
                     TemplateCache& cache);
Template RenderView(const TargetModel& model, const Attitude& attitude, double range_m, const GenerateOptions& options,
                    TemplateCache& cache);

/// Area of the half_max mask of a blurred template whose anchor lies on a pixel's centre, px.
double MaskAreaPx(const Template& target);

/// The range at which the target's half_max mask, centred on a pixel, has the area asked for in the scenario's first
/// frame (nearest that a search finds). Throws kBadInput when the model cannot be rendered at any useful range.
double SolveRange(const TargetModel& model, const Attitude& attitude, double area_px, const GenerateOptions& options,
                  TemplateCache& cache);

/// The blurred template of each frame, rendered when it is first asked for. Not for use from several threads.
class TargetViews {
 public:
  /// Keeps references: the arguments must outlive it. Of the scenario, attitude, rate and range count.
  TargetViews(const TargetModel& model, const TargetScenario& scenario, const GenerateOptions& options,
              TemplateCache& cache);

  const Template& At(int frame);

 private:
  const TargetModel& model_;
  const GenerateOptions& options_;
  TemplateCache& cache_;
  TargetScenario scenario_;
  std::vector<std::optional<Template>> views_;  ///< one alone when the attitude does not change
};

}  // namespace mirst
