// `mirst model`: weights by formula are the references', the cost of a network is the one that its definition has, and
// files go in and out unharmed.
#include "detector/model_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "datasets/npy.h"
#include "detector/checkpoint.h"
#include "detector/cost.h"
#include "detector/hash_weights.h"
#include "detector/safetensors.h"
#include "tests/support/data_folder.h"
#include "tests/support/pstfnet_golden.h"

namespace mirst {
namespace {

using testing::HasSubstr;
using torch::Tensor;

std::filesystem::path Golden() { return test::GoldenFolder() / "deep" / "pstfnet"; }

ConfigTree Options(const std::vector<std::string>& assignments) {
  ConfigTree tree;
  for (const std::string& assignment : assignments) tree.Assign(assignment);
  return tree;
}

/// The option sets of the published ablations, by their names in ablations.json.
const std::map<std::string, std::vector<std::string>>& Ablations() {
  static const std::map<std::string, std::vector<std::string>> kAblations = {
      {"full", {}},
      {"wo_ptam_L1", {"first_ptam_level=2"}},
      {"wo_ptam_L12", {"first_ptam_level=3"}},
      {"wo_ptam_L123", {"first_ptam_level=4"}},
      {"wo_ptam_all", {"first_ptam_level=5"}},
      {"wo_m3dconv", {"m3dconv=false"}},
      {"wo_p2dconv", {"p2dconv=false"}},
      {"wo_msfm", {"msfm=false"}},
      {"backbone", {"msfm=false", "first_ptam_level=5"}},
      {"wo_mc", {"multi_scale=false"}},
      {"wo_sa", {"self_attention=false"}},
      {"no_cbam", {"cbam=false"}},
  };
  return kAblations;
}

TEST(HashWeights, TensorsAreNumberedAsInPytorchsStateDict) {
  MIRST_REQUIRE_PATH(Golden());
  const auto golden = test::ReadGoldenNames(Golden() / "state_dict.tsv");
  const std::vector<std::string> order = StateOrder(*Pstfnet());
  ASSERT_EQ(order.size(), golden.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    ASSERT_TRUE(golden.contains(order[k])) << order[k];
    EXPECT_EQ(golden.at(order[k]).k, k) << order[k];
  }
}

TEST(HashWeights, EveryVariantGetsTheReferenceWeights) {
  MIRST_REQUIRE_PATH(Golden());
  const auto names = test::ReadGoldenNames(Golden() / "state_dict.tsv");
  const TemporaryFolder folder;
  for (const auto& [name, assignments] : Ablations()) {
    InitialiseModel("pstfnet", Options(assignments), WeightFormula::kHash, 1, folder.path() / "w.safetensors");
    Pstfnet expected(ReadOptions<PstfnetOptions>(Options(assignments)));
    test::FillGolden(expected, names);
    const TensorFile file = ReadSafetensors(folder.path() / "w.safetensors");
    const auto state = StateDict(*expected);
    ASSERT_EQ(file.tensors.size(), state.size()) << name;
    for (const auto& [key, tensor] : state)
      EXPECT_TRUE(torch::equal(file.tensors.at(key), tensor)) << name << " " << key;
  }
}

TEST(ModelCost, LayersCountTheirTapsAndProductsTheirTerms) {
  const Tensor image = torch::zeros({2, 3, 10, 12}), kernel = torch::zeros({4, 3, 5, 5});
  torch::nn::Linear linear(4, 6);
  const std::vector<Tensor> weights = {kernel, linear->weight, linear->bias};
  const torch::NoGradGuard no_gradient;
  // 2 images, 4 x 10 x 12 outputs, each 3 x 5 x 5 taps.
  EXPECT_EQ(CountMacs(weights, [&] { torch::conv2d(image, kernel, {}, 1, 2); }).layers, 2 * 4 * 10 * 12 * 75);
  // 7 rows of 4 by a 4 x 6 matrix, however the rows lie in memory.
  for (const Tensor& rows : {torch::zeros({7, 4}), torch::zeros({1, 7, 4}), torch::zeros({4, 7, 1}).transpose(0, 2)}) {
    const MacCount count = CountMacs(weights, [&] { linear(rows); });
    EXPECT_EQ(count.layers, 7 * 4 * 6);
    EXPECT_EQ(count.products, 0);
  }
  const MacCount count = CountMacs(weights, [] { torch::bmm(torch::zeros({2, 3, 4}), torch::zeros({2, 4, 5})); });
  EXPECT_EQ(count.layers, 0);
  EXPECT_EQ(count.products, 2 * 3 * 4 * 5);
}

TEST(ModelCost, VariantsHaveTheReferencesParametersAndOperations) {
  MIRST_REQUIRE_PATH(Golden());
  const auto golden = nlohmann::json::parse(ReadFile(Golden() / "ablations.json"));
  // The other variants leave out parts of these.
  for (const char* name : {"full", "wo_m3dconv", "wo_p2dconv", "wo_mc", "wo_sa", "no_cbam"}) {
    const ModelInfo info = DescribeModel("pstfnet", Options(Ablations().at(name)));
    std::int64_t macs = 0, inference = 0, parameters = 0;
    for (const ModelStage& stage : info.stages) macs += stage.macs, inference += stage.inference_macs;
    for (const ModelLayer& layer : info.layers) parameters += layer.parameters;
    EXPECT_EQ(info.parameters, golden["variants"][name]["params"].get<std::int64_t>()) << name;
    EXPECT_EQ(parameters, info.parameters) << name;
    EXPECT_EQ(macs, golden["variants"][name]["conv_linear_macs"].get<std::int64_t>()) << name;
    EXPECT_LE(inference, macs) << name;
  }
}

class ModelRunTest : public testing::Test {
 protected:
  std::filesystem::path File(const std::string& name) const { return folder_.path() / name; }
  void Write(const std::string& name, const Tensor& tensor) const {
    const NpyType type = tensor.scalar_type() == torch::kFloat ? NpyType::kFloat32 : NpyType::kFloat64;
    WriteFileAtomically(File(name), NpyBytes(type, tensor.sizes().vec(),
                                             {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()}));
  }
  std::string RunError(const Tensor& input) const {
    Write("x.npy", input);
    try {
      RunModel("pstfnet", Options({"size_mode=free"}), File("w.safetensors"), File("x.npy"), File("y.npy"));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void SetUp() override {
    InitialiseModel("pstfnet", Options({"size_mode=free"}), WeightFormula::kHash, 3, File("w.safetensors"));
  }
  TemporaryFolder folder_;
};

TEST_F(ModelRunTest, GivesTheNetworksLogitsInTheInputsPrecision) {
  torch::manual_seed(1);
  const Tensor frames = torch::randn({1, 1, 5, 40, 48});
  Pstfnet network(ReadOptions<PstfnetOptions>(Options({"size_mode=free"})));
  LoadWeights(File("w.safetensors"), *network);
  network->eval();
  const torch::NoGradGuard no_gradient;
  Write("x.npy", frames);
  const ModelRun run =
      RunModel("pstfnet", Options({"size_mode=free"}), File("w.safetensors"), File("x.npy"), File("y.npy"));
  EXPECT_EQ(run.output_shape, (std::vector<std::int64_t>{1, 1, 40, 48}));
  const NpyArray y = ParseNpy(ReadFile(File("y.npy")));
  const Tensor expected = ForwardPadded(network, frames);
  ASSERT_EQ(y.type, NpyType::kFloat32);
  EXPECT_EQ(std::memcmp(y.values.data(), expected.contiguous().data_ptr(), y.values.size()), 0);

  Write("x.npy", frames[0].to(torch::kDouble));
  RunModel("pstfnet", Options({"size_mode=free"}), File("w.safetensors"), File("x.npy"), File("y.npy"));
  const NpyArray exact = ParseNpy(ReadFile(File("y.npy")));
  ASSERT_EQ(exact.type, NpyType::kFloat64);
  std::vector<double> values(static_cast<std::size_t>(expected.numel()));
  std::memcpy(values.data(), exact.values.data(), exact.values.size());
  const Tensor difference = torch::from_blob(values.data(), expected.sizes(), torch::kDouble) - expected;
  EXPECT_LT(difference.abs().max().item<double>(), 1e-3 * expected.abs().max().item<double>());  // float32, float64
  EXPECT_GT(difference.abs().max().item<double>(), 0);
}

TEST_F(ModelRunTest, WhatTheNetworkCannotTakeIsNamed) {
  EXPECT_THAT(RunError(torch::zeros({1, 2, 5, 32, 32})), HasSubstr("found (1, 2, 5, 32, 32)"));
  EXPECT_THAT(RunError(torch::zeros({32, 32})), HasSubstr("found (32, 32)"));
  try {
    DescribeModel("resnet", ConfigTree());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("allowed: pstfnet"));
  }
}

}  // namespace
}  // namespace mirst
