// The same training from several seeds, and how much its scores differ. No LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "detector/train.h"

namespace mirst {

struct SeedReport {
  std::uint64_t seed = 0;
  TrainReport report;
};

/// Mean and sample standard deviation (n - 1; none for one value) of the values that there are.
struct Spread {
  int count = 0;
  std::optional<double> mean, sigma;
};
Spread SpreadOf(const std::vector<std::optional<double>>& values);

/// A row of the table: a score of the best checkpoint of each seed.
struct SeedScore {
  std::string id;  ///< "iou_seq", "niou", "pd", "fa"
  std::vector<std::optional<double>> values;
  Spread spread;
};
std::vector<SeedScore> ScoresOf(const std::vector<SeedReport>& reports);

/// Train() for each seed, one after the other, into out/seed-N, and seeds.json (scores of each, mean, standard
/// deviation) into `out`. With kResume, finished seeds are kept. Throws as Train and kUsage for a seed named twice.
std::vector<SeedReport> TrainSeeds(const TrainOptions& options, const std::vector<std::uint64_t>& seeds,
                                   const std::shared_ptr<const LabelledFrames>& data, const std::filesystem::path& out,
                                   ExistingTraining existing);

}  // namespace mirst
