#include "tools/command.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <system_error>

#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"

namespace mirst {
namespace {

std::string CheckNotEmpty(const std::string& value) { return value.empty() ? "needs a file name" : ""; }

// The parser itself would take "-3" for 2^64 - 3.
std::string CheckSeed(const std::string& value) {
  std::uint64_t seed = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), seed);
  if (fault == std::errc() && end == value.data() + value.size()) return "";
  return fmt::format("found '{}', allowed: a whole number from 0 to {}", value,
                     std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

void AddCommonFlags(CLI::App& command, CommonFlags& flags, WithOptions with_options) {
  if (with_options == WithOptions::kYes) {
    command.add_option("--config", flags.config, "Read options from this YAML file")
        ->type_name("FILE")
        ->check(CheckNotEmpty);
    command
        .add_option("--set", flags.assignments,
                    "Set one option over the file's value, e.g. --set scr.high=8; repeatable")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    command.add_option("--seed", flags.seed, "Seed of all random numbers, a whole number >= 0")
        ->type_name("N")
        ->check(CheckSeed);
    command.add_flag("--print-config", flags.print_config, "Print the resolved options as YAML and stop");
  }
  command
      .add_option("--threads", flags.threads,
                  "Threads to use, 0 = one a core; data sets do not depend on it, trained weights do")
      ->type_name("N")
      ->check(CLI::Range(0, 4096).description(""));
  command.add_flag("--quiet", flags.quiet, "No progress and no notes, only warnings and errors");
  command.add_flag("--json", flags.json,
                   "Results as JSON on standard output, progress as JSON lines on standard error");
  command.add_flag("--force", flags.force, "Replace an older result of the same kind");
}

void AddDeviceOption(CLI::App& command, DeviceChoice& device) {
  const std::vector<std::pair<std::string, DeviceChoice>> choices{
      {"auto", DeviceChoice::kAutomatic}, {"cpu", DeviceChoice::kCpu}, {"cuda", DeviceChoice::kCuda}};
  command.add_option("--device", device, "Where networks run: auto, cpu or cuda (default: auto)")
      ->type_name("NAME")
      ->transform(CLI::CheckedTransformer(choices).description(""));
}

ConfigTree LoadConfig(const CommonFlags& flags) {
  ConfigTree tree = flags.config.empty() ? ConfigTree() : ConfigTree::FromFile(flags.config);
  for (const std::string& assignment : flags.assignments) tree.Assign(assignment);
  if (flags.seed) tree.Assign(fmt::format("seed={}", *flags.seed));
  return tree;
}

std::unique_ptr<ThreadLimit> ApplyCommonFlags(const CommonFlags& flags) {
  SetLogLevel(flags.quiet ? LogLevel::kQuiet : LogLevel::kNormal);
  SetProgressStyle(flags.quiet ? ProgressStyle::kQuiet : flags.json ? ProgressStyle::kJson : ProgressStyle::kAutomatic);
  return std::make_unique<ThreadLimit>(flags.threads);
}

void PrintLine(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                       std::fputc('\n', stdout) != EOF && std::fflush(stdout) == 0;
  if (!written) {
    throw BadInput(fmt::format("cannot write to standard output: {}", std::generic_category().message(errno)));
  }
}

void RequireNew(const std::filesystem::path& file, bool force) {
  if (!file.empty() && std::filesystem::exists(file) && !force)
    throw BadInput(fmt::format("{} exists; --force replaces it", file.string()));
}

}  // namespace mirst
