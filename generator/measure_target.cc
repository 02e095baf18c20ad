#include "generator/measure_target.h"

#include <cmath>

#include "metrics/dprime.h"

namespace mirst {
namespace {

using ScrTable = std::map<std::string, double>;

ScrTable MeasureWritten(const WrittenTarget& t, const PixelBox& box, Box20Rule domain) {
  TargetInImage seen(t.image, t.mask, t.all_targets, box);
  const PixelSums global = GlobalSums(t.background_sums, t.background, seen, t.supports);
  seen.global_sums = &global;
  ScrTable values = ScrValues(seen, domain, t.polarity);
  if (const auto db = values.find("db"); db != values.end()) db->second = Label(db->second);
  return values;
}

// The target alone on its background, at full precision.
ScrTable MeasureFloat(const WrittenTarget& t, const Image<double>& composed, const PixelBox& box, Box20Rule domain) {
  TargetInImage seen(t.background, t.mask, t.all_targets, box);
  seen.patch = &composed;
  seen.patch_box = t.fused.box;
  const PixelSums global = GlobalSums(t.background_sums, t.background, seen, t.supports);
  seen.global_sums = &global;
  ScrTable values = ScrValues(seen, domain, t.polarity);
  for (auto& [id, value] : values) value = Label(value);
  return values;
}

// `with_target` on `support`; `box` is the mask's.
double MeasureDetectability(const Image<double>& with_target, const Image<float>& background, const PixelBox& support,
                            const PixelBox& box) {
  Image<double> signal = with_target;
  for (int y = 0; y < support.height; ++y) {
    for (int x = 0; x < support.width; ++x)
      signal(y, x) -= static_cast<double>(background(support.y + y, support.x + x));
  }
  const PixelBox window = Intersect(Grow(box, Box20Rule::kMarginPx), background.box());
  return Detectability(FitClutter(background, window), signal, support, background.height(), background.width());
}

Image<double> Crop(const Image<float>& image, const PixelBox& box) {
  Image<double> crop(box.height, box.width);
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) crop(y, x) = static_cast<double>(image(box.y + y, box.x + x));
  }
  return crop;
}

}  // namespace

double Label(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 9 - std::floor(std::log10(std::abs(value))));
  return std::floor(value * scale + 0.5) / scale;
}

void MeasureWrittenTarget(const WrittenTarget& t, const std::string& scr_id, Box20Rule domain, Annotation& a) {
  const PixelBox box = BoundingBox(t.mask);
  const ScrRule rule = ScrRule::Named(scr_id, domain, t.polarity);
  const ScrMeasurement written = MeasureScr({t.image, t.mask, t.all_targets, box}, rule);
  const Image<double> composed = Compose(t.fused, t.gain);
  a.box = box;
  a.area_px = written.target_px;
  a.polarity = t.polarity;
  a.scr_id = scr_id;
  a.scr = MeasureWritten(t, box, domain);
  a.scr[scr_id] = written.scr;
  a.scr_float = MeasureFloat(t, composed, box, domain);
  a.scr_float[scr_id] = Label(Measure(t.fused.problem, t.gain).scr);
  a.scr_empty = MeasureScr({t.background, t.mask, t.all_targets, box}, rule).scr;
  a.scr_delta = ScrDelta(t.image, t.background, t.mask, written.sigma_background, rule.sigma_offset);
  a.sigma_b = written.sigma_background;
  a.dprime = Label(MeasureDetectability(composed, t.background, t.fused.box, box));
}

void MeasureShownTarget(const Image<float>& image, const Image<float>& background, const Mask& mask,
                        const Mask& all_targets, Box20Rule domain, Annotation& a) {
  constexpr int kBlurPx = 4;  // how far a target's light reaches beyond its mask
  const ScrRule rule = ScrRule::Named(a.scr_id, domain, a.polarity);
  const TargetInImage seen(image, mask, all_targets);
  const ScrMeasurement measured = MeasureScr(seen, rule);
  a.scr = ScrValues(seen, domain, a.polarity);
  if (const auto db = a.scr.find("db"); db != a.scr.end()) db->second = Label(db->second);
  a.scr[a.scr_id] = measured.scr;
  a.scr_empty = MeasureScr({background, mask, all_targets, seen.box}, rule).scr;
  a.scr_delta = ScrDelta(image, background, mask, measured.sigma_background, rule.sigma_offset);
  a.sigma_b = measured.sigma_background;
  const PixelBox support = Intersect(Grow(seen.box, kBlurPx), image.box());
  a.dprime = Label(MeasureDetectability(Crop(image, support), background, support, seen.box));
}

}  // namespace mirst
