#include "datasets/label_regions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.h"
#include "metrics/components.h"
#include "metrics/scr.h"

namespace mirst {

Image<std::uint16_t> RegionsOf(const Mask& mask) {
  const Labelling labelling = LabelComponents(mask);
  if (labelling.components.size() > 65535) throw BadInput("the mask has more than 65535 separate regions");
  Image<std::uint16_t> ids(mask.height(), mask.width());
  for (const PixelRun& run : labelling.runs)
    std::fill(ids.row(run.y) + run.first, ids.row(run.y) + run.end, static_cast<std::uint16_t>(run.component + 1));
  return ids;
}

std::vector<Annotation> DescribeIds(const Image<std::uint16_t>& ids) {
  std::map<int, Annotation> targets;
  for (int y = 0; y < ids.height(); ++y) {
    for (int x = 0; x < ids.width(); ++x) {
      if (ids(y, x) == 0) continue;
      Annotation& target = targets[ids(y, x)];
      target.id = ids(y, x);
      ++target.area_px;
      target.centroid_xy = target.centroid_xy + Vec2{static_cast<double>(x), static_cast<double>(y)};
      target.box = Enclose(target.box, {x, y, 1, 1});
    }
  }
  std::vector<Annotation> list;
  for (auto& [id, target] : targets) {
    target.centroid_xy = 1.0 / target.area_px * target.centroid_xy;
    list.push_back(std::move(target));
  }
  return list;
}

void MeasureContrast(const LabelledFrame& labelled, Annotation& target) {
  const Mask own = labelled.PixelsOf(target.id);
  const Box20Rule rule = Box20Rule::ForBitDepth(labelled.frame.bit_depth);
  const ScrMeasurement measured = MeasureBox20(labelled.frame.pixels, own, labelled.mask, rule);
  target.scr["box20"] = measured.scr;
  target.polarity = measured.mean_target < measured.mean_background ? -1 : 1;
  if (!labelled.background) return;
  target.scr_empty = MeasureBox20(*labelled.background, own, labelled.mask, rule).scr;
  target.scr_delta = ScrDelta(labelled.frame.pixels, *labelled.background, own, measured.sigma_background);
}

}  // namespace mirst
