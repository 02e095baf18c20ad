#include "generator/splits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/random.h"

namespace mirst {

std::vector<std::string> AssignSplits(int sources, double val_share, double test_share, std::uint64_t seed) {
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
  RandomStream random({.seed = seed, .purpose = Purpose::kSplit});
  random.Shuffle(splits);
  return splits;
}

}  // namespace mirst
