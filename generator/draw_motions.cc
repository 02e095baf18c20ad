#include "generator/draw_motions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "generator/path_file.h"

namespace mirst {
namespace {

void TakeGivenPaths(const std::filesystem::path& path, double most_frames, SequenceRequest& request) {
  const std::filesystem::path csv = PathFileOf(path, request.index);
  std::map<int, Movement> movements = ReadPathFile(csv);
  if (movements.size() != request.targets.size()) {
    throw BadInput(fmt::format("{} has {} ids, sequence {:06} has {} targets: set target.count to [{}, {}]",
                               csv.string(), movements.size(), request.index, request.targets.size(), movements.size(),
                               movements.size()));
  }
  const std::size_t frames = movements.begin()->second.path.offsets.size();
  if (static_cast<double>(frames) < most_frames) {
    throw BadInput(fmt::format("{} has {} frames, sequences have up to {}: give more, or lower the option frames",
                               csv.string(), frames, most_frames));
  }
  auto target = request.targets.begin();
  for (auto& [id, movement] : movements) (target++)->given = std::move(movement);
}

}  // namespace

void DrawMotions(const GenerateOptions& options, std::vector<SequenceRequest>& requests) {
  const TrackOptions& track = options.track;
  const int n = static_cast<int>(requests.size());
  const std::vector<MotionShare> mix = ParseMotionMix(track.model);
  const RandomKey key{.seed = options.seed, .purpose = Purpose::kScenario};
  const auto [slowest, fastest] = track.speed_m_per_s;
  for (std::size_t slot = 0; slot < static_cast<std::size_t>(options.target.count.second); ++slot) {
    const auto strata = [&](std::size_t quantity) {
      return LatinStrata(n, key.WithObject(static_cast<std::uint16_t>(16 * slot + quantity)));
    };
    const auto model = strata(6), entry = strata(8), exit = strata(9), speed = strata(10);
    for (std::size_t k = 0; k < requests.size(); ++k) {
      if (slot >= requests[k].targets.size()) continue;
      TargetRequest& request = requests[k].targets[slot];
      request.motion = ModelAt(mix, model[k]);
      request.crossing = {entry[k] < track.entry_share, exit[k] < track.exit_share};
      if (fastest > 0) request.speed_m_per_s = std::floor((slowest + speed[k] * (fastest - slowest)) * 1e6 + 0.5) / 1e6;
    }
  }
  if (track.file.empty()) return;
  for (SequenceRequest& request : requests) TakeGivenPaths(track.file, options.frames.second, request);
}

}  // namespace mirst
