#include "bench/embedding_variants.h"

#include <algorithm>
#include <cmath>

namespace mirst::bench {
namespace {

void Paste(const Image<std::uint16_t>& patch, const PixelBox& box, Image<float>& image) {
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) image(box.y + y, box.x + x) = static_cast<float>(patch(y, x));
  }
}

// With S = B nothing of the background's residual stays where the target is opaque; fresh noise takes its place.
FusedTarget LayAlphaOver(const Frame& frame, const Embedding& e, double level, RandomStream& noise) {
  const PixelBox& box = e.target.box;
  const double sigma = NoiseSigma(frame.pixels, Intersect(Grow(box, 20), frame.pixels.box()));
  Image<float> noisy = frame.pixels;
  for (int y = 0; y < box.height; ++y) {
    for (int x = 0; x < box.width; ++x) {
      const double through = 1 - e.target.opacity(y, x);
      noisy(box.y + y, box.x + x) += static_cast<float>(std::sqrt(1 - through * through) * sigma * noise.Normal());
    }
  }
  return Fuse(noisy, e.target, Crop(frame.pixels, box), level, e.request.limits, e.request.rule);
}

FusedTarget LayHardPaste(const Frame& frame, const Embedding& e, double level) {
  SensorTemplate stamp = e.target;
  const Mask mask = HalfMaxMask(e.target.coverage);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    stamp.coverage.data()[i] = mask.data()[i] > 127 ? 65535 : 0;
    stamp.contrast.data()[i] = mask.data()[i] > 127 ? 1.0F : 0.0F;
  }
  return Fuse(frame.pixels, stamp, Crop(frame.pixels, stamp.box), level, e.request.limits, e.request.rule);
}

FusedTarget Lay(Variant variant, const Frame& frame, const Embedding& e, double level, RandomStream& noise) {
  if (variant == Variant::kAlphaOver) return LayAlphaOver(frame, e, level, noise);
  if (variant == Variant::kHardPaste) return LayHardPaste(frame, e, level);
  const Image<float> scene = MedianScene(frame.pixels, e.target.box, e.request.scene_radius_px);
  return Fuse(frame.pixels, e.target, scene, level, e.request.limits, e.request.rule);
}

// As if the window's background stayed what it is at g = 0.
double GainWithoutLeak(const FusedTarget& fused, double scr, int polarity) {
  const ScrMeasurement at_zero = Measure(fused.problem, 0);
  double slope = 0;
  for (const auto& pixel : fused.problem.mask) slope += pixel.slope;
  slope /= static_cast<double>(fused.problem.mask.size());
  const double wanted = at_zero.mean_background + polarity * scr * (at_zero.sigma_background + Box20Rule::kSigmaOffset);
  return (wanted - at_zero.mean_target) / slope;
}

Image<std::uint16_t> RoundEachPixel(const FusedTarget& fused, double gain) {
  const Image<double> composed = Compose(fused, gain);
  Image<std::uint16_t> rounded(composed.height(), composed.width());
  for (std::size_t i = 0; i < composed.size(); ++i)
    rounded.data()[i] = static_cast<std::uint16_t>(std::floor(composed.data()[i] + 0.5));
  return rounded;
}

}  // namespace

std::string ToString(Variant variant) {
  switch (variant) {
    case Variant::kFull:
      return "full";
    case Variant::kPlainRounding:
      return "plain rounding";
    case Variant::kNoLeakTerm:
      return "no leak term";
    case Variant::kAlphaOver:
      return "alpha-over, re-noised";
    case Variant::kHardPaste:
      return "hard paste";
  }
  return "";
}

std::optional<WrittenPair> Write(Variant variant, const Embedding& e, RandomStream& noise) {
  const std::vector<Frame>& frames = e.clip->frames;
  const Image<float> scene = MedianScene(frames[e.frame].pixels, e.target.box, e.request.scene_radius_px);
  const double level = SceneLevel(e.target, scene);
  WrittenPair pair;
  std::optional<double> gain;
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
    const Frame& frame = frames[e.frame + k];
    const FusedTarget fused = Lay(variant, frame, e, level, noise);
    if (k == 0) {
      gain = variant == Variant::kNoLeakTerm ? GainWithoutLeak(fused, e.request.scr, e.request.polarity)
                                             : SolveGain(fused.problem, e.request.scr, e.request.polarity);
      if (!gain) return std::nullopt;
    }
    // The first frame is written for the SCR asked for, the second for what the same gain makes there.
    const ScrMeasurement real = Measure(fused.problem, *gain);
    const double scr = k == 0 ? e.request.scr : real.scr;
    const int polarity = k == 0 ? e.request.polarity : real.mean_target < real.mean_background ? -1 : 1;
    std::optional<double> wanted;
    if (variant != Variant::kNoLeakTerm) wanted = scr;
    pair.frames[k] = frame.pixels;
    Paste(variant == Variant::kPlainRounding ? RoundEachPixel(fused, *gain)
                                             : ComposeWritten(fused, *gain, wanted, polarity),
          fused.box, pair.frames[k]);
  }
  pair.measured = MeasureBox20(pair.frames[0], e.written->mask, e.written->mask, e.request.rule);
  return pair;
}

}  // namespace mirst::bench
