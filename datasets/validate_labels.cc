#include "datasets/validate_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.h"
#include "datasets/label_fit.h"
#include "datasets/statistics.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

constexpr std::array<std::string_view, 5> kFlagNames = {"quantised", "clipped", "lowered", "weak", "former_mask"};
/// The flux-weighted centroid of a blurred target may leave the box of its mask by as much.
constexpr int kCentroidMarginPx = 2;
/// A target that moves farther than its stated speed and this many pixels between two frames has jumped.
constexpr double kJumpPx = 5;

class Findings {
 public:
  explicit Findings(std::string file) : file_(std::move(file)) {}
  void Add(Severity severity, std::string check, std::string reason) {
    list_.push_back({severity, std::move(check), file_, std::move(reason)});
  }
  void Fault(std::string check, std::string reason) { Add(Severity::kFault, std::move(check), std::move(reason)); }
  std::vector<Finding> Take() { return std::move(list_); }

 private:
  std::string file_;
  std::vector<Finding> list_;
};

std::string Text(const PixelBox& box) { return fmt::format("{},{} {}x{}", box.x, box.y, box.width, box.height); }

void CheckTarget(const FrameImages& images, const Annotation& target, Findings& findings) {
  const auto fault = [&](std::string check, std::string_view reason) {
    findings.Fault(std::move(check), fmt::format("target {}: {}", target.id, reason));
  };
  const Mask own = PixelsOf(images.mask, images.instance.empty() ? nullptr : &images.instance, target.id);
  const std::int64_t area = CountPixels(own);
  if (target.area_px == 0 && target.visibility == 0) {  // hidden
    if (area > 0) fault("mask", fmt::format("the annotation says that it is hidden, the mask holds {} px", area));
    return;
  }
  if (area == 0) {
    fault("mask", "it is annotated, but no pixel of the mask belongs to it");
    return;
  }
  const PixelBox box = BoundingBox(own);
  if (area != target.area_px)
    fault("mask", fmt::format("the annotation says {} px, the mask holds {}", target.area_px, area));
  if (box != target.box)
    fault("mask", fmt::format("the annotated box is {}, the mask's is {}", Text(target.box), Text(box)));
  const PixelBox reach = Grow(target.box, kCentroidMarginPx);
  const Vec2 c = target.centroid_xy;
  if (c.x < reach.x - 0.5 || c.x > reach.right() - 0.5 || c.y < reach.y - 0.5 || c.y > reach.bottom() - 0.5)
    fault("annotation", fmt::format("the centroid {:.2f},{:.2f} lies outside of the box {}", c.x, c.y, Text(box)));
  if (const auto annotated = target.scr.find("box20"); annotated != target.scr.end()) {
    const double scr = MeasureBox20(images.counts, own, images.mask, Box20Rule::ForBitDepth(images.bit_depth)).scr;
    if (std::abs(scr - annotated->second) > kScrAgreementLimit)
      fault("annotation", fmt::format("the annotated box20 is {:.6g}, the image has {:.6g}", annotated->second, scr));
  }
  if (target.polarity != 1 && target.polarity != -1)
    fault("annotation", fmt::format("polarity is {}, allowed: 1, -1", target.polarity));
  if (!(target.visibility >= 0 && target.visibility <= 1))
    fault("annotation", fmt::format("visibility is {}, allowed: 0 to 1", target.visibility));
  for (const Flag& flag : target.flags) {
    if (std::find(kFlagNames.begin(), kFlagNames.end(), flag.name) == kFlagNames.end())
      fault("annotation", fmt::format("an unknown flag '{}'", flag.name));
    if (flag.name == "clipped" && !(flag.value > 0 && flag.value <= 1))
      fault("annotation", fmt::format("the flag clipped has {}, allowed: a share above 0, up to 1", flag.value));
  }
}

void CheckInstances(const FrameImages& images, const FrameAnnotation& annotation, Findings& findings) {
  if (images.instance.empty()) {
    if (annotation.targets.size() > 1) findings.Fault("instance", "several targets without an instance image");
    return;
  }
  std::int64_t beside = 0, unnamed = 0;
  std::map<int, std::int64_t> strangers;
  for (std::size_t i = 0; i < images.mask.size(); ++i) {
    const int id = images.instance.data()[i];
    const bool is_inside = images.mask.data()[i] > 127;
    beside += id != 0 && !is_inside;
    unnamed += id == 0 && is_inside;
    if (id != 0 && std::none_of(annotation.targets.begin(), annotation.targets.end(),
                                [&](const Annotation& target) { return target.id == id; }))
      ++strangers[id];
  }
  if (beside > 0) findings.Fault("instance", fmt::format("{} px with an id lie outside of the mask", beside));
  if (unnamed > 0) findings.Fault("instance", fmt::format("{} px of the mask have no id", unnamed));
  for (const auto& [id, count] : strangers)
    findings.Fault("instance", fmt::format("the id {} ({} px) is not annotated", id, count));
}

/// The mask holds the pixels of highest coverage of each target, so shifted it covers less.
void CheckCoverage(const FrameImages& images, Findings& findings) {
  if (images.coverage.empty()) return;
  std::array<double, 9> covered{};
  std::int64_t bare = 0;
  for (int y = 0; y < images.mask.height(); ++y) {
    for (int x = 0; x < images.mask.width(); ++x) {
      if (images.mask(y, x) <= 127) continue;
      bare += images.coverage(y, x) == 0;
      for (int k = 0; k < 9; ++k) {
        const int column = x + k % 3 - 1, row = y + k / 3 - 1;
        if (images.coverage.box().Contains(column, row))
          covered[static_cast<std::size_t>(k)] += images.coverage(row, column);
      }
    }
  }
  if (bare > 0) findings.Fault("coverage", fmt::format("{} px of the mask have no coverage", bare));
  const auto best = std::max_element(covered.begin(), covered.end()) - covered.begin();
  if (covered[static_cast<std::size_t>(best)] > 1.02 * covered[4])
    findings.Fault("coverage", fmt::format("the coverage lies {},{} px beside the mask", best % 3 - 1, best / 3 - 1));
}

}  // namespace

std::vector<Finding> CheckLabels(const FrameImages& images, const FrameAnnotation& annotation) {
  Findings findings(images.file);
  std::int64_t annotated = 0;
  for (const Annotation& target : annotation.targets) {
    CheckTarget(images, target, findings);
    annotated += target.area_px;
  }
  if (annotation.targets.empty() && CountPixels(images.mask) > 0)
    findings.Fault("mask", fmt::format("the mask holds {} px, no target is annotated", CountPixels(images.mask)));
  if (annotation.targets.size() > 1 && images.instance.empty() && annotated != CountPixels(images.mask))
    findings.Fault("mask",
                   fmt::format("the mask holds {} px, the annotated targets {}", CountPixels(images.mask), annotated));
  CheckInstances(images, annotation, findings);
  CheckCoverage(images, findings);
  return findings.Take();
}

std::vector<Finding> CheckTracks(const std::vector<FrameAnnotation>& annotations, const std::string& file) {
  struct Seen {
    const Annotation* target;
    int index;
  };
  std::map<int, Seen> last;
  Findings findings(file);
  for (const FrameAnnotation& frame : annotations) {
    std::map<int, int> in_frame;
    for (const Annotation& target : frame.targets) {
      if (++in_frame[target.id] == 2)
        findings.Fault("track", fmt::format("{}: two targets have the id {}", frame.frame, target.id));
      const auto before = last.find(target.id);
      if (before != last.end()) {
        const Annotation& old = *before->second.target;
        if (old.class_name != target.class_name || old.model != target.model) {
          findings.Fault("track", fmt::format("{}: target {} is a {} of {}, before a {} of {}", frame.frame, target.id,
                                              target.class_name, target.model, old.class_name, old.model));
        }
        const int steps = frame.index - before->second.index;
        const Vec2 way = target.centroid_xy - old.centroid_xy, v = old.velocity_px_per_frame;
        const double moved = std::hypot(way.x, way.y), expected = steps * std::hypot(v.x, v.y);
        if (moved > 2 * expected + kJumpPx + std::max(target.box.width, target.box.height)) {
          findings.Add(Severity::kWarning, "track",
                       fmt::format("{}: target {} jumps by {:.1f} px, its speed allows {:.1f}", frame.frame, target.id,
                                   moved, expected));
        }
      }
      last[target.id] = {&target, frame.index};
    }
  }
  return findings.Take();
}

}  // namespace mirst
