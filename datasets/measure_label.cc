#include "datasets/measure_label.h"

namespace mirst {

void MeasureLabel(const TargetInImage& target, const Image<float>* background, Box20Rule domain, Annotation& a) {
  const ScrRule rule = ScrRule::Named(a.scr_id, domain, a.polarity);
  const ScrMeasurement measured = MeasureScr(target, rule);
  a.box = target.box;
  a.area_px = measured.target_px;
  a.sigma_b = measured.sigma_background;
  a.scr = ScrValues(target, domain, a.polarity);
  if (const auto db = a.scr.find("db"); db != a.scr.end()) db->second = LabelNumber(db->second);
  a.scr[a.scr_id] = measured.scr;
  std::erase_if(a.flags, [](const Flag& flag) { return flag.name == "quantised"; });
  const double bound = RoundingBound(rule, a.area_px, a.sigma_b);
  if (a.scr_requested > 0 && bound > 0.02 * a.scr_requested) a.flags.insert(a.flags.begin(), {"quantised", bound});
  if (background == nullptr) return;
  a.scr_empty = MeasureScr({*background, target.target, target.all_targets, target.box}, rule).scr;
  a.scr_delta = ScrDelta(target.image, *background, target.target, measured.sigma_background, rule.sigma_offset);
}

}  // namespace mirst
