// Small data sets in the native layout for the tests of training: noise of sigma 4 around 100 counts, and a bright
// target of 3 x 3 px that moves one pixel a frame to the right and down.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/random.h"
#include "datasets/sample_store.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst::test {

struct TrainingSequence {
  std::string name;
  std::string split = "train";
  int frames = 8;
  int width = 64;
  int height = 64;
  bool has_target = true;
  bool has_ignore = false;
  int bit_depth = 8;
};

inline Sample MakeTrainingSample(const TrainingSequence& wanted, std::uint32_t stream) {
  Sample sample{wanted.name, RandomKey{}, {}};
  for (int index = 0; index < wanted.frames; ++index) {
    RandomStream random(RandomKey{.seed = 11, .sequence = stream, .frame = static_cast<std::uint32_t>(index)});
    LabelledFrame labelled;
    labelled.frame = {Image<float>(wanted.height, wanted.width),
                      Quantity::kCounts,
                      wanted.bit_depth,
                      index,
                      0.04 * index,
                      fmt::format("{:06}.png", index)};
    labelled.mask = Mask(wanted.height, wanted.width);
    for (float& pixel : labelled.frame.pixels)
      pixel = static_cast<float>(static_cast<int>(100.5 + 4 * random.Normal()));
    labelled.annotation = {labelled.frame.name, index, labelled.frame.time_s, {}};
    if (wanted.has_target) {
      const int x = (wanted.width / 3 + index) % (wanted.width - 3),
                y = (wanted.height / 2 + index) % (wanted.height - 3);
      for (int j = y; j < y + 3; ++j) {
        for (int i = x; i < x + 3; ++i) {
          labelled.frame.pixels(j, i) = 160;
          labelled.mask(j, i) = 255;
        }
      }
      Annotation target;
      target.class_name = "quadrotor";
      target.box = {x, y, 3, 3};
      target.centroid_xy = {x + 1.0, y + 1.0};
      target.area_px = 9;
      target.scr_id = "box20";
      labelled.annotation.targets.push_back(target);
    }
    if (wanted.has_ignore) {
      labelled.ignore = Mask(wanted.height, wanted.width);
      for (int i = 0; i < wanted.width; ++i) (*labelled.ignore)(0, i) = 255;
    }
    sample.frames.push_back(std::move(labelled));
  }
  return sample;
}

/// Writes the set into `folder` (replacing one) and returns its dataset_id.
inline std::string WriteTrainingSet(const std::filesystem::path& folder,
                                    const std::vector<TrainingSequence>& sequences) {
  SampleStoreWriter writer(folder, Existing::kReplace, 0);
  Manifest manifest;
  std::uint32_t stream = 0;
  for (const TrainingSequence& wanted : sequences) {
    const Sample sample = MakeTrainingSample(wanted, stream++);
    writer.WriteSequence(sample);
    manifest.sequences.push_back(EntryOf(sample, wanted.split));
  }
  return writer.Finish(manifest);
}

}  // namespace mirst::test
