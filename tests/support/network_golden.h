// Reference tensors of the baseline networks (goldens/deep/NAME): weights by formula, outputs, and one training step.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "detector/checkpoint.h"
#include "detector/hash_weights.h"
#include "tests/support/data_folder.h"
#include "tests/support/pstfnet_golden.h"

namespace mirst::test {

inline std::filesystem::path NetworkFolder(const std::string& name) { return GoldenFolder() / "deep" / name; }

/// Names, order and shapes of the tensors must be the reference's; then the weights by formula, seed 1.
inline void FillAsReference(torch::nn::Module& network, const std::filesystem::path& folder, double gain) {
  const std::map<std::string, GoldenTensor> golden = ReadGoldenNames(folder / "state_dict.tsv");
  const std::vector<std::string> order = StateOrder(network);
  const std::map<std::string, torch::Tensor> state = StateDict(network);
  ASSERT_EQ(order.size(), golden.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    ASSERT_TRUE(golden.contains(order[k])) << order[k];
    ASSERT_EQ(golden.at(order[k]).k, k) << order[k];
    ASSERT_EQ(state.at(order[k]).sizes().vec(), golden.at(order[k]).shape) << order[k];
  }
  FillByHash(network, order, 1, gain);
}

inline torch::Tensor ReadU8Tensor(const std::filesystem::path& path) {
  const NpyArray<std::uint8_t> array = ReadNpy<std::uint8_t>(path);
  torch::Tensor tensor = torch::empty(array.shape, torch::kByte);
  std::memcpy(tensor.data_ptr(), array.values.data(), array.values.size());
  return tensor.to(torch::kFloat);
}

/// The share-th quantile of |a - b|.
inline double QuantileDifference(const torch::Tensor& a, const torch::Tensor& b, double share) {
  const torch::Tensor sorted = std::get<0>((a - b).abs().flatten().sort());
  return sorted[static_cast<std::int64_t>(share * static_cast<double>(sorted.numel() - 1))].item<double>();
}

/// 1 in three 3x3 boxes, where GoldenInput adds 3: (1, 1, size, size) for frame t.
inline torch::Tensor GoldenMask(int size, int t) {
  torch::Tensor mask = torch::zeros({1, 1, size, size});
  for (int j = 1; j <= 3; ++j) mask.narrow(2, size / 4 * j + t - 1, 3).narrow(3, size / 4 * j + 2 * t - 1, 3).fill_(1);
  return mask;
}

/// Two samples of the training step's inputs.
inline torch::Tensor GoldenBatch(int channels, int frames) {
  return torch::cat({GoldenInput(11, channels, frames, 64, 64), GoldenInput(12, channels, frames, 64, 64)});
}

struct TrainStepRow {
  bool has_gradient = false;
  double l2 = 0, sum = 0, first = 0, last = 0;
};

struct TrainStepTable {
  double loss = 0;
  std::map<std::string, TrainStepRow> gradients, buffers;
};

inline TrainStepTable ReadTrainStep(const std::filesystem::path& path) {
  TrainStepTable table;
  std::istringstream lines(ReadFile(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# loss=")) table.loss = std::stod(line.substr(7));
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, '\t');) cells.push_back(cell);
    if (cells.size() >= 5 && cells[0] == "#buf") {
      table.buffers[cells[1]] = {true, std::stod(cells[2]), 0, std::stod(cells[3]), std::stod(cells[4])};
    } else if (cells.size() >= 3 && cells[0] != "name" && cells[0][0] != '#') {
      TrainStepRow& row = table.gradients[cells[0]];
      row.has_gradient = cells[2] != "None";
      if (row.has_gradient)
        row = {true, std::stod(cells[2]), std::stod(cells[3]), std::stod(cells[4]), std::stod(cells[5])};
    }
  }
  return table;
}

/// Training mode without dropout, as the tables were made.
inline void TrainWithoutDropout(torch::nn::Module& network) {
  network.train();
  for (const auto& module : network.modules()) {
    if (module->as<torch::nn::Dropout>() != nullptr || module->as<torch::nn::Dropout3d>() != nullptr) module->eval();
  }
}

/// How far the gradients are from the table's, in ascending order, an entry for each parameter that has one: the
/// largest of the differences of norm, first and last value, over the norm + 1e-3 of the table's largest norm (so that
/// gradients that are zero but for rounding, as of a bias before a normalisation, do not count). Fails where one of
/// them has a gradient and the other has none.
inline std::vector<double> GradientErrors(const torch::nn::Module& network, const TrainStepTable& table) {
  double largest = 0;
  for (const auto& [name, row] : table.gradients) largest = std::max(largest, row.l2);
  std::vector<double> errors;
  std::size_t trained = 0;
  for (const auto& item : network.named_parameters()) {
    if (!item.value().requires_grad()) continue;
    ++trained;
    const auto found = table.gradients.find(item.key());
    if (found == table.gradients.end()) {
      ADD_FAILURE() << item.key();
      continue;
    }
    const TrainStepRow& row = found->second;
    const torch::Tensor& gradient = item.value().grad();
    // No gradient, or one of zeros, is the same to every optimiser without weight decay.
    if (!row.has_gradient) {
      EXPECT_TRUE(!gradient.defined() || gradient.abs().max().item<double>() == 0) << item.key();
      continue;
    }
    if (!gradient.defined()) {
      ADD_FAILURE() << item.key() << " has no gradient";
      continue;
    }
    const torch::Tensor values = gradient.flatten().to(torch::kDouble);
    const double difference =
        std::max({std::abs(values.norm().item<double>() - row.l2), std::abs(values[0].item<double>() - row.first),
                  std::abs(values[-1].item<double>() - row.last)});
    errors.push_back(difference / (row.l2 + 1e-3 * largest));
  }
  EXPECT_GE(table.gradients.size(), trained);
  std::sort(errors.begin(), errors.end());
  return errors;
}

/// The normalisations' running statistics after the step. An unbiased variance of n values: float32 sums in another
/// order, 1e-4 of the norm.
inline void ExpectBuffers(const torch::nn::Module& network, const TrainStepTable& table, double relative = 1e-4) {
  const std::map<std::string, torch::Tensor> state = StateDict(network);
  ASSERT_FALSE(table.buffers.empty());
  for (const auto& [name, row] : table.buffers) {
    ASSERT_TRUE(state.contains(name)) << name;
    const torch::Tensor values = state.at(name).flatten().to(torch::kDouble);
    const double tolerance = relative * std::max(row.l2, 0.1);
    EXPECT_NEAR(values.norm().item<double>(), row.l2, tolerance) << name;
    EXPECT_NEAR(values[0].item<double>(), row.first, tolerance) << name;
    EXPECT_NEAR(values[-1].item<double>(), row.last, tolerance) << name;
  }
}

}  // namespace mirst::test
