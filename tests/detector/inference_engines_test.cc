// The inference engines against each other: plain forward pass, folded, streaming.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <functional>

#include "core/file.h"
#include "core/random.h"
#include "detector/checkpoint.h"
#include "detector/hash_weights.h"
#include "detector/infer.h"
#include "detector/network/folded_pstfnet.h"
#include "detector/sequence_detector.h"
#include "detector/tile_plan.h"
#include "tests/support/dataset_fixtures.h"

namespace mirst {
namespace {

using torch::Tensor;

// The engines add the same products in other orders; asked for, of the range of the output.
constexpr double kFloatAgreement = 1e-5, kDoubleAgreement = 1e-10;

Pstfnet HashNetwork(const PstfnetOptions& options) {
  Pstfnet network(options);
  FillByHash(*network, StateOrder(*Pstfnet()), 1, 0.8);
  network->eval();
  return network;
}

double ShareOfRange(const Tensor& difference, const Tensor& logits) {
  return (difference.abs().max() / (logits.max() - logits.min())).item<double>();
}

void ExpectAgreement(const PstfnetOptions& options, const Tensor& frames) {
  const torch::NoGradGuard no_gradient;
  Pstfnet network = HashNetwork(options);
  const Tensor rounded = frames.to(torch::kFloat);
  const Tensor single = network(rounded), folded_single = FoldedPstfnet(network).Forward(rounded);
  network->to(torch::kDouble);
  const Tensor exact = network(rounded.to(torch::kDouble)),
               folded_exact = FoldedPstfnet(network).Forward(rounded.to(torch::kDouble));
  EXPECT_EQ(folded_single.sizes(), single.sizes());
  EXPECT_LT(ShareOfRange(folded_exact - exact, exact), kDoubleAgreement);
  // Without CBAM the values grow to a hundred, and single precision itself is further than 1e-5 from the truth: then
  // the two may differ by what either may be off, with a margin.
  const double rounding = ShareOfRange(single.to(torch::kDouble) - exact, exact);
  EXPECT_LT(ShareOfRange(folded_single - single, single), std::max(kFloatAgreement, 3 * rounding));
}

/// (batch, channels, 5, height, width): a ramp, noise, and a bright spot.
Tensor Frames(std::int64_t batch, std::int64_t channels, std::int64_t height, std::int64_t width) {
  torch::manual_seed(9);
  Tensor frames = torch::rand({batch, channels, 5, height, width}, torch::kDouble) * 0.5 +
                  torch::linspace(-0.5, 0.5, width, torch::kDouble);
  frames.narrow(3, height / 2, 3).narrow(4, width / 2, 3).add_(3);
  return frames;
}

TEST(FoldedPstfnet, AgreesWithThePlainNetworkInItsNativeSize) { ExpectAgreement({}, Frames(1, 3, 384, 384)); }

TEST(FoldedPstfnet, AgreesWithThePlainNetworkInEveryVariant) {
  const std::vector<std::function<void(PstfnetOptions&)>> changes = {
      [](PstfnetOptions&) {},
      [](PstfnetOptions& o) { o.first_ptam_level = 2; },
      [](PstfnetOptions& o) { o.first_ptam_level = 3; },
      [](PstfnetOptions& o) { o.first_ptam_level = 4; },
      [](PstfnetOptions& o) { o.first_ptam_level = 5; },
      [](PstfnetOptions& o) { o.m3dconv = false; },
      [](PstfnetOptions& o) { o.p2dconv = false; },
      [](PstfnetOptions& o) { o.msfm = false; },
      [](PstfnetOptions& o) { o.msfm = false, o.first_ptam_level = 5; },
      [](PstfnetOptions& o) { o.multi_scale = false; },
      [](PstfnetOptions& o) { o.self_attention = false; },
      [](PstfnetOptions& o) { o.cbam = false; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    PstfnetOptions options{.size_mode = SizeMode::kFree};
    changes[i](options);
    SCOPED_TRACE(i);
    ExpectAgreement(options, i == 0 ? Frames(2, 1, 80, 112) : Frames(1, i % 2 == 0 ? 1 : 3, 48, 64));
  }
}

TEST(FoldedPstfnet, AgreesWithThePlainNetworkInTheReleasesLayout) {
  ExpectAgreement({.attention_layout = AttentionLayout::kCompat, .size_mode = SizeMode::kFree}, Frames(1, 1, 64, 64));
}

std::vector<Image<float>> RandomFrames(int count, int height, int width) {
  std::vector<Image<float>> frames;
  for (int i = 0; i < count; ++i) {
    RandomStream random(RandomKey{.frame = static_cast<std::uint32_t>(i)});
    Image<float>& frame = frames.emplace_back(height, width);
    for (float& pixel : frame) pixel = static_cast<float>(random.Uniform(95, 105));
    for (int x = 0; x < 3; ++x) frame(height / 2, width / 4 + 2 * i + x) += 100;
  }
  return frames;
}

Tensor AsTensor(Image<float>& image) { return torch::from_blob(image.data(), {image.height(), image.width()}).clone(); }

TEST(PstfnetStream, EveryEngineGivesTheSameLogitsForEveryFrameOfASequence) {
  PstfnetOptions without_attention{.size_mode = SizeMode::kFree};
  without_attention.m3dconv = false;
  for (const PstfnetOptions& options : {PstfnetOptions{.size_mode = SizeMode::kFree}, without_attention}) {
    Pstfnet network = HashNetwork(options);
    const Normalisation normalisation{100, 20};
    PstfnetStream plain(network, normalisation, torch::kCPU, InferenceEngine::kPlain);
    PstfnetStream folded(network, normalisation, torch::kCPU, InferenceEngine::kFolded);
    PstfnetStream streaming(network, normalisation, torch::kCPU, InferenceEngine::kStreaming);
    for (int sequence = 0; sequence < 2; ++sequence) {  // nothing of the first is left in the second
      for (PstfnetStream* stream : {&plain, &folded, &streaming}) stream->Begin();
      const std::vector<Image<float>> frames = RandomFrames(8, 50, 71 + 20 * sequence);
      for (std::size_t i = 0; i < frames.size(); ++i) {
        for (PstfnetStream* stream : {&plain, &folded, &streaming}) stream->Push(frames[i]);
        if (i == 5) continue;  // frames that nobody asks for count all the same
        Image<float> expected = plain.Logits(), window = folded.Logits(), streamed = streaming.Logits();
        const Tensor truth = AsTensor(expected);
        const double bound = kFloatAgreement * (truth.max() - truth.min()).item<double>();
        EXPECT_LT((AsTensor(window) - truth).abs().max().item<double>(), bound) << "frame " << i;
        EXPECT_LT((AsTensor(streamed) - truth).abs().max().item<double>(), bound) << "frame " << i;
      }
    }
  }
}

TEST(PlanTiles, CoversEveryPixelOnceFarEnoughInsideItsTile) {
  for (const int extent : {352, 353, 480, 700, 719, 720, 2048}) {
    int next = 0;
    for (const TileSpan& span : PlanTiles(extent, 352, 160, 16)) {
      EXPECT_EQ(span.keep_first, next);
      EXPECT_GT(span.keep_last, span.keep_first);
      EXPECT_EQ(span.first % 16, 0);
      EXPECT_LE(span.size, 352);
      EXPECT_TRUE(span.first == 0 || span.keep_first - span.first >= 160);
      EXPECT_TRUE(span.first + span.size == extent || span.first + span.size - span.keep_last >= 160);
      next = span.keep_last;
    }
    EXPECT_EQ(next, extent);
  }
  EXPECT_EQ(PlanTiles(352, 352, 160, 16), (std::vector<TileSpan>{{0, 352, 0, 352}}));
  EXPECT_EQ(test::ErrorText(ErrorCode::kUsage, [] { PlanTiles(1000, 320, 160, 16); }),
            "--tile: found 320, allowed: multiples of 16 from 336 (a pixel sees 160 px around it)");
  EXPECT_EQ(test::ErrorText(ErrorCode::kUsage, [] { PlanTiles(1000, 340, 160, 16); }),
            "--tile: found 340, allowed: multiples of 16 from 336 (a pixel sees 160 px around it)");
}

std::filesystem::path Checkpoint(const TemporaryFolder& folder, const PstfnetOptions& options) {
  CheckpointInfo info;
  info.mean = 100;
  info.sigma = 20;
  SaveCheckpoint(folder.path() / "w.safetensors", HashNetwork(options), info);
  return folder.path() / "w.safetensors";
}

// Without channel attention and fusion a pixel sees 160 px at most, so tiles give what the whole frame gives; the
// frame is no multiple of 16 and its last tile is a narrow one.
TEST(SequenceDetector, TilesGiveTheLogitsOfTheWholeFrameWhereTheNetworkSeesALimitedSurrounding) {
  const TemporaryFolder folder;
  const std::filesystem::path weights =
      Checkpoint(folder, {.size_mode = SizeMode::kFree, .cbam = false, .msfm = false});
  const auto whole = LoadSequenceDetector(weights, {.device = DeviceChoice::kCpu, .threads = 1});
  const auto tiled = LoadSequenceDetector(weights, {.device = DeviceChoice::kCpu, .threads = 1, .tile_px = 352});
  whole->Begin();
  tiled->Begin();
  for (const Image<float>& frame : RandomFrames(2, 50, 475)) {
    Image<float> expected = whole->Next(frame), found = tiled->Next(frame);
    const Tensor truth = AsTensor(expected);
    EXPECT_LT((AsTensor(found) - truth).abs().max().item<double>(),
              kFloatAgreement * (truth.max() - truth.min()).item<double>());
  }
  EXPECT_EQ(whole->Stages().size(), 3U);
  EXPECT_TRUE(tiled->Stages().empty());
}

TEST(SequenceDetector, ShowsTheDecodersMapsAtTheirStrides) {
  const TemporaryFolder folder;
  const auto detector = LoadSequenceDetector(Checkpoint(folder, {.size_mode = SizeMode::kFree}),
                                             {.device = DeviceChoice::kCpu, .threads = 1});
  detector->Begin();
  EXPECT_TRUE(detector->Stages().empty());
  detector->Next(RandomFrames(1, 50, 61).front());
  const std::vector<StageMap> stages = detector->Stages();
  ASSERT_EQ(stages.size(), 3U);
  const char* const names[] = {"D2", "D1", "D0"};
  const int strides[] = {4, 2, 1};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(stages[i].name, names[i]);
    EXPECT_EQ(stages[i].map.height(), (50 - 1) / strides[i] + 1);
    EXPECT_EQ(stages[i].map.width(), (61 - 1) / strides[i] + 1);
  }
}

TEST(SequenceDetector, RefusesTilesThatItCannotGive) {
  const TemporaryFolder folder;
  const auto refusal = [&](const PstfnetOptions& options, const DetectorRun& run) {
    const std::filesystem::path weights = Checkpoint(folder, options);
    return test::ErrorText(ErrorCode::kUsage, [&] { LoadSequenceDetector(weights, run); });
  };
  const PstfnetOptions free{.size_mode = SizeMode::kFree};
  EXPECT_NE(refusal(free, {.device = DeviceChoice::kCpu, .threads = 1, .tile_px = 512}).find("from 528"),
            std::string::npos);
  EXPECT_EQ(
      refusal(free, {.device = DeviceChoice::kCpu, .threads = 1, .engine = InferenceEngine::kFolded, .tile_px = 640}),
      "--tile goes with --engine streaming");
  EXPECT_EQ(refusal({}, {.device = DeviceChoice::kCpu, .threads = 1, .tile_px = 640}),
            "--tile goes with weights of size_mode free, found native, which takes 384 x 384 px only");
}

}  // namespace
}  // namespace mirst
