// A training that takes seconds: a few steps of PSTFNet's backbone alone on crops of 48 px, of a set of five short
// sequences.
#pragma once

#include <string>
#include <vector>

#include "detector/train_options.h"
#include "tests/support/training_set.h"

namespace mirst::test {

inline TrainOptions QuickOptions(int steps) {
  TrainOptions options;
  options.network.first_ptam_level = 5;
  options.network.msfm = false;
  options.steps = steps;
  options.log_every_steps = 1;
  options.data.crop_px = 48;
  options.data.batch = 2;
  options.augmentation.centre_crop_px = 8;
  options.validation.every_steps = steps;
  return options;
}

inline std::vector<TrainingSequence> QuickSet() {
  return {{.name = "a"},
          {.name = "b", .has_ignore = true},
          {.name = "v", .split = "val", .frames = 7, .width = 70, .height = 50},
          {.name = "w", .split = "val", .frames = 3},
          {.name = "t", .split = "test"}};
}

}  // namespace mirst::test
