#include "generator/splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/random.h"

namespace mirst {

namespace {

std::vector<std::string> Assign(int sources, double val_share, double test_share, const RandomKey& key) {
  struct Quota {
    const char* name;
    double share;
    int count = 0;
  };
  std::array<Quota, 3> quotas = {{{"train", 1 - val_share - test_share}, {"test", test_share}, {"val", val_share}}};
  // One each while sources last, then the rest by largest remainder of what is missing.
  int left = sources;
  for (Quota& quota : quotas) {
    if (quota.share > 0 && left > 0) {
      quota.count = 1;
      --left;
    }
  }
  for (; left > 0; --left) {
    const auto neediest = std::max_element(quotas.begin(), quotas.end(), [&](const Quota& a, const Quota& b) {
      return a.share * sources - a.count < b.share * sources - b.count;
    });
    ++neediest->count;
  }
  std::vector<std::string> splits;
  for (const Quota& quota : quotas) splits.insert(splits.end(), static_cast<std::size_t>(quota.count), quota.name);
  RandomStream random(key);
  random.Shuffle(splits);
  return splits;
}

}  // namespace

std::vector<std::string> AssignSplits(int sources, double val_share, double test_share, std::uint64_t seed) {
  return Assign(sources, val_share, test_share, {.seed = seed, .purpose = Purpose::kSplit});
}

std::vector<std::string> AssignModelSplits(int models, const std::vector<std::string>& source_splits, double val_share,
                                           double test_share, std::uint64_t seed) {
  constexpr std::uint16_t kModels = 2;
  std::vector<std::string> splits =
      Assign(models, val_share, test_share, {.seed = seed, .object = kModels, .purpose = Purpose::kSplit});
  for (const std::string& split : source_splits) {
    if (std::find(splits.begin(), splits.end(), split) == splits.end()) {
      throw BadInput(
          fmt::format("split.models: held_out leaves {} without a model: {} models are too few, at least one "
                      "for each of train, test and val is needed",
                      split, models));
    }
  }
  return splits;
}

int ModelOfSplit(const std::vector<std::string>& model_splits, const std::string& split, int place) {
  std::vector<int> models;
  for (std::size_t i = 0; i < model_splits.size(); ++i) {
    if (model_splits[i] == split) models.push_back(static_cast<int>(i));
  }
  // In turn by neighbours: what is near in the draw lies in different models.
  return models.at(static_cast<std::size_t>(place) % models.size());
}

}  // namespace mirst
