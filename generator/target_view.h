// How the target of a scenario looks to the camera, frame by frame: rendered at its attitude and range in its
// surroundings, behind the optics.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "core/annotation.h"
#include "core/template.h"
#include "fusion/psf.h"
#include "generator/options.h"
#include "generator/scenario.h"
#include "renderer/render_template.h"
#include "renderer/template_cache.h"

namespace mirst {

/// What all targets of a data set are seen through: air and light around them, lens, detector. Made once; thread-safe.
class TargetCamera {
 public:
  /// `cache_bytes` bound the memory for views that may be asked for again. Throws kBadInput: optics out of range, an
  /// atmosphere that is unknown, unreadable or not for the band.
  explicit TargetCamera(const GenerateOptions& options, std::size_t cache_bytes = std::size_t{256} << 20);

  /// The template before the optics and behind them. Throw kBadInput as RenderTemplate does.
  std::shared_ptr<const Template> Sharp(const TargetModel& model, const Attitude& attitude, double range_m);
  Template View(const TargetModel& model, const Attitude& attitude, double range_m);

  /// Radiance terms of a target seen as `view` (of View, for its contrast and coverage).
  TargetRadiometry Radiometry(const Template& view) const;

  /// How far the image of a point reaches from its place, px.
  double psf_reach_px() const;
  const CameraOptions& options() const { return camera_; }
  int supersampling() const { return supersampling_; }
  TemplateCache::Statistics statistics() const { return cache_.statistics(); }

 private:
  CameraOptions camera_;
  int supersampling_;
  Surroundings surroundings_;
  double sigma_px_ = 0;
  std::optional<PsfKernel> lens_;  // instead of the Gaussian alone
  TemplateCache cache_;
};

/// sigma of the Gaussian PSF that the options ask for, or with psf: airy the one nearest to the lens, px.
double PsfSigmaPx(const CameraOptions& camera);

/// Area of the half_max mask of a blurred template whose anchor lies on a pixel's centre, px.
double MaskAreaPx(const Template& target, double fill_factor = 1);

/// The range at which the target's half_max mask, centred on a pixel, has the area asked for in the scenario's first
/// frame (nearest that a search finds). Throws kBadInput when the model cannot be rendered at any useful range.
double SolveRange(const TargetModel& model, const Attitude& attitude, double area_px, TargetCamera& camera);

/// Sets how many frames share a view: as long as no point of the target moves by more than one cell of the template
/// (1 / supersampling px) by turning or coming nearer, and it turns by 2 degrees at most. Attitude and range of the
/// labels are those of the view. Where the path decides them, each frame has its own.
void HoldViews(const TargetModel& model, const TargetCamera& camera, TargetScenario& scenario);

/// First, last, and the three between that part a sequence into quarters.
constexpr int kQuarters = 4;
int QuarterFrame(int quarter, int frames);

/// The blurred template of each frame, rendered when it is first asked for. Not for use from several threads.
class TargetViews {
 public:
  /// Keeps references: the arguments must outlive it. Of the scenario, attitude, rate and range count.
  TargetViews(const TargetModel& model, const TargetScenario& scenario, TargetCamera& camera);

  const Template& At(int frame);
  /// That of the nearest quarter of the sequence, for a first look at a path; where the path decides the view, At.
  const Template& Near(int frame);

 private:
  const TargetModel& model_;
  TargetCamera& camera_;
  TargetScenario scenario_;
  std::vector<std::optional<Template>> views_;  ///< one alone when neither attitude nor range changes
};

}  // namespace mirst
