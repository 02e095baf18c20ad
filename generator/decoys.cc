#include "generator/decoys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/units.h"
#include "fusion/fuse.h"
#include "fusion/psf.h"
#include "fusion/region_resample.h"
#include "fusion/scene_estimate.h"
#include "generator/occlusion.h"
#include "generator/target_view.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

bool IsPixelFault(DecoyKind kind) { return kind == DecoyKind::kDeadPixel || kind == DecoyKind::kBlinkingPixel; }

double Rounded(double value) { return std::floor(value * 1e4 + 0.5) / 1e4; }

// exp(-4 ln 2 r^2), r in full widths at half maximum: below 0.002 at the cut.
constexpr double kCutFullWidths = 1.5;

// A Gaussian blob behind the optics; a single cell where it has no length.
Template Blob(const DecoyPlan& plan, double width_px, double psf_sigma_px) {
  Template blob;
  blob.supersampling = plan.kind == DecoyKind::kCloudEdge ? 2 : 8;
  const int reach = static_cast<int>(std::ceil(kCutFullWidths * plan.length_px * blob.supersampling));
  blob.opacity = Image<float>(2 * reach + 1, 2 * reach + 1, 0.0F);
  blob.anchor_cells = {static_cast<double>(reach), static_cast<double>(reach)};
  const double c = std::cos(plan.angle_deg * kPi / 180), s = std::sin(plan.angle_deg * kPi / 180);
  for (int y = -reach; y <= reach; ++y) {
    for (int x = -reach; x <= reach; ++x) {
      if (plan.length_px == 0) {
        blob.opacity(y + reach, x + reach) = 1;
        continue;
      }
      const double along = (c * x + s * y) / (plan.length_px * blob.supersampling),
                   across = (c * y - s * x) / (width_px * blob.supersampling);
      const double squared = along * along + across * across;
      if (squared < kCutFullWidths * kCutFullWidths)
        blob.opacity(y + reach, x + reach) = static_cast<float>(std::exp(-4 * std::log(2.0) * squared));
    }
  }
  blob.contrast = blob.opacity;
  return ApplyGaussianPsf(blob, psf_sigma_px);
}

// How the sensor sees a decoy that sends light; contrast 1 is the peak of the blob centred on a pixel.
class BlobViews {
 public:
  BlobViews(const DecoyPlan& plan, const CameraOptions& camera)
      : plan_(plan), sigma_px_(PsfSigmaPx(camera)), nominal_(Blob(plan, plan.width_px, sigma_px_)) {
    const Footprint centred = ResampleToSensor(nominal_, {0, 0});
    peak_ = *std::max_element(centred.contrast.begin(), centred.contrast.end());
  }
  SensorTemplate At(int frame) const {
    const Vec2 centre = plan_.path.Position(frame);
    if (plan_.kind != DecoyKind::kBird) return Quantise(ResampleToSensor(nominal_, centre), peak_);
    // Wings up and down in six frames.
    const double beat = std::abs(2 * (frame / 6.0 - std::floor(frame / 6.0)) - 1);
    return Quantise(ResampleToSensor(Blob(plan_, plan_.width_px * (0.6 + 0.8 * beat), sigma_px_), centre), peak_);
  }

 private:
  const DecoyPlan& plan_;
  double sigma_px_;
  Template nominal_;
  double peak_ = 1;
};

PixelBox PixelOf(const DecoyPlan& plan) {
  return {static_cast<int>(plan.path.start.x), static_cast<int>(plan.path.start.y), 1, 1};
}

std::vector<PixelBox> Supports(const DecoyPlan& plan, const CameraOptions& camera) {
  if (IsPixelFault(plan.kind)) return std::vector<PixelBox>(plan.shown.size(), PixelOf(plan));
  const BlobViews views(plan, camera);
  std::vector<PixelBox> supports;
  for (const int frame : plan.shown) supports.push_back(views.At(frame).box);
  return supports;
}

// ---- drawing

std::vector<int> DrawShown(RandomStream& random, DecoyKind kind, int frames) {
  std::vector<int> shown;
  bool on = true;
  int left = 0;  // frames until a glint changes
  for (int k = 0; k < frames; ++k) {
    if (kind == DecoyKind::kBlinkingPixel && random.Uniform() < 0.3) on = !on;
    if (kind == DecoyKind::kGlint && left-- == 0) {
      on = k == 0 ? random.Uniform() < 0.2 : !on;
      left = static_cast<int>(on ? random.Integer(4) : 2 + random.Integer(12));
    }
    if (on) shown.push_back(k);
  }
  if (shown.empty()) shown.push_back(static_cast<int>(random.Integer(static_cast<std::uint32_t>(frames))));
  return shown;
}

// The standard deviation of the 20 px around a place.
double ClutterAt(const Frame& frame, Vec2 place) {
  Mask mask(frame.pixels.height(), frame.pixels.width(), 0);
  const auto clamped = [](double value, int size) { return std::clamp(static_cast<int>(value), 0, size - 1); };
  mask(clamped(place.y, mask.height()), clamped(place.x, mask.width())) = 255;
  return MeasureBox20(frame.pixels, mask, mask, Box20Rule::ForBitDepth(frame.bit_depth)).sigma_background;
}

// nullopt where the blob is larger than the frame, a cloud would stand before the foreground, or the clutter asks for a
// decoy that takes more than half of the counts.
std::optional<DecoyPlan> Draw(RandomStream& random, DecoyKind kind, const std::vector<Frame>& frames,
                              CountLimits limits, const Mask& foreground, const GenerateOptions& options) {
  DecoyPlan plan;
  plan.kind = kind;
  const int count = static_cast<int>(frames.size());
  double speed = 0;
  if (kind == DecoyKind::kCloudEdge) {
    plan.length_px = Rounded(random.Uniform(12, 30));
    plan.width_px = Rounded(random.Uniform(2, 4));
    speed = random.Uniform(0, 0.3);
  } else if (kind == DecoyKind::kBird) {
    plan.length_px = Rounded(random.Uniform(2.5, 6));
    plan.width_px = Rounded(random.Uniform(1, 2));
    speed = random.Uniform(0.5, 3);
  }
  plan.angle_deg = plan.length_px > 0 ? Rounded(random.Uniform(0, 180)) : 0;
  const Image<float>& first = frames.front().pixels;
  const double margin =
      IsPixelFault(kind) ? 0 : std::ceil(kCutFullWidths * plan.length_px + 4 * PsfSigmaPx(options.camera)) + 2;
  const auto path =
      DrawPath(random, {margin, margin}, {first.width() - 1 - margin, first.height() - 1 - margin}, count, speed, 0);
  if (!path) return std::nullopt;
  plan.path = *path;
  if (kind == DecoyKind::kCloudEdge &&
      foreground(static_cast<int>(path->start.y), static_cast<int>(path->start.x)) > 127)
    return std::nullopt;
  plan.shown = DrawShown(random, kind, count);
  const double sigmas = random.Uniform(options.decoys.amplitude_sigma.first, options.decoys.amplitude_sigma.second);
  const bool negative = random.Uniform() >= options.target.hot_share;
  if (IsPixelFault(kind)) plan.path.start = {std::floor(path->start.x), std::floor(path->start.y)};
  if (kind == DecoyKind::kDeadPixel) {
    plan.amplitude_counts = negative ? limits.low : limits.high;
  } else {
    const bool may_be_cold = kind == DecoyKind::kBlinkingPixel || kind == DecoyKind::kBird;
    const double clutter = ClutterAt(frames.front(), plan.path.start);
    plan.amplitude_counts = Rounded((negative && may_be_cold ? -1 : 1) * sigmas * clutter);
    if (2 * std::abs(plan.amplitude_counts) > limits.high - limits.low) return std::nullopt;
  }
  return plan;
}

bool KeepsClear(const DecoyPlan& plan, const std::vector<std::vector<PixelBox>>& keep_clear, int clearance_px,
                const CameraOptions& camera) {
  if (std::all_of(keep_clear.begin(), keep_clear.end(), [](const auto& boxes) { return boxes.empty(); })) return true;
  const std::vector<PixelBox> supports = Supports(plan, camera);
  for (std::size_t i = 0; i < plan.shown.size(); ++i) {
    for (const PixelBox& box : keep_clear[static_cast<std::size_t>(plan.shown[i])]) {
      if (!Intersect(Grow(supports[i], clearance_px), box).empty()) return false;
    }
  }
  return true;
}

// ---- painting

void PaintFault(const DecoyPlan& plan, CountLimits limits, Frame& frame, Decoy& label) {
  label.box = PixelOf(plan);
  label.centre_xy = plan.path.start;
  float& pixel = frame.pixels(label.box.y, label.box.x);
  const double before = static_cast<double>(pixel);
  const double level = plan.kind == DecoyKind::kDeadPixel ? plan.amplitude_counts : before + plan.amplitude_counts;
  const double after = std::floor(std::clamp(level, limits.low, limits.high) + 0.5);
  pixel = static_cast<float>(after);
  label.amplitude = after - before;
}

void PaintBlob(const DecoyPlan& plan, const SensorTemplate& blob, CountLimits limits, int scene_radius_px, Frame& frame,
               Decoy& label) {
  Image<float> scene = MedianScene(frame.pixels, blob.box, scene_radius_px);
  const double level = SceneLevel(blob, scene);
  // A bird hides what is behind it; glints and clouds add their light to it.
  if (plan.kind != DecoyKind::kBird) scene.Fill(static_cast<float>(level));
  const double reference = plan.kind == DecoyKind::kBird ? level : static_cast<double>(static_cast<float>(level));
  const FusedTarget fused = Fuse(frame.pixels, blob, scene, reference, limits, Box20Rule::ForBitDepth(frame.bit_depth));
  const Image<std::uint16_t> written = ComposeWritten(fused, plan.amplitude_counts, std::nullopt, 1);
  for (int y = 0; y < written.height(); ++y) {
    for (int x = 0; x < written.width(); ++x) {
      float& pixel = frame.pixels(blob.box.y + y, blob.box.x + x);
      const double added = written(y, x) - static_cast<double>(pixel);
      if (fused.mask(y, x) > 127 && std::abs(added) > std::abs(label.amplitude)) label.amplitude = added;
      pixel = static_cast<float>(written(y, x));
    }
  }
  const PixelBox inside = BoundingBox(fused.mask);
  label.box = {blob.box.x + inside.x, blob.box.y + inside.y, inside.width, inside.height};
  label.centre_xy = {Rounded(blob.centroid_px.x), Rounded(blob.centroid_px.y)};
}

}  // namespace

std::string ToString(DecoyKind kind) {
  switch (kind) {
    case DecoyKind::kDeadPixel:
      return "dead_pixel";
    case DecoyKind::kBlinkingPixel:
      return "blinking_pixel";
    case DecoyKind::kGlint:
      return "glint";
    case DecoyKind::kCloudEdge:
      return "cloud_edge";
    case DecoyKind::kBird:
      break;
  }
  return "bird";
}

std::vector<DecoyPlan> DrawDecoys(const RandomKey& key, const std::vector<Frame>& frames, CountLimits limits,
                                  const std::vector<std::vector<PixelBox>>& keep_clear, int clearance_px,
                                  const GenerateOptions& options) {
  constexpr int kTries = 200;
  const DecoyOptions& wanted = options.decoys;
  const std::pair<DecoyKind, int> counts[] = {{DecoyKind::kDeadPixel, wanted.dead_pixels},
                                              {DecoyKind::kBlinkingPixel, wanted.blinking_pixels},
                                              {DecoyKind::kGlint, wanted.glints},
                                              {DecoyKind::kCloudEdge, wanted.cloud_edges},
                                              {DecoyKind::kBird, wanted.birds}};
  const Mask foreground = EstimateForeground(frames.front().pixels, options.occlusion.texture_limit);
  RandomStream random(key);
  std::vector<DecoyPlan> plans;
  for (const auto& [kind, count] : counts) {
    for (int i = 0; i < count; ++i) {
      std::optional<DecoyPlan> plan;
      for (int attempt = 0; attempt < kTries && !plan; ++attempt) {
        plan = Draw(random, kind, frames, limits, foreground, options);
        if (plan && !KeepsClear(*plan, keep_clear, clearance_px, options.camera)) plan.reset();
      }
      if (!plan) {
        throw BadInput(fmt::format(
            "no place for {} {} of {} was found in {} tries: frames of {} x {} px, {} px from "
            "the real targets (avoid_margin_px), amplitude within half of the counts (decoys.amplitude_sigma)",
            ToString(kind), i + 1, count, kTries, frames.front().pixels.width(), frames.front().pixels.height(),
            clearance_px));
      }
      plans.push_back(std::move(*plan));
    }
  }
  return plans;
}

std::vector<PaintedDecoys> PaintDecoys(const std::vector<DecoyPlan>& plans, CountLimits limits,
                                       const GenerateOptions& options, std::vector<Frame>& frames) {
  std::vector<PaintedDecoys> painted(frames.size());
  // Light first: the faults of a pixel come behind the optics and hide what falls on it.
  for (const bool faults : {false, true}) {
    for (std::size_t i = 0; i < plans.size(); ++i) {
      const DecoyPlan& plan = plans[i];
      if (IsPixelFault(plan.kind) != faults) continue;
      std::optional<BlobViews> views;
      if (!faults) views.emplace(plan, options.camera);
      for (const int k : plan.shown) {
        const auto frame = static_cast<std::size_t>(k);
        Decoy label{static_cast<int>(i) + 1, ToString(plan.kind), {}, {}, 0};
        if (faults) {
          PaintFault(plan, limits, frames[frame], label);
          painted[frame].supports.push_back(label.box);
        } else {
          const SensorTemplate blob = views->At(k);
          PaintBlob(plan, blob, limits, options.fusion.scene_radius_px, frames[frame], label);
          painted[frame].supports.push_back(blob.box);
        }
        painted[frame].labels.push_back(label);
      }
    }
  }
  return painted;
}

}  // namespace mirst
