#include "detector/network/pstfnet.h"

#include <gtest/gtest.h>

#include <functional>

#include "core/error.h"
#include "detector/loss.h"

namespace mirst {
namespace {

std::int64_t Parameters(const PstfnetOptions& options) {
  std::int64_t count = 0;
  for (const torch::Tensor& parameter : Pstfnet(options)->parameters()) count += parameter.numel();
  return count;
}

PstfnetOptions Variant(const std::function<void(PstfnetOptions&)>& change) {
  PstfnetOptions options;
  change(options);
  return options;
}

TEST(Pstfnet, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(Parameters({}), 1'653'157);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.size_mode = SizeMode::kFree; })), 748'837);
}

TEST(Pstfnet, EveryAblationHasItsNumberOfParameters) {
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.first_ptam_level = 2; })), 1'648'875);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.first_ptam_level = 3; })), 1'632'191);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.first_ptam_level = 4; })), 1'566'343);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.first_ptam_level = 5; })), 1'304'727);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.m3dconv = false; })), 1'480'267);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.p2dconv = false; })), 1'477'617);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.msfm = false; })), 605'191);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.msfm = false, o.first_ptam_level = 5; })), 256'761);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.multi_scale = false; })), 1'744'357);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.self_attention = false; })), 647'741);
  EXPECT_EQ(Parameters(Variant([](PstfnetOptions& o) { o.cbam = false; })), 1'649'653);
}

TEST(PstfnetOptions, RefusesATemporalAggregationWithoutBranches) {
  EXPECT_THROW(ReadOptions<PstfnetOptions>(ConfigTree::FromText("{p2dconv: false, m3dconv: false}")), Error);
  EXPECT_NO_THROW(
      ReadOptions<PstfnetOptions>(ConfigTree::FromText("{p2dconv: false, m3dconv: false, first_ptam_level: 5}")));
}

// (conv3d, BN, ReLU) by LibTorch's own 3-D operators.
torch::Tensor PlainTemporalConv(TemporalConv& conv, const torch::Tensor& x) {
  const auto parameters = conv->named_parameters();
  const auto buffers = conv->named_buffers();
  const torch::Tensor weight = parameters["conv1.weight"];
  const torch::Tensor window = x.unflatten(0, std::vector<std::int64_t>{5, x.size(0) / 5}).permute({1, 2, 0, 3, 4});
  const std::array<std::int64_t, 3> padding{weight.size(2) / 2, weight.size(3) / 2, weight.size(4) / 2};
  const torch::Tensor y = torch::conv3d(window, weight, parameters["conv1.bias"], 1, padding);
  const torch::Tensor normed =
      torch::batch_norm(y, parameters["norm.weight"], parameters["norm.bias"], buffers["norm.running_mean"].clone(),
                        buffers["norm.running_var"].clone(), conv->is_training(), 0.1, 1e-5, false);
  return torch::relu(normed).permute({2, 0, 1, 3, 4}).flatten(0, 1);
}

TEST(TemporalConv, EqualsTheThreeDimensionalConvolution) {
  torch::manual_seed(1);
  const std::vector<std::array<std::int64_t, 3>> kernels = {{3, 3, 3}, {1, 3, 3}, {1, 1, 1},
                                                            {3, 1, 1}, {5, 1, 1}, {5, 3, 3}};
  for (const auto& kernel : kernels) {
    for (const auto& [in, out] : {std::pair<std::int64_t, std::int64_t>{8, 3}, {3, 8}, {4, 4}}) {
      TemporalConv conv(in, out, kernel);
      const torch::Tensor x = torch::randn({5 * 2, in, 7, 9});
      // Single precision, sums of up to 5 * 9 * 8 products of size ~1: errors of a few 1e-6 remain below 1e-4.
      for (const bool training : {true, false}) {
        conv->train(training);
        const torch::Tensor expected = PlainTemporalConv(conv, x);
        EXPECT_TRUE(torch::allclose(conv(x, 5, 5), expected, 1e-4, 1e-4));
        if (training) continue;
        const torch::NoGradGuard no_gradient;  // now with the normalisation folded into the weights
        for (std::int64_t kept = 1; kept <= 5; ++kept) {
          const std::int64_t frames = conv->InputFrames(kept);
          const torch::Tensor last = conv(x.narrow(0, (5 - frames) * 2, frames * 2), frames, kept);
          EXPECT_TRUE(torch::allclose(last, expected.narrow(0, (5 - kept) * 2, kept * 2), 1e-4, 1e-4))
              << kernel[0] << kernel[1] << in << out << kept;
        }
      }
    }
  }
}

Pstfnet FreeNetwork() {
  torch::manual_seed(7);
  PstfnetOptions options;
  options.size_mode = SizeMode::kFree;
  return Pstfnet(options);
}

TEST(Pstfnet, InFreeModeTakesAnySizeDivisibleBy16) {
  Pstfnet network = FreeNetwork();
  network->eval();
  const torch::NoGradGuard no_gradient;
  EXPECT_EQ(network(torch::randn({2, 3, 5, 48, 80})).sizes(), (std::vector<std::int64_t>{2, 1, 48, 80}));
  EXPECT_EQ(network(torch::randn({1, 1, 5, 16, 16})).sizes(), (std::vector<std::int64_t>{1, 1, 16, 16}));
}

TEST(Pstfnet, OneChannelStandsForThreeEqualOnes) {
  Pstfnet network = FreeNetwork();
  network->eval();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor grey = torch::randn({1, 1, 5, 32, 32});
  EXPECT_TRUE(torch::equal(network(grey), network(grey.repeat({1, 3, 1, 1, 1}))));
}

TEST(Pstfnet, StartsWithTheProbabilityItIsGiven) {
  Pstfnet network = FreeNetwork();
  network->SetInitialProbability(0.02);
  network->eval();
  const torch::NoGradGuard no_gradient;
  network->named_parameters()["final.weight"].zero_();  // what the features add is left out
  const torch::Tensor probability = torch::sigmoid(network(torch::randn({1, 1, 5, 32, 32})));
  EXPECT_TRUE(torch::allclose(probability, torch::full_like(probability, 0.02), 1e-5, 0));
}

TEST(Pstfnet, SamplesOfABatchDoNotMix) {
  Pstfnet network = FreeNetwork();
  network->eval();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor frames = torch::randn({3, 1, 5, 32, 48});
  const torch::Tensor together = network(frames);
  for (std::int64_t b = 0; b < 3; ++b) {
    EXPECT_TRUE(torch::allclose(together.narrow(0, b, 1), network(frames.narrow(0, b, 1)), 1e-3, 1e-4)) << b;
  }
}

TEST(Pstfnet, FoldingTheNormalisationChangesRoundingOnly) {
  Pstfnet network = FreeNetwork();
  for (int i = 0; i < 3; ++i) network(torch::randn({2, 1, 5, 32, 32}));  // statistics that are not 0 and 1
  network->eval();
  const torch::Tensor frames = torch::randn({1, 1, 5, 32, 32});
  const torch::Tensor plain = network(frames).detach();
  const torch::NoGradGuard no_gradient;
  EXPECT_TRUE(torch::allclose(network(frames), plain, 1e-3, 1e-4));
}

TEST(Pstfnet, FramesEncodedOneByOneGiveTheSameLogits) {
  Pstfnet network = FreeNetwork();
  network->eval();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor frames = torch::randn({1, 1, 5, 32, 32});
  std::array<Levels, 5> window;
  for (std::size_t t = 0; t < 5; ++t) window[t] = network->EncodeFrame(frames.select(2, static_cast<std::int64_t>(t)));
  EXPECT_TRUE(torch::allclose(network->FromFeatures(window), network(frames), 1e-3, 1e-4));
}

TEST(Pstfnet, EveryParameterThatCanLearnHasAGradient) {
  Pstfnet network = FreeNetwork();
  SoftIouLoss(network(torch::randn({2, 1, 5, 64, 64})), (torch::rand({2, 1, 64, 64}) > 0.7).to(torch::kFloat))
      .backward();
  for (const auto& item : network->named_parameters()) EXPECT_TRUE(item.value().grad().defined()) << item.key();
}

TEST(Pstfnet, BatchNormFramesDifferInTrainingOnly) {
  torch::manual_seed(3);
  PstfnetOptions options;
  options.size_mode = SizeMode::kFree;
  Pstfnet separate(options);
  options.bn_frames = BatchNormFrames::kJoint;
  Pstfnet joint(options);
  {
    const torch::NoGradGuard no_gradient;
    for (const auto& item : joint->named_parameters()) item.value().copy_(separate->named_parameters()[item.key()]);
  }
  const torch::Tensor frames = torch::randn({2, 1, 5, 32, 32});
  separate->eval();
  joint->eval();
  EXPECT_TRUE(torch::equal(separate(frames), joint(frames)));
  separate->train();
  joint->train();
  EXPECT_FALSE(torch::allclose(separate(frames), joint(frames), 1e-3, 1e-3));
  EXPECT_EQ(separate->named_buffers()["conv0_0.0.bn1.num_batches_tracked"].item<std::int64_t>(), 5);
  EXPECT_EQ(joint->named_buffers()["conv0_0.0.bn1.num_batches_tracked"].item<std::int64_t>(), 1);
}

TEST(ForwardPadded, GivesTheFramesOwnSize) {
  Pstfnet network = FreeNetwork();
  network->eval();
  const torch::NoGradGuard no_gradient;
  EXPECT_EQ(ForwardPadded(network, torch::randn({1, 1, 5, 37, 50})).sizes(), (std::vector<std::int64_t>{1, 1, 37, 50}));
  const torch::Tensor whole = torch::randn({1, 3, 5, 32, 48});
  EXPECT_TRUE(torch::equal(ForwardPadded(network, whole), network(whole)));
  // 31 rows reflected to 32: row 31 repeats row 29.
  torch::Tensor by_hand = whole.clone();
  by_hand.select(3, 31).copy_(whole.select(3, 29));
  EXPECT_TRUE(torch::equal(ForwardPadded(network, whole.narrow(3, 0, 31)), network(by_hand).narrow(2, 0, 31)));
}

std::string Refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    return error.message();
  }
  return "";
}

TEST(Pstfnet, RefusesOtherShapesInOneSentence) {
  Pstfnet native, free = FreeNetwork();
  EXPECT_NE(Refusal([&] { native(torch::zeros({1, 1, 5, 256, 256})); }).find("384 x 384"), std::string::npos);
  EXPECT_NE(Refusal([&] { free(torch::zeros({1, 1, 5, 40, 32})); }).find("found 32 x 40"), std::string::npos);
  EXPECT_NE(Refusal([&] { free(torch::zeros({1, 1, 4, 32, 32})); }).find("found (1, 1, 4, 32, 32)"), std::string::npos);
  EXPECT_NE(Refusal([&] { free(torch::zeros({1, 2, 5, 32, 32})); }).find("found (1, 2, 5, 32, 32)"), std::string::npos);
  EXPECT_NE(Refusal([&] { ForwardPadded(free, torch::zeros({1, 1, 5, 8, 32})); }).find("too small"), std::string::npos);
}

}  // namespace
}  // namespace mirst
