// PSTFNet against reference tensors of the authors' release (goldens/deep/pstfnet): forward passes in both attention
// layouts, every ablation, one training step. Takes tens of seconds.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/hash.h"
#include "detector/loss.h"
#include "tests/support/data_folder.h"
#include "tests/support/pstfnet_golden.h"

namespace mirst {
namespace {

using nlohmann::json;
using torch::Tensor;

// Summing the same float32 products in another order moves the logits (range -6 .. 9) by up to 2.3e-5 in the reference
// itself; 1e-3 is its README's bound, and is far below what any wrong layer gives.
constexpr double kLogitTolerance = 1e-3;

std::filesystem::path Folder() { return test::GoldenFolder() / "deep" / "pstfnet"; }

class PstfnetGolden : public testing::Test {
 protected:
  void SetUp() override {
    MIRST_REQUIRE_PATH(Folder());
    names_ = test::ReadGoldenNames(Folder() / "state_dict.tsv");
  }
  Pstfnet Network(const PstfnetOptions& options) {
    Pstfnet network(options);
    test::FillGolden(network, names_);
    return network;
  }
  std::map<std::string, test::GoldenTensor> names_;
};

PstfnetOptions With(AttentionLayout layout) {
  PstfnetOptions options;
  options.attention_layout = layout;
  return options;
}

const char* Name(AttentionLayout layout) { return layout == AttentionLayout::kCompat ? "compat" : "proper"; }

std::string Sha256Of(const std::vector<Tensor>& tensors) {
  Sha256 hash;
  for (const Tensor& tensor : tensors) hash.Update(tensor.contiguous().data_ptr(), tensor.nbytes());
  return hash.Finish();
}

TEST_F(PstfnetGolden, WeightsAndInputsAreTheReferences) {
  const json info = json::parse(ReadFile(Folder() / "info.json"));
  Pstfnet network = Network({});
  const std::map<std::string, Tensor> state = StateDict(*network);
  std::map<std::uint32_t, Tensor> in_order;
  for (const auto& [name, golden] : names_) {
    const Tensor& tensor = state.at(name);
    EXPECT_EQ(tensor.sizes(), golden.shape) << name;
    if (tensor.is_floating_point()) in_order[golden.k] = tensor;
  }
  std::vector<Tensor> tensors;
  for (const auto& item : in_order) tensors.push_back(item.second);
  EXPECT_EQ(Sha256Of(tensors), info["weights_seed1_sha256"]);
  EXPECT_EQ(Sha256Of({test::GoldenInput(1, 3, 5, 384, 384)}), info["input_rgb"]["sha256_float32_le"]);
  EXPECT_EQ(Sha256Of({test::GoldenInput(1, 1, 5, 384, 384)}), info["input_gray"]["sha256_float32_le"]);
}

TEST_F(PstfnetGolden, LogitsAreTheReleasesInBothLayouts) {
  const torch::NoGradGuard no_gradient;
  for (const AttentionLayout layout : {AttentionLayout::kCompat, AttentionLayout::kProper}) {
    Pstfnet network = Network(With(layout));
    network->eval();
    for (const auto& [input, channels] : {std::pair<const char*, int>{"rgb", 3}, {"gray", 1}}) {
      const Tensor golden =
          test::ReadNpyTensor(Folder() / ("output_" + std::string(input) + "_" + Name(layout) + ".npy"));
      const Tensor logits = network(test::GoldenInput(1, channels, 5, 384, 384));
      ASSERT_EQ(logits.sizes(), golden.sizes());
      EXPECT_LT(test::MaxDifference(logits, golden), kLogitTolerance) << input << " " << Name(layout);
    }
  }
}

TEST_F(PstfnetGolden, AggregatedAndFusedFeaturesAreTheReleases) {
  const torch::NoGradGuard no_gradient;
  for (const AttentionLayout layout : {AttentionLayout::kCompat, AttentionLayout::kProper}) {
    Pstfnet network = Network(With(layout));
    network->eval();
    const Levels aggregated = network->Aggregate(network->Encode(test::GoldenInput(1, 3, 5, 384, 384)));
    const Levels fused = network->Fuse(aggregated);
    for (std::size_t i = 0; i < 4; ++i) {
      const std::int64_t step = 16 >> i;
      const auto thin = [&](const Tensor& map) {
        return map.slice(2, 0, c10::nullopt, step).slice(3, 0, c10::nullopt, step);
      };
      const std::string level = std::to_string(i);
      const Tensor golden_p = test::ReadNpyTensor(Folder() / ("P" + level + "_rgb_24x24.npy"));
      const Tensor golden_a = test::ReadNpyTensor(Folder() / ("A" + level + "_rgb_" + Name(layout) + "_24x24.npy"));
      EXPECT_LT(test::MaxDifference(thin(aggregated[i]), golden_p), 1e-4) << i;
      EXPECT_LT(test::MaxDifference(thin(fused[i]), golden_a), 1e-3) << i << Name(layout);
    }
  }
}

TEST_F(PstfnetGolden, EveryAblationIsTheReferences) {
  const torch::NoGradGuard no_gradient;
  const json golden = json::parse(ReadFile(Folder() / "ablations.json"));
  const std::map<std::string, std::function<void(PstfnetOptions&)>> changes = {
      {"full", [](PstfnetOptions&) {}},
      {"wo_ptam_L1", [](PstfnetOptions& o) { o.first_ptam_level = 2; }},
      {"wo_ptam_L12", [](PstfnetOptions& o) { o.first_ptam_level = 3; }},
      {"wo_ptam_L123", [](PstfnetOptions& o) { o.first_ptam_level = 4; }},
      {"wo_ptam_all", [](PstfnetOptions& o) { o.first_ptam_level = 5; }},
      {"wo_m3dconv", [](PstfnetOptions& o) { o.m3dconv = false; }},
      {"wo_p2dconv", [](PstfnetOptions& o) { o.p2dconv = false; }},
      {"wo_msfm", [](PstfnetOptions& o) { o.msfm = false; }},
      {"backbone", [](PstfnetOptions& o) { o.msfm = false, o.first_ptam_level = 5; }},
      {"wo_mc", [](PstfnetOptions& o) { o.multi_scale = false; }},
      {"wo_sa", [](PstfnetOptions& o) { o.self_attention = false; }},
      {"no_cbam", [](PstfnetOptions& o) { o.cbam = false; }},
  };
  ASSERT_EQ(golden["variants"].size(), changes.size());
  const Tensor input = test::GoldenInput(1, 3, 5, 384, 384);
  const auto indices = golden["sample_indices"].get<std::vector<std::int64_t>>();
  for (const auto& [name, change] : changes) {
    PstfnetOptions options;
    change(options);
    Pstfnet network = Network(options);
    network->eval();
    const json& outputs = golden["variants"][name]["outputs"];
    const json& output = outputs[outputs.contains("proper") ? "proper" : "no_attention"];
    const auto samples = output["samples"].get<std::vector<double>>();
    const Tensor logits = network(input).flatten();
    // Rounding grows with the values: without CBAM the logits reach -48, elsewhere 7.5 at most, where 1e-3 is the
    // bound.
    const double largest = std::max(std::abs(output["min"].get<double>()), std::abs(output["max"].get<double>()));
    const double tolerance = kLogitTolerance * std::max(1.0, largest / 7.5);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      ASSERT_NEAR(logits[indices[i]].item<double>(), samples[i], tolerance) << name << " at " << indices[i];
    }
  }
}

struct GradientRow {
  double l2 = 0, first = 0, last = 0, error = 0, step = 0, step_error = 0;
};

// name -> row, of the parameters with a true gradient ("stable").
std::map<std::string, GradientRow> ReadGradients(const std::filesystem::path& path) {
  std::map<std::string, GradientRow> rows;
  std::istringstream lines(ReadFile(path));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> columns;
    std::istringstream stream(line);
    for (std::string column; std::getline(stream, column, '\t');) columns.push_back(column);
    if (columns.size() < 14 || columns[13] != "stable") continue;
    rows[columns[0]] = {std::stod(columns[2]), std::stod(columns[4]),  std::stod(columns[5]),
                        std::stod(columns[6]), std::stod(columns[11]), std::stod(columns[12])};
  }
  return rows;
}

// The batch and mask of the reference's training step, and the network after the loss's backward pass.
Pstfnet AfterBackward(const std::map<std::string, test::GoldenTensor>& names, torch::ScalarType type, double& loss) {
  Tensor mask = torch::zeros({1, 1, 384, 384}, type);
  for (std::int64_t y = 0; y < 384; y += 32) {
    for (std::int64_t x = 0; x < 384; x += 32) {
      if ((x / 32 + 2 * (y / 32)) % 3 == 0) mask.narrow(2, y, 32).narrow(3, x, 32).fill_(1);
    }
  }
  Pstfnet network;
  test::FillGolden(network, names);
  if (type == torch::kDouble) network->to(type);  // would make counters floats too
  const Tensor value = SoftIouLoss(network(test::GoldenInput(11, 3, 5, 384, 384).to(type)), mask);
  value.backward();
  loss = value.item<double>();
  return network;
}

/// The largest of the errors of a gradient's length, first and last value, in shares of its length.
double GradientError(const Tensor& gradient, const GradientRow& row) {
  const Tensor values = gradient.flatten();
  return std::max({std::abs(values.norm().item<double>() - row.l2), std::abs(values[0].item<double>() - row.first),
                   std::abs(values[-1].item<double>() - row.last)}) /
         row.l2;
}

// The table is of a float64 run and has nine digits, so float64 must give them: the worst row is 1.1e-7 off.
TEST_F(PstfnetGolden, OneTrainingStepIsTheReferencesInDouble) {
  const json summary = json::parse(ReadFile(Folder() / "train_summary.json"));
  double loss = 0;
  Pstfnet network = AfterBackward(names_, torch::kDouble, loss);
  EXPECT_NEAR(loss, summary["proper"]["loss"].get<double>(), 1e-8);
  const auto parameters = network->named_parameters();
  const std::map<std::string, GradientRow> golden = ReadGradients(Folder() / "train_step_proper.tsv");
  EXPECT_EQ(golden.size(), 611u);
  std::map<std::string, Tensor> before;
  for (const auto& item : parameters) before[item.key()] = item.value().detach().clone();
  torch::optim::AdamW optimiser(network->parameters(), torch::optim::AdamWOptions(5e-4).weight_decay(1e-4));
  optimiser.step();
  for (const auto& [name, row] : golden) {
    EXPECT_LT(GradientError(parameters[name].grad(), row), 1e-6) << name;
    const double step = (parameters[name] - before[name]).norm().item<double>();
    EXPECT_NEAR(step, row.step, 1e-6 * row.step) << name;
  }
}

// Two float32 runs whose sums go in other orders differ by rounding: the table states by how much the reference's own
// float32 run misses each row.
TEST_F(PstfnetGolden, OneTrainingStepInFloatIsAsExactAsTheReferences) {
  const json summary = json::parse(ReadFile(Folder() / "train_summary.json"));
  double loss = 0;
  Pstfnet network = AfterBackward(names_, torch::kFloat, loss);
  EXPECT_NEAR(loss, summary["proper"]["loss"].get<double>(), 1e-6);  // float32 there: 3e-8 off
  const auto parameters = network->named_parameters();
  double squares = 0;
  std::vector<double> errors, shares;  // of the length, and of the reference's own error
  for (const auto& [name, row] : ReadGradients(Folder() / "train_step_proper.tsv")) {
    const Tensor gradient = parameters[name].grad();
    const double l2 = gradient.norm().item<double>(), error = GradientError(gradient, row);
    squares += l2 * l2;
    shares.push_back(error / row.error);
    errors.push_back(error);
  }
  std::sort(errors.begin(), errors.end());
  std::sort(shares.begin(), shares.end());
  EXPECT_LT(errors[errors.size() * 99 / 100], 0.06);  // the README calls a row stable where float32 is within 6 %
  EXPECT_LT(shares[shares.size() / 2], 1);  // the median is 0.4 here: three values, against all of the gradient there
  // The reference's own float32 run is off by 1.5e-4 of the norm.
  const double norm = summary["proper"]["grad_norm_stable_only"].get<double>();
  EXPECT_NEAR(std::sqrt(squares), norm, 1e-3 * norm);

  // Running statistics after five encoder batches and one of everything else.
  const std::map<std::string, Tensor> state = StateDict(*network);
  EXPECT_EQ(state.at("conv0_0.0.bn1.num_batches_tracked").item<std::int64_t>(), 5);
  std::istringstream lines(ReadFile(Folder() / "train_bn_buffers.tsv"));
  int compared = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream columns(line);
    std::string name, l2, first, last;
    std::getline(columns, name, '\t');
    std::getline(columns, l2, '\t');
    std::getline(columns, first, '\t');
    std::getline(columns, last, '\t');
    if (state.count(name) == 0 || !state.at(name).is_floating_point()) continue;
    const Tensor buffer = state.at(name).flatten();
    const double tolerance = 1e-4 * std::max(1.0, std::stod(l2));
    EXPECT_NEAR(buffer.norm().item<double>(), std::stod(l2), tolerance) << name;
    EXPECT_NEAR(buffer[0].item<double>(), std::stod(first), tolerance) << name;
    EXPECT_NEAR(buffer[-1].item<double>(), std::stod(last), tolerance) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 2 * 192);
}

}  // namespace
}  // namespace mirst
