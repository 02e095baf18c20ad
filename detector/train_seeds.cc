#include "detector/train_seeds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "detector/join_processes.h"
#include "detector/train_output.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

Json Number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

std::string ToJsonText(const std::vector<SeedReport>& reports) {
  Json json = {{"schema_version", 1}, {"seeds", Json::array()}, {"best_checkpoint", Json::object()}};
  for (const SeedReport& seed : reports) {
    json["seeds"].push_back({{"seed", seed.seed},
                             {"folder", fmt::format("seed-{}", seed.seed)},
                             {"steps", seed.report.steps},
                             {"stopped_by", NameOf(seed.report.stopped_by)},
                             {"best_step", seed.report.best ? Json(seed.report.best->step) : Json(nullptr)}});
  }
  for (const SeedScore& score : ScoresOf(reports)) {
    Json values = Json::array();
    for (const auto& value : score.values) values.push_back(Number(value));
    json["best_checkpoint"][score.id] = {
        {"values", values}, {"mean", Number(score.spread.mean)}, {"standard_deviation", Number(score.spread.sigma)}};
  }
  return Dump(json, 2) + "\n";
}

}  // namespace

Spread SpreadOf(const std::vector<std::optional<double>>& values) {
  Spread spread;
  double sum = 0, squares = 0;
  for (const auto& value : values) {
    if (!value) continue;
    ++spread.count;
    sum += *value;
  }
  if (spread.count == 0) return spread;
  spread.mean = sum / spread.count;
  for (const auto& value : values) {
    if (value) squares += (*value - *spread.mean) * (*value - *spread.mean);
  }
  if (spread.count > 1) spread.sigma = std::sqrt(squares / (spread.count - 1));
  return spread;
}

std::vector<SeedScore> ScoresOf(const std::vector<SeedReport>& reports) {
  using Member = std::optional<double> ValidationScore::*;
  const std::pair<const char*, Member> kScores[] = {{"iou_seq", &ValidationScore::iou_seq},
                                                    {"niou", &ValidationScore::niou},
                                                    {"pd", &ValidationScore::pd},
                                                    {"fa", &ValidationScore::fa}};
  std::vector<SeedScore> scores;
  for (const auto& [id, member] : kScores) {
    SeedScore score{id, {}, {}};
    for (const SeedReport& seed : reports) {
      score.values.push_back(seed.report.best ? (*seed.report.best).*member : std::nullopt);
    }
    score.spread = SpreadOf(score.values);
    scores.push_back(std::move(score));
  }
  return scores;
}

std::vector<SeedReport> TrainSeeds(const TrainOptions& options, const std::vector<std::uint64_t>& seeds,
                                   const std::shared_ptr<const LabelledFrames>& data, const fs::path& out,
                                   ExistingTraining existing) {
  if (std::set<std::uint64_t>(seeds.begin(), seeds.end()).size() != seeds.size()) {
    throw UsageError("a seed is named twice");
  }
  const JoinedProcesses joined(options);  // once for all of them
  const auto folder_of = [&](std::uint64_t seed) { return out / fmt::format("seed-{}", seed); };
  for (const std::uint64_t seed : seeds) CheckTrainingFolder(folder_of(seed), existing);
  std::vector<SeedReport> reports;
  for (const std::uint64_t seed : seeds) {
    LogInfo(fmt::format("seed {}, {} of {}", seed, reports.size() + 1, seeds.size()));
    TrainOptions seeded = options;
    seeded.seed = seed;
    reports.push_back({seed, Train(seeded, data, folder_of(seed), existing)});
    if (reports.back().report.speaks) WriteFileAtomically(out / "seeds.json", ToJsonText(reports));
  }
  return reports;
}

}  // namespace mirst
