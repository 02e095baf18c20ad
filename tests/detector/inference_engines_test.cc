// The inference engines against each other: plain forward pass, folded, streaming.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "core/random.h"
#include "detector/hash_weights.h"
#include "detector/infer.h"
#include "detector/network/folded_pstfnet.h"

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

/// Largest difference of the engines' logits as a share of their range, in the frames' precision.
double Disagreement(Pstfnet network, const Tensor& frames) {
  const torch::NoGradGuard no_gradient;
  network->to(frames.scalar_type());
  const Tensor plain = network(frames), folded = FoldedPstfnet(network).Forward(frames);
  EXPECT_EQ(folded.sizes(), plain.sizes());
  return ((folded - plain).abs().max() / (plain.max() - plain.min())).item<double>();
}

/// (batch, channels, 5, height, width): a ramp, noise, and a bright spot.
Tensor Frames(std::int64_t batch, std::int64_t channels, std::int64_t height, std::int64_t width) {
  torch::manual_seed(9);
  Tensor frames = torch::rand({batch, channels, 5, height, width}, torch::kDouble) * 0.5 +
                  torch::linspace(-0.5, 0.5, width, torch::kDouble);
  frames.narrow(3, height / 2, 3).narrow(4, width / 2, 3).add_(3);
  return frames;
}

TEST(FoldedPstfnet, AgreesWithThePlainNetworkInItsNativeSize) {
  const Tensor frames = Frames(1, 3, 384, 384);
  EXPECT_LT(Disagreement(HashNetwork({}), frames.to(torch::kFloat)), kFloatAgreement);
  EXPECT_LT(Disagreement(HashNetwork({.attention_layout = AttentionLayout::kCompat}), frames), kDoubleAgreement);
}

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
    const Tensor frames = i == 0 ? Frames(2, 1, 80, 112) : Frames(1, i % 2 == 0 ? 1 : 3, 48, 64);
    EXPECT_LT(Disagreement(HashNetwork(options), frames.to(torch::kFloat)), kFloatAgreement) << "variant " << i;
    EXPECT_LT(Disagreement(HashNetwork(options), frames), kDoubleAgreement) << "variant " << i;
  }
}

std::vector<Image<float>> RandomFrames(int count, int height, int width) {
  std::vector<Image<float>> frames;
  for (int i = 0; i < count; ++i) {
    RandomStream random(RandomKey{.frame = static_cast<std::uint32_t>(i)});
    Image<float>& frame = frames.emplace_back(height, width);
    for (float& pixel : frame) pixel = static_cast<float>(random.Uniform(60, 140));
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

}  // namespace
}  // namespace mirst
