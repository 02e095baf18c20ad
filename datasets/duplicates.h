// Equal and nearly equal frames in different sequences: the leak between splits that a list of names does not show.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/image.h"

namespace mirst {

/// What is kept of a frame to find its like, some 1.2 KB.
struct Fingerprint {
  std::string pixel_hash;  ///< equal pixels have equal hashes
  /// The frame averaged to 16 x 16 cells, less the means of their rows and columns and a twist x y, as a vector of
  /// length 1: neither brightness, gain, a gradient of the sky, the lens's shading nor a level horizon counts. All 0
  /// for a frame that is flat.
  std::array<float, 256> shape{};
  std::array<std::uint64_t, 4> signs{};  ///< of `shape`, one bit a cell
  bool is_flat = true;
};

/// A frame whose cells keep less than this many counts (root mean square) is flat and like no
/// other.
inline constexpr double kFlatCounts = 0.5;
/// Cosine between shapes from which two frames count as nearly equal. Frames of independent texture have a cosine of
/// 0 +- 1/16; neighbouring frames of one video lie above 0.99.
inline constexpr double kNearDuplicateCosine = 0.97;

Fingerprint FingerprintOf(ImageView<const float> frame, std::string pixel_hash);

/// Frames of two sequences that are alike.
struct DuplicateFrames {
  std::size_t sequence_a = 0, sequence_b = 0;
  bool is_exact = false;
  std::int64_t frames = 0;  ///< frames of b that have their like in a
  /// The most similar pair.
  std::size_t frame_a = 0, frame_b = 0;
  double cosine = 0;
};

/// All pairs of sequences a < b for which `compares(a, b)`; a pair with equal frames and further nearly equal ones
/// gives two entries, the equal ones first. By a, then b.
std::vector<DuplicateFrames> FindDuplicates(std::span<const std::vector<Fingerprint>> sequences,
                                            const std::function<bool(std::size_t, std::size_t)>& compares);

}  // namespace mirst
