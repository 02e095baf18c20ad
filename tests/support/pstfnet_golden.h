// The formulas of the PSTFNet reference tensors: weights, inputs and masks from a counter, without files.
#pragma once

#include <torch/types.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/file.h"
#include "detector/checkpoint.h"
#include "tests/support/npy.h"

namespace mirst::test {

/// In [-1, 1), exact.
inline float GoldenRandom(std::uint32_t seed, std::uint32_t k, std::uint32_t i) {
  std::uint32_t x = i * 2654435761U + k * 2246822519U + seed * 3266489917U + 374761393U;
  x ^= x >> 15;
  x *= 2246822519U;
  x ^= x >> 13;
  x *= 3266489917U;
  x ^= x >> 16;
  return std::ldexp(static_cast<float>(static_cast<std::int32_t>(x >> 8) - 8388608), -23);
}

struct GoldenTensor {
  std::uint32_t k = 0;
  std::vector<std::int64_t> shape;
};

/// state_dict.tsv: name -> (k, shape).
inline std::map<std::string, GoldenTensor> ReadGoldenNames(const std::filesystem::path& path) {
  std::map<std::string, GoldenTensor> tensors;
  std::istringstream lines(ReadFile(path));
  std::string line;
  std::getline(lines, line);  // names of the columns
  while (std::getline(lines, line)) {
    std::istringstream columns(line);
    std::string k, name, shape, extent;
    std::getline(columns, k, '\t');
    std::getline(columns, name, '\t');
    std::getline(columns, shape, '\t');
    GoldenTensor& tensor = tensors[name];
    tensor.k = static_cast<std::uint32_t>(std::stoul(k));
    std::istringstream extents(shape);
    while (std::getline(extents, extent, ',')) tensor.shape.push_back(std::stoll(extent));
  }
  return tensors;
}

/// Fills one tensor by its name's rule; seed 1, gain 0.8.
inline void FillGolden(const std::string& name, std::uint32_t k, torch::Tensor tensor) {
  const torch::NoGradGuard no_gradient;
  const auto ends_with = [&](const std::string& end) {
    return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  if (ends_with("num_batches_tracked")) {
    tensor.zero_();
    return;
  }
  float scale = 0.1F, offset = 0;
  if (ends_with("running_var")) {
    scale = 0.5F, offset = 1;
  } else if (ends_with("running_mean")) {
    scale = 0.1F;
  } else if (tensor.dim() >= 2) {
    scale = static_cast<float>(0.8 * std::sqrt(6.0 / static_cast<double>(tensor.numel() / tensor.size(0))));
  } else if (ends_with(".weight")) {
    scale = 0.2F, offset = 1;
  }
  torch::Tensor values = torch::empty(tensor.sizes(), torch::kFloat);
  float* data = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const float product = scale * GoldenRandom(1, k, static_cast<std::uint32_t>(i));
    data[i] = offset + product;
  }
  tensor.copy_(values);
}

/// Weights by name from the full model; names that it lacks take k = 2000, 2001, ... in their order.
inline void FillGolden(Pstfnet& network, const std::map<std::string, GoldenTensor>& names) {
  std::uint32_t next = 2000;
  for (const auto& item : network->named_parameters()) {
    const auto known = names.find(item.key());
    FillGolden(item.key(), known != names.end() ? known->second.k : next++, item.value());
  }
  for (const auto& item : network->named_buffers()) FillGolden(item.key(), names.at(item.key()).k, item.value());
}

/// (1, channels, frames, height, width).
inline torch::Tensor GoldenInput(std::uint32_t seed, int channels, int frames, int height, int width) {
  torch::Tensor input = torch::empty({1, channels, frames, height, width}, torch::kFloat);
  float* value = input.data_ptr<float>();
  std::uint32_t i = 0;
  for (int c = 0; c < channels; ++c) {
    for (int t = 0; t < frames; ++t) {
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x, ++i) {
          float v = (static_cast<float>((x + 2 * y + 3 * t) % 64) / 64 - 0.5F) + 0.25F * GoldenRandom(seed, 1000, i);
          for (int j = 0; j < 3; ++j) {
            if (std::abs(y - ((height / 4) * (j + 1) + t)) <= 1 && std::abs(x - ((width / 4) * (j + 1) + 2 * t)) <= 1)
              v += 3.0F;
          }
          *value++ = v;
        }
      }
    }
  }
  return input;
}

inline torch::Tensor ReadNpyTensor(const std::filesystem::path& path) {
  const NpyArray<float> array = ReadNpy<float>(path);
  torch::Tensor tensor = torch::empty(array.shape, torch::kFloat);
  std::memcpy(tensor.data_ptr(), array.values.data(), array.values.size() * sizeof(float));
  return tensor;
}

inline double MaxDifference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace mirst::test
