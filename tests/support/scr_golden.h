// The backgrounds and coverages of the golden SCR tables (physics/scr_*.csv).
#pragma once

#include <sstream>
#include <string>

#include "core/file.h"
#include "core/image.h"
#include "tests/support/data_folder.h"

namespace mirst::test {

/// A table of numbers without header as an image.
inline Image<double> GoldenImage(const std::string& name) {
  std::istringstream text(ReadFile(GoldenFolder() / "physics" / (name + ".csv")));
  std::vector<double> values;
  int height = 0;
  for (std::string line, cell; std::getline(text, line);) {
    if (line.empty()) continue;
    ++height;
    for (std::istringstream cells(line); std::getline(cells, cell, ',');) values.push_back(std::stod(cell));
  }
  Image<double> image(height, static_cast<int>(values.size()) / height);
  std::copy(values.begin(), values.end(), image.begin());
  return image;
}

struct ScrGolden {
  Image<double> background;  ///< whole counts
  Image<double> alpha;       ///< in [0, 1], multiples of 1/256
  Mask mask;                 ///< alpha >= 1/2

  explicit ScrGolden(const std::string& which)
      : background(GoldenImage("scr_bg_" + which)), alpha(GoldenImage("scr_alpha256_" + which)) {
    mask = Mask(alpha.height(), alpha.width(), 0);
    for (std::size_t i = 0; i < alpha.size(); ++i) {
      mask.data()[i] = alpha.data()[i] >= 128 ? 255 : 0;
      alpha.data()[i] /= 256;
    }
  }
  /// B + A alpha; exact in float for A a multiple of 4 up to 2^14.
  Image<float> Composite(double amplitude) const {
    Image<float> image(background.height(), background.width());
    for (std::size_t i = 0; i < image.size(); ++i)
      image.data()[i] = static_cast<float>(background.data()[i] + amplitude * alpha.data()[i]);
    return image;
  }
};

/// The id of a region's name in the tables; empty for the regions that mirst does not measure.
inline std::string ScrIdOfRegion(const std::string& region) {
  const auto number_after = [&](const std::string& word) {
    const auto at = region.find(word) + word.size();
    return region.substr(at, region.find_first_not_of("0123456789", at) - at);
  };
  if (region == "global_minus_mask") return "global";
  if (region.starts_with("annulus_guard")) return "guard" + number_after("guard") + "_" + number_after("outer");
  if (region.ends_with("_minus_mask")) return "bbox" + number_after("box_d");
  if (region.starts_with("box_d") && region.ends_with("_minus_bbox")) return "guard0_" + number_after("box_d");
  return "";
}

}  // namespace mirst::test
