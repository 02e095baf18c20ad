// Embeds fixed random targets and prints two hashes: of the written counts and labels (ten digits), and of every bit of
// the real numbers before rounding. Built once for each instruction set; instruction_sets_test.cc compares.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>

#include "core/hash.h"
#include "fusion/fuse.h"
#include "fusion/psf.h"
#include "fusion/scene_estimate.h"
#include "metrics/dprime.h"
#include "tests/support/random_scenes.h"

namespace mirst {
namespace {

struct Digest {
  std::string written, bits;
  void AddReal(double value) {
    std::array<char, sizeof(double)> bytes{};
    std::memcpy(bytes.data(), &value, sizeof(double));
    bits.append(bytes.data(), bytes.size());
    written += fmt::format("{:.9e};", value);
  }
};

void EmbedOne(RandomStream& random, Digest& digest) {
  const int bit_depth = random.Integer(2) == 0 ? 8 : 16;
  const Image<float> background = test::RandomBackground(random, 80, 96, 20, bit_depth == 8 ? 230 : 9000);
  const Template t = ApplyGaussianPsf(test::RandomTemplate(random, 2 + static_cast<int>(random.Integer(60)), 8), 0.7);
  const SensorTemplate target =
      Quantise(ResampleToSensor(t, {random.Uniform(16, 80), random.Uniform(16, 64)}, {0.7, 0.3}, 4), MeanContrast(t));
  const Image<float> scene = MedianScene(background, target.box, 3);
  const Box20Rule domain = Box20Rule::ForBitDepth(bit_depth);
  const FusedTarget fused =
      Fuse(background, target, scene, SceneLevel(target, scene), {0, bit_depth == 8 ? 255.0 : 16383.0}, domain);
  const double scr = random.Uniform(0.5, 8);
  const auto gain = SolveGain(fused.problem, scr, 1);
  if (!gain) return;
  const Image<double> composed = Compose(fused, *gain);
  for (const double value : composed) digest.AddReal(value);
  const Image<std::uint16_t> counts = ComposeWritten(fused, *gain, scr, 1);
  for (const std::uint16_t count : counts) digest.written += fmt::format("{},", count);

  Image<float> image = background;
  Mask mask(image.height(), image.width(), 0);
  for (int y = 0; y < fused.box.height; ++y) {
    for (int x = 0; x < fused.box.width; ++x) {
      image(fused.box.y + y, fused.box.x + x) = static_cast<float>(counts(y, x));
      mask(fused.box.y + y, fused.box.x + x) = fused.mask(y, x);
    }
  }
  const TargetInImage seen(image, mask, mask);
  for (const auto& [id, measured] : MeasureEveryScr(seen, domain, 1)) digest.AddReal(measured.scr);
  const ClutterModel model = FitClutter(background, Intersect(Grow(seen.box, 20), background.box()));
  digest.AddReal(Detectability(model, composed, fused.box, image.height(), image.width()));
}

}  // namespace
}  // namespace mirst

int main() {
  mirst::RandomStream random({.seed = 61, .purpose = mirst::Purpose::kTest});
  mirst::Digest digest;
  for (int i = 0; i < 60; ++i) mirst::EmbedOne(random, digest);
  std::puts(fmt::format("written {}\nbits {}", mirst::Sha256OfText(digest.written), mirst::Sha256OfText(digest.bits))
                .c_str());
}
