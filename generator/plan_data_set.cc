#include "generator/plan_data_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "generator/plan_to_quota.h"

namespace mirst {

std::vector<Scenario> PlanSequences(const Inventory& inventory, const std::vector<SequenceRequest>& requests,
                                    const GenerateOptions& options) {
  std::vector<Scenario> scenarios(requests.size());
  std::vector<std::optional<Error>> errors(requests.size());
  Progress progress("plan", static_cast<std::int64_t>(requests.size()), "sequences");
  ParallelFor(requests.size(), [&](std::size_t i) {
    try {
      scenarios[i] = PlanToQuota(inventory, requests[i], options);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kInterrupted) throw;
      errors[i] = error;
    }
    progress.Advance();
  });
  // The first one in order, whatever the threads did, with the number of its fellows.
  const auto failed = std::count_if(errors.begin(), errors.end(), [](const auto& error) { return error.has_value(); });
  for (std::optional<Error>& error : errors) {
    if (!error) continue;
    if (failed > 1)
      error->AddContext(fmt::format("{} of {} sequences cannot be made; the first", failed, errors.size()));
    throw *error;
  }
  return scenarios;
}

}  // namespace mirst
