#include "datasets/shard.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "core/error.h"

namespace mirst {
namespace {

constexpr int kMostShards = 100000;

std::optional<int> WholeNumber(std::string_view text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

int CountOf(std::string_view text, std::string_view origin) {
  const std::optional<int> count = WholeNumber(text);
  if (!count || *count < 1 || *count > kMostShards)
    throw UsageError(fmt::format("{}: found '{}' shards, allowed: 1 to {}", origin, text, kMostShards));
  return *count;
}

Shard Checked(std::optional<int> index, std::string_view found, int count, std::string_view origin) {
  if (!index || *index >= count)
    throw UsageError(fmt::format("{}: found shard '{}' of {}, allowed: 0 to {}", origin, found, count, count - 1));
  return {*index, count};
}

std::optional<int> Variable(const Environment& environment, const std::string& name) {
  const std::optional<std::string> text = environment(name);
  if (!text) return std::nullopt;
  const std::optional<int> value = WholeNumber(*text);
  if (!value) throw UsageError(fmt::format("{} is '{}', expected a whole number", name, *text));
  return value;
}

// An array 3-9:2 has the tasks 3, 5, 7, 9: they become 0 to 3 of 4.
Shard OfSlurmArray(const Environment& environment, int task) {
  const auto required = [&](const std::string& name) {
    const std::optional<int> value = Variable(environment, name);
    if (!value) throw UsageError(fmt::format("--shard auto: SLURM_ARRAY_TASK_ID is set and {} is not", name));
    return *value;
  };
  const int count = required("SLURM_ARRAY_TASK_COUNT"), least = required("SLURM_ARRAY_TASK_MIN");
  const int step = std::max(1, Variable(environment, "SLURM_ARRAY_TASK_STEP").value_or(1));
  const int most = Variable(environment, "SLURM_ARRAY_TASK_MAX").value_or(least + (count - 1) * step);
  if (task < least || (task - least) % step != 0 || least + (count - 1) * step != most) {
    throw UsageError(
        fmt::format("--shard auto: the array's {} tasks from {} to {} leave gaps; give the number of shards "
                    "as --shard auto/N",
                    count, least, most));
  }
  const int index = (task - least) / step;
  return Checked(index, std::to_string(index), count, "--shard auto");
}

Shard FromScheduler(const Environment& environment, std::optional<int> count) {
  struct Scheduler {
    const char* index;
    const char* count;  // none: the user must tell
  };
  static constexpr std::array<Scheduler, 5> kSchedulers = {{{"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"},
                                                            {"JOB_COMPLETION_INDEX", nullptr},
                                                            {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                                            {"PMIX_RANK", nullptr},
                                                            {"PMI_RANK", "PMI_SIZE"}}};
  for (const Scheduler& scheduler : kSchedulers) {
    const std::optional<int> index = Variable(environment, scheduler.index);
    if (!index) continue;
    const std::string found = std::to_string(*index);
    if (count) return Checked(index, found, *count, scheduler.index);
    if (std::string_view(scheduler.index) == "SLURM_ARRAY_TASK_ID") return OfSlurmArray(environment, *index);
    if (scheduler.count == nullptr)
      throw UsageError(
          fmt::format("--shard auto: {} does not tell of how many; give it as --shard auto/N", scheduler.index));
    const std::optional<int> total = Variable(environment, scheduler.count);
    if (!total)
      throw UsageError(fmt::format("--shard auto: {} is set and {} is not", scheduler.index, scheduler.count));
    return Checked(index, found, CountOf(std::to_string(*total), scheduler.count), scheduler.index);
  }
  throw UsageError(
      "--shard auto: none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, OMPI_COMM_WORLD_RANK, PMIX_RANK, PMI_RANK is "
      "set; "
      "give the shard as --shard i/N");
}

}  // namespace

std::optional<std::string> EnvironmentOfProcess(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Shard ParseShard(std::string_view text, const Environment& environment) {
  const std::size_t slash = text.find('/');
  const std::string_view index = text.substr(0, slash);
  if (index == "auto" && slash == std::string_view::npos) return FromScheduler(environment, std::nullopt);
  if (slash == std::string_view::npos)
    throw UsageError(fmt::format("--shard: found '{}', allowed: i/N, auto, auto/N", text));
  const int count = CountOf(text.substr(slash + 1), "--shard");
  if (index == "auto") return FromScheduler(environment, count);
  return Checked(WholeNumber(index), index, count, "--shard");
}

std::string ToString(const Shard& shard) { return fmt::format("{}/{}", shard.index, shard.count); }

}  // namespace mirst
