// Sequences whose SCR is known in closed form: rectangular targets of one level on a checkerboard of 90 and 110 counts.
// A target of even width covers as many dark as bright pixels, and so does its box20 window (inside the image), so the
// background has mean 100 and sigma 10 exactly and SCR = |level - 100| / (10 + 1e-5).
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/sample.h"

namespace mirst::test {

inline constexpr int kCheckerWidth = 120, kCheckerHeight = 100;

struct CheckerTarget {
  PixelBox box;  ///< even width, at least 20 px from the border
  int level = 130;
  int id = 1;
};

inline double CheckerScr(int level) { return std::abs(level - 100) / (10 + 1e-5); }

inline Annotation CheckerAnnotation(const CheckerTarget& target, double requested) {
  Annotation annotation;
  annotation.id = target.id;
  annotation.class_name = "quadrotor";
  annotation.box = target.box;
  annotation.centroid_xy = {target.box.x + (target.box.width - 1) / 2.0, target.box.y + (target.box.height - 1) / 2.0};
  annotation.area_px = static_cast<int>(target.box.area());
  annotation.polarity = target.level > 100 ? 1 : -1;
  annotation.scr_id = "box20";
  annotation.scr_requested = requested;
  annotation.scr = {{"box20", CheckerScr(target.level)}};
  annotation.scr_delta = annotation.polarity * CheckerScr(target.level);
  annotation.sigma_b = 10;
  annotation.velocity_px_per_frame = {0.6, -0.8};
  return annotation;
}

/// One frame; every target asks for its exact SCR unless `requested` is given.
inline LabelledFrame CheckerFrame(int index, const std::vector<CheckerTarget>& targets, double requested = 0) {
  LabelledFrame labelled;
  labelled.frame = {Image<float>(kCheckerHeight, kCheckerWidth), Quantity::kCounts, 8, index, 0.04 * index,
                    "00000" + std::to_string(index) + ".png"};
  labelled.mask = Mask(kCheckerHeight, kCheckerWidth);
  if (targets.size() > 1) labelled.instance = Image<std::uint16_t>(kCheckerHeight, kCheckerWidth);
  Image<float>& pixels = labelled.frame.pixels;
  for (int y = 0; y < kCheckerHeight; ++y) {
    for (int x = 0; x < kCheckerWidth; ++x) pixels(y, x) = (x + y) % 2 == 0 ? 90.0F : 110.0F;
  }
  labelled.annotation = {labelled.frame.name, index, labelled.frame.time_s, {}};
  for (const CheckerTarget& target : targets) {
    for (int y = target.box.y; y < target.box.bottom(); ++y) {
      for (int x = target.box.x; x < target.box.right(); ++x) {
        pixels(y, x) = static_cast<float>(target.level);
        labelled.mask(y, x) = 255;
        if (labelled.instance) (*labelled.instance)(y, x) = static_cast<std::uint16_t>(target.id);
      }
    }
    labelled.annotation.targets.push_back(
        CheckerAnnotation(target, requested > 0 ? requested : CheckerScr(target.level)));
  }
  return labelled;
}

/// One entry of `frames` a frame.
inline Sample CheckerSample(const std::string& name, const std::vector<std::vector<CheckerTarget>>& frames,
                            double requested = 0) {
  Sample sample{name, RandomKey{}, {}};
  for (std::size_t i = 0; i < frames.size(); ++i)
    sample.frames.push_back(CheckerFrame(static_cast<int>(i), frames[i], requested));
  return sample;
}

}  // namespace mirst::test
