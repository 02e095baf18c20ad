#include "datasets/duplicates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/parallel.h"

namespace mirst {
namespace {

constexpr int kSide = 16;
/// Signs that may differ before the cosine is taken: at the cosine 0.97 of shapes with normal cells acos(0.97) / pi =
/// 7.8 % of 256 do, 20 +- 4.3.
constexpr int kMostDifferingSigns = 64;

std::array<double, 256> Cells(ImageView<const float> frame) {
  std::array<double, 256> sum{}, count{};
  for (int y = 0; y < frame.height(); ++y) {
    const std::size_t row = static_cast<std::size_t>(y * kSide / frame.height()) * kSide;
    const float* pixels = frame.row(y);
    // Whole cells of a row at a time: one rounded division a cell, not a pixel.
    for (int cell = 0; cell < kSide; ++cell) {
      const int first = (cell * frame.width() + kSide - 1) / kSide,
                last = ((cell + 1) * frame.width() + kSide - 1) / kSide;
      double cell_sum = 0;
      for (int x = first; x < last; ++x) cell_sum += static_cast<double>(pixels[x]);
      sum[row + static_cast<std::size_t>(cell)] += cell_sum;
      count[row + static_cast<std::size_t>(cell)] += last - first;
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    if (count[i] > 0) sum[i] /= count[i];
  }
  return sum;
}

/// Takes off what depends on the row or on the column alone (gradients, shading of the lens, a level horizon, stripes)
/// and the twist x y.
void RemoveProfiles(std::array<double, 256>& cells) {
  std::array<double, kSide> row{}, column{};
  double mean = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    row[i / kSide] += cells[i] / kSide;
    column[i % kSide] += cells[i] / kSide;
    mean += cells[i] / static_cast<double>(cells.size());
  }
  const auto twist = [](std::size_t i) {
    constexpr double kCentre = (kSide - 1) / 2.0;
    return (static_cast<double>(i / kSide) - kCentre) * (static_cast<double>(i % kSide) - kCentre);
  };
  double product = 0, square = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cells[i] -= row[i / kSide] + column[i % kSide] - mean;
    product += cells[i] * twist(i);
    square += twist(i) * twist(i);
  }
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] -= product / square * twist(i);
}

double Cosine(const Fingerprint& a, const Fingerprint& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.shape.size(); ++i)
    sum += static_cast<double>(a.shape[i]) * static_cast<double>(b.shape[i]);
  return sum;
}

bool MayBeAlike(const Fingerprint& a, const Fingerprint& b) {
  if (a.is_flat || b.is_flat) return false;
  int differing = 0;
  for (std::size_t i = 0; i < a.signs.size(); ++i) {
    differing += std::popcount(a.signs[i] ^ b.signs[i]);
    if (differing > kMostDifferingSigns) return false;
  }
  return true;
}

std::vector<DuplicateFrames> Compare(std::span<const std::vector<Fingerprint>> sequences, std::size_t a,
                                     std::size_t b) {
  std::unordered_map<std::string, std::size_t> by_hash;
  for (std::size_t i = sequences[a].size(); i-- > 0;) by_hash[sequences[a][i].pixel_hash] = i;
  DuplicateFrames exact{a, b, true, 0, 0, 0, 1}, near{a, b, false, 0, 0, 0, 0};
  for (std::size_t k = 0; k < sequences[b].size(); ++k) {
    const Fingerprint& frame = sequences[b][k];
    if (const auto found = by_hash.find(frame.pixel_hash); found != by_hash.end()) {
      if (exact.frames++ == 0) std::tie(exact.frame_a, exact.frame_b) = std::pair(found->second, k);
      continue;
    }
    double closest = 0;
    for (std::size_t i = 0; i < sequences[a].size(); ++i) {
      if (!MayBeAlike(sequences[a][i], frame)) continue;
      const double cosine = Cosine(sequences[a][i], frame);
      closest = std::max(closest, cosine);
      if (cosine >= kNearDuplicateCosine && cosine > near.cosine) {
        std::tie(near.frame_a, near.frame_b, near.cosine) = std::tuple(i, k, cosine);
      }
    }
    near.frames += closest >= kNearDuplicateCosine;
  }
  std::vector<DuplicateFrames> found;
  if (exact.frames > 0) found.push_back(exact);
  if (near.frames > 0) found.push_back(near);
  return found;
}

}  // namespace

Fingerprint FingerprintOf(ImageView<const float> frame, std::string pixel_hash) {
  Fingerprint fingerprint;
  fingerprint.pixel_hash = std::move(pixel_hash);
  std::array<double, 256> cells = Cells(frame);
  RemoveProfiles(cells);
  double squares = 0;
  for (const double cell : cells) squares += cell * cell;
  fingerprint.is_flat = std::sqrt(squares / static_cast<double>(cells.size())) < kFlatCounts;
  if (fingerprint.is_flat) return fingerprint;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    fingerprint.shape[i] = static_cast<float>(cells[i] / std::sqrt(squares));
    if (cells[i] > 0) fingerprint.signs[i / 64] |= std::uint64_t{1} << (i % 64);
  }
  return fingerprint;
}

std::vector<DuplicateFrames> FindDuplicates(std::span<const std::vector<Fingerprint>> sequences,
                                            const std::function<bool(std::size_t, std::size_t)>& compares) {
  std::vector<std::vector<DuplicateFrames>> of_a(sequences.size());
  ParallelFor(sequences.size(), [&](std::size_t a) {
    for (std::size_t b = a + 1; b < sequences.size(); ++b) {
      if (!compares(a, b)) continue;
      const std::vector<DuplicateFrames> found = Compare(sequences, a, b);
      of_a[a].insert(of_a[a].end(), found.begin(), found.end());
    }
  });
  std::vector<DuplicateFrames> all;
  for (const auto& found : of_a) all.insert(all.end(), found.begin(), found.end());
  return all;
}

}  // namespace mirst
