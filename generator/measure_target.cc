#include "generator/measure_target.h"

#include <cmath>

#include "datasets/measure_label.h"
#include "metrics/dprime.h"

namespace mirst {
namespace {

using ScrTable = std::map<std::string, double>;

// The target alone on its background, at full precision.
ScrTable MeasureFloat(const WrittenTarget& t, const Image<double>& composed, const PixelBox& box, Box20Rule domain,
                      int polarity) {
  TargetInImage seen(t.background, t.mask, t.all_targets, box);
  seen.patch = &composed;
  seen.patch_box = t.fused.box;
  const PixelSums global = GlobalSums(t.background_sums, t.background, seen, t.supports);
  seen.global_sums = &global;
  ScrTable values = ScrValues(seen, domain, polarity);
  for (auto& [id, value] : values) value = LabelNumber(value);
  return values;
}

// `signal`: what the target adds, on `support`; `box` is the mask's.
double MeasureDetectability(const Image<double>& signal, const Image<float>& background, const PixelBox& support,
                            const PixelBox& box) {
  const PixelBox window = Intersect(Grow(box, Box20Rule::kMarginPx), background.box());
  return Detectability(FitClutter(background, window), signal, support, background.height(), background.width());
}

// with_target(row of support, column of support) less the background.
template <class Value>
Image<double> Added(const PixelBox& support, const Image<float>& background, Value with_target) {
  Image<double> signal(support.height, support.width);
  for (int y = 0; y < support.height; ++y) {
    for (int x = 0; x < support.width; ++x)
      signal(y, x) = with_target(y, x) - static_cast<double>(background(support.y + y, support.x + x));
  }
  return signal;
}

}  // namespace

void MeasureWrittenTarget(const WrittenTarget& t, Box20Rule domain, Annotation& a) {
  TargetInImage seen(t.image, t.mask, t.all_targets);
  const PixelSums global = GlobalSums(t.background_sums, t.background, seen, t.supports);
  seen.global_sums = &global;
  MeasureLabel(seen, &t.background, domain, a);
  const Image<double> composed = Compose(t.fused, t.gain);
  a.scr_float = MeasureFloat(t, composed, a.box, domain, a.polarity);
  a.scr_float[a.scr_id] = LabelNumber(Measure(t.fused.problem, t.gain).scr);
  const Image<double> signal = Added(t.fused.box, t.background, composed);
  a.dprime = LabelNumber(MeasureDetectability(signal, t.background, t.fused.box, a.box));
}

void MeasureShownTarget(const Image<float>& image, const Image<float>& background, const Mask& mask,
                        const Mask& all_targets, Box20Rule domain, Annotation& a) {
  constexpr int kBlurPx = 4;  // how far a target's light reaches beyond its mask
  MeasureLabel({image, mask, all_targets}, &background, domain, a);
  const PixelBox support = Intersect(Grow(a.box, kBlurPx), image.box());
  const Image<double> signal = Added(
      support, background, [&](int y, int x) { return static_cast<double>(image(support.y + y, support.x + x)); });
  a.dprime = LabelNumber(MeasureDetectability(signal, background, support, a.box));
}

}  // namespace mirst
