// The embedding with one of its parts taken away at a time, to show what each is worth. None of these is in the
// product.
#pragma once

#include <array>
#include <string>

#include "bench/embedding_cases.h"

namespace mirst::bench {

enum class Variant {
  kFull,           ///< as the product does it
  kPlainRounding,  ///< each pixel to its nearest count
  kNoLeakTerm,     ///< gain from the straight line: what the target spills into its window is not seen
  kAlphaOver,      ///< (1 - a) B + a b0 + g m and fresh noise of variance (1 - (1 - a)^2) sigma_n^2
  kHardPaste,      ///< the mask's pixels replaced by one level
};
inline constexpr std::array<Variant, 5> kVariants{Variant::kFull, Variant::kPlainRounding, Variant::kNoLeakTerm,
                                                  Variant::kAlphaOver, Variant::kHardPaste};
std::string ToString(Variant variant);

/// The same target, place, level and gain in two consecutive frames; whole counts, shape of the frames.
struct WrittenPair {
  std::array<Image<float>, 2> frames;
  ScrMeasurement measured;  ///< of the first
};

/// nullopt: no gain reaches the SCR. `noise` feeds kAlphaOver.
std::optional<WrittenPair> Write(Variant variant, const Embedding& embedding, RandomStream& noise);

}  // namespace mirst::bench
