#include "generator/measure_target.h"

#include <cmath>

#include "metrics/dprime.h"

namespace mirst {
namespace {

using ScrTable = std::map<std::string, double>;

ScrTable FiniteValues(const std::map<std::string, ScrMeasurement>& measured) {
  ScrTable values;
  for (const auto& [id, m] : measured) {
    if (std::isfinite(m.scr)) values[id] = m.scr;
  }
  return values;
}

ScrTable MeasureWritten(const WrittenTarget& t, const PixelBox& box, Box20Rule domain) {
  TargetInImage seen(t.image, t.mask, t.all_targets, box);
  const PixelSums global = GlobalSums(t.background_sums, t.background, seen, t.supports);
  seen.global_sums = &global;
  ScrTable values = FiniteValues(MeasureEveryScr(seen, domain, t.polarity));
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
  ScrTable values = FiniteValues(MeasureEveryScr(seen, domain, t.polarity));
  for (auto& [id, value] : values) value = Label(value);
  return values;
}

double MeasureDetectability(const WrittenTarget& t, const Image<double>& composed, const PixelBox& box) {
  const PixelBox& support = t.fused.box;
  Image<double> signal = composed;
  for (int y = 0; y < support.height; ++y) {
    for (int x = 0; x < support.width; ++x)
      signal(y, x) -= static_cast<double>(t.background(support.y + y, support.x + x));
  }
  const PixelBox window = Intersect(Grow(box, Box20Rule::kMarginPx), t.background.box());
  return Detectability(FitClutter(t.background, window), signal, support, t.background.height(), t.background.width());
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
  a.dprime = Label(MeasureDetectability(t, composed, box));
}

}  // namespace mirst
