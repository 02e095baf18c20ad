#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

#include "core/error.h"
#include "detector/process_group.h"

namespace mirst {
namespace {

using GetVariable = std::function<const char*(const char*)>;

struct Launcher {
  const char *rank, *size, *local_rank, *local_size;
};
constexpr std::array<Launcher, 4> kLaunchers = {{
    {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
    // Not SLURM_NTASKS: sbatch sets that for its script as well, of which there is one process only.
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"},
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
}};
constexpr int kDefaultPort = 29500;  // as torchrun

std::optional<int> Number(const GetVariable& get, const char* name) {
  const char* text = get(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0) {
    throw UsageError(fmt::format("the environment's {} is '{}', expected a whole number from 0", name, text));
  }
  return value;
}

/// The first name of "node[03-05,9],other": "node03".
std::string FirstNode(std::string_view list) {
  const std::size_t end = list.find_first_of(",[");
  std::string name(list.substr(0, end));
  if (end != std::string_view::npos && list[end] == '[') {
    const std::string_view numbers = list.substr(end + 1);
    name += numbers.substr(0, numbers.find_first_of("-,]"));
  }
  return name;
}

std::string AddressOf(const GetVariable& get, const Launcher& launcher, int size) {
  if (const char* address = get("MASTER_ADDR")) return address;
  if (const char* nodes = get("SLURM_STEP_NODELIST")) return FirstNode(nodes);
  if (launcher.local_size != kLaunchers[2].local_size && Number(get, launcher.local_size).value_or(0) == size) {
    return "127.0.0.1";
  }
  throw UsageError(fmt::format(
      "the environment names {} processes ({}) but not where the first of them runs; set MASTER_ADDR to the name of "
      "that machine and MASTER_PORT to a free port there",
      size, launcher.size));
}

/// Two jobs of Slurm on one machine must not meet.
int PortOf(const GetVariable& get) {
  if (const std::optional<int> port = Number(get, "MASTER_PORT")) {
    if (*port < 1 || *port > 65535) {
      throw UsageError(fmt::format("the environment's MASTER_PORT is {}, expected 1 to 65535", *port));
    }
    return *port;
  }
  const std::optional<int> job = Number(get, "SLURM_JOB_ID");
  return job ? 20000 + (*job % 1000 * 10 + Number(get, "SLURM_STEP_ID").value_or(0)) % 10000 : kDefaultPort;
}

}  // namespace

ProcessPlace PlaceFromEnvironment(const GetVariable& get) {
  for (const Launcher& launcher : kLaunchers) {
    const std::optional<int> rank = Number(get, launcher.rank), size = Number(get, launcher.size);
    if (!size || (!rank && *size <= 1)) continue;
    if (!rank) throw UsageError(fmt::format("the environment has {} but no {}", launcher.size, launcher.rank));
    if (*rank >= *size) {
      throw UsageError(fmt::format("the environment's {} is {} and {} is {}; the rank must be less", launcher.rank,
                                   *rank, launcher.size, *size));
    }
    if (*size == 1) return {};
    return {*rank, *size, Number(get, launcher.local_rank).value_or(0), AddressOf(get, launcher, *size), PortOf(get)};
  }
  return {};
}

}  // namespace mirst
