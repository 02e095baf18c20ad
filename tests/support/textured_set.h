// Sequences of a moving blob on a still, textured and noisy background, whose labels are right by construction: mask =
// where the blob has at least half of its height, coverage = the blob itself, SCR measured on the written counts.
#pragma once

#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "datasets/frame_io.h"
#include "datasets/sample_store.h"
#include "metrics/scr.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst::test {

inline constexpr int kTexturedHeight = 80, kTexturedWidth = 96;

/// Bilinear texture of 8 x 10 random levels (60 to 140), another for every `stream`.
inline Image<float> Texture(std::uint32_t stream) {
  RandomStream random(RandomKey{.seed = 9, .sequence = stream, .purpose = Purpose::kTest});
  Image<float> knots(9, 11), texture(kTexturedHeight, kTexturedWidth);
  for (float& knot : knots) knot = static_cast<float>(random.Uniform(60, 140));
  for (int y = 0; y < kTexturedHeight; ++y) {
    for (int x = 0; x < kTexturedWidth; ++x) {
      const float v = static_cast<float>(y) / 10, u = static_cast<float>(x) / 10;
      const int row = static_cast<int>(v), column = static_cast<int>(u);
      const float a = v - static_cast<float>(row), b = u - static_cast<float>(column);
      texture(y, x) = (1 - a) * ((1 - b) * knots(row, column) + b * knots(row, column + 1)) +
                      a * ((1 - b) * knots(row + 1, column) + b * knots(row + 1, column + 1));
    }
  }
  return texture;
}

/// `frames` frames; the blob (sigma 1.3 px, 90 counts high) moves by 8 px to the right a frame.
inline Sample TexturedSample(const std::string& name, std::uint32_t stream, int frames) {
  Sample sample{name, RandomKey{}, {}};
  const Image<float> texture = Texture(stream);
  for (int index = 0; index < frames; ++index) {
    RandomStream noise(RandomKey{.seed = 10, .sequence = stream, .frame = static_cast<std::uint32_t>(index)});
    LabelledFrame labelled;
    const std::string file = std::string(index < 10 ? "00000" : "0000") + std::to_string(index) + ".png";
    labelled.frame = {texture, Quantity::kCounts, 8, index, 0.04 * index, file};
    labelled.mask = Mask(kTexturedHeight, kTexturedWidth);
    labelled.coverage = Image<std::uint16_t>(kTexturedHeight, kTexturedWidth);
    const Vec2 centre{20.3 + 8 * index, 40.4};
    for (int y = 0; y < kTexturedHeight; ++y) {
      for (int x = 0; x < kTexturedWidth; ++x) {
        const double r2 = (x - centre.x) * (x - centre.x) + (y - centre.y) * (y - centre.y);
        const double blob = std::exp(-r2 / (2 * 1.3 * 1.3));
        labelled.coverage(y, x) = static_cast<std::uint16_t>(65535 * blob);
        if (blob >= 0.5) labelled.mask(y, x) = 255;
        const double value = static_cast<double>(texture(y, x)) + 90 * blob + noise.Normal();
        labelled.frame.pixels(y, x) = static_cast<float>(std::round(value));
      }
    }
    Annotation target;
    target.class_name = "quadrotor";
    target.box = BoundingBox(labelled.mask);
    target.centroid_xy = centre;
    target.area_px = static_cast<int>(CountPixels(labelled.mask));
    target.scr_id = "box20";
    target.scr["box20"] = MeasureBox20(labelled.frame.pixels, labelled.mask, labelled.mask, Box20Rule{}).scr;
    target.scr_requested = target.scr_delta = target.scr["box20"];
    target.velocity_px_per_frame = {8, 0};
    labelled.annotation = {file, index, labelled.frame.time_s, {target}};
    sample.frames.push_back(std::move(labelled));
  }
  return sample;
}

/// Native: "a" and "b" in train, "c" in test, 6 frames each, one source each.
inline void WriteTexturedSet(const std::filesystem::path& folder) {
  SampleStoreWriter writer(folder, Existing::kRefuse, 0);
  Manifest manifest;
  for (const char* name : {"a", "b", "c"}) {
    const Sample sample = TexturedSample(name, static_cast<std::uint32_t>(*name), 6);
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, *name == 'c' ? "test" : "train"));
  }
  writer.Finish(manifest);
}

}  // namespace mirst::test
