#include "detector/model_driven/wslcm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.h"
#include "core/parallel.h"
#include "detector/model_driven/image_filter.h"

namespace mirst {
namespace {

constexpr int kLargest = 9;  // values that a cell's level is the mean of, in every cell size
constexpr int kLanes = 4;
using Lanes = float __attribute__((vector_size(4 * kLanes)));  // 128 bits: every x86-64 and Arm has them

std::string CellFault(const WslcmOptions& o) {
  if (o.least_cell_px >= 3 && o.least_cell_px % 2 == 1 && o.largest_cell_px % 2 == 1 &&
      o.largest_cell_px >= o.least_cell_px)
    return "";
  return fmt::format("the cells of WSLCM have {} to {} px, allowed are odd numbers from 3, the smaller first",
                     o.least_cell_px, o.largest_cell_px);
}

Image<float> MedianOf3x3(ImageView<const float> frame) {
  Image<float> result(frame.height(), frame.width());
  for (int y = 0; y < frame.height(); ++y) {
    for (int x = 0; x < frame.width(); ++x) {
      std::array<float, 9> values{};  // zeros beyond the border
      std::size_t i = 0;
      for (int v = y - 1; v <= y + 1; ++v) {
        for (int u = x - 1; u <= x + 1; ++u, ++i) {
          if (v >= 0 && v < frame.height() && u >= 0 && u < frame.width()) values[i] = frame(v, u);
        }
      }
      std::nth_element(values.begin(), values.begin() + 4, values.end());
      result(y, x) = values[4];
    }
  }
  return result;
}

// Mean of the nine largest values of the cell around each pixel of the frame grown by `margin`, zeros beyond the frame.
Image<double> LargestMeans(const Image<float>& image, int cell, int margin) {
  const int height = image.height() + 2 * margin, width = image.width() + 2 * margin;
  const int padding = margin + cell / 2;
  const int lanes_width = (width + kLanes - 1) / kLanes * kLanes;
  Image<float> padded(image.height() + 2 * padding, lanes_width + cell);
  for (int y = 0; y < image.height(); ++y) std::copy_n(image.row(y), image.width(), padded.row(y + padding) + padding);

  Image<double> means(height, width);
  ParallelFor(static_cast<std::size_t>(height), [&](std::size_t row) {
    const int y = static_cast<int>(row);
    for (int x = 0; x < width; x += kLanes) {
      std::array<Lanes, kLargest> largest;  // of four neighbouring pixels, largest first
      largest.fill(Lanes{} - std::numeric_limits<float>::max());
      for (int v = y; v < y + cell; ++v) {
        const float* source = padded.row(v) + x;
        for (int u = 0; u < cell; ++u) {
          Lanes value;
          std::copy_n(source + u, kLanes, reinterpret_cast<float*>(&value));
          for (Lanes& kept : largest) {
            const Lanes smaller = value < kept ? value : kept;
            kept = value > kept ? value : kept;
            value = smaller;
          }
        }
      }
      for (int lane = 0; lane < std::min(kLanes, width - x); ++lane) {
        double sum = 0;
        for (const Lanes& kept : largest) sum += static_cast<double>(kept[lane]);
        means(y, x + lane) = sum / kLargest;
      }
    }
  });
  return means;
}

Image<double> CellMeans(const Image<double>& image, int cell, int margin) {
  Image<double> means = BoxSum(Pad(image, margin, Border::kReplicate), cell, Border::kReplicate);
  for (double& mean : means) mean /= cell * cell;
  return means;
}

}  // namespace

void AddFaults(OptionsReader& reader, const WslcmOptions& o) {
  if (const std::string fault = CellFault(o); !fault.empty()) reader.AddFault("largest_cell_px", fault);
}

Image<double> Wslcm(ImageView<const float> frame, const WslcmOptions& options) {
  if (const std::string fault = CellFault(options); !fault.empty()) throw BadInput(fault);
  const Image<float> median = MedianOf3x3(frame);
  const Image<double> exact = ToDouble(median);
  const Image<double> smooth = FilterSeparably(exact, {0.25, 0.5, 0.25}, Border::kReplicate);
  Image<double> result(frame.height(), frame.width(), -std::numeric_limits<double>::infinity());
  for (int cell = options.least_cell_px; cell <= options.largest_cell_px; cell += 2) {
    const Image<double> largest = LargestMeans(median, cell, cell), means = CellMeans(exact, cell, cell);
    ParallelFor(static_cast<std::size_t>(frame.height()), [&](std::size_t row) {
      const int y = static_cast<int>(row);
      for (int x = 0; x < frame.width(); ++x) {
        const auto intensity = [&](int v, int u) { return largest(v, u) - means(v, u); };
        double brightest = 0, highest = 0, sum = 0;
        std::array<double, 8> around{};
        std::size_t k = 0;
        for (int v = y; v <= y + 2 * cell; v += cell) {
          for (int u = x; u <= x + 2 * cell; u += cell) {
            if (v == y + cell && u == x + cell) continue;
            around[k] = intensity(v, u);
            brightest = k == 0 ? largest(v, u) : std::max(brightest, largest(v, u));
            highest = k == 0 ? around[k] : std::max(highest, around[k]);
            sum += around[k++];
          }
        }
        double squares = 0;
        for (const double value : around) squares += (value - sum / 8) * (value - sum / 8);
        const double centre = intensity(y + cell, x + cell), g = smooth(y, x);
        // Wholly black surroundings count as one count: the formula has x / 0 there.
        const double contrast = std::max(g * g / (brightest == 0 ? 1.0 : brightest) - g, 0.0);
        const double spread = std::max(std::sqrt(squares / 7), options.least_std);
        result(y, x) = std::max(result(y, x), centre * std::max(centre - highest, 0.0) / spread * contrast);
      }
    });
  }
  return result;
}

Responses WslcmDetector::Solve(const std::vector<ImageView<const float>>& window) const {
  return {{ToFloat(Wslcm(window.front(), options_))}, 0};
}

}  // namespace mirst
