// What every sub-command shares: common flags, reading of options, and results on standard output. A sub-command is one
// file tools/<name>_command.cc with one function Add<Name>Command that registers flags, help text with examples, and a
// callback that does the work and throws mirst::Error; main.cc lists the functions and turns errors into exit codes.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/parallel.h"
#include "detector/device_choice.h"

namespace mirst {

/// Flags of every sub-command. `seed` and the config flags are offered only where options exist.
struct CommonFlags {
  std::filesystem::path config;          ///< --config FILE
  std::vector<std::string> assignments;  ///< --set a.b=c, repeatable
  std::optional<std::uint64_t> seed;     ///< --seed N
  int threads = 0;                       ///< --threads N, 0 = all cores
  bool quiet = false;                    ///< --quiet: no progress, no notes
  bool json = false;          ///< --json: results as JSON on standard output, progress as JSON lines on standard error
  bool force = false;         ///< --force: replace an older result of the same kind
  bool print_config = false;  ///< --print-config: print the resolved options as YAML and stop
};

/// Adds --threads --quiet --json --force, and with `options` also --config --set --seed --print-config.
enum class WithOptions { kNo, kYes };
void AddCommonFlags(CLI::App& command, CommonFlags& flags, WithOptions with_options);

/// Adds --device auto|cpu|cuda.
void AddDeviceOption(CLI::App& command, DeviceChoice& device);

/// The config file (empty tree without one) with --set and --seed laid over it.
ConfigTree LoadConfig(const CommonFlags& flags);

/// Sets log level and progress style; returns the thread limit, to be kept while the command runs.
[[nodiscard]] std::unique_ptr<ThreadLimit> ApplyCommonFlags(const CommonFlags& flags);

/// Prints to standard output, with a line break; throws kBadInput when that fails (closed pipe, full disk).
void PrintLine(std::string_view text);

/// Throws kBadInput where `file` exists and may not be replaced; an empty path is none.
void RequireNew(const std::filesystem::path& file, bool force);

void AddRenderCommand(CLI::App& program);
void AddGenerateCommand(CLI::App& program);
void AddMergeCommand(CLI::App& program);
void AddRegenerateCommand(CLI::App& program);
void AddEmbedCommand(CLI::App& program);
void AddStatsCommand(CLI::App& program);
void AddScrCommand(CLI::App& program);
void AddCaptureCommand(CLI::App& program);
void AddInspectCommand(CLI::App& program);
void AddValidateCommand(CLI::App& program);
void AddPreviewCommand(CLI::App& program);
void AddEvaluateCommand(CLI::App& program);
void AddCompareCommand(CLI::App& program);
void AddReportCommand(CLI::App& program);
void AddRelabelCommand(CLI::App& program);
void AddConvertCommand(CLI::App& program);
void AddDiffCommand(CLI::App& program);
void AddPackCommand(CLI::App& program);
void AddAuditCommand(CLI::App& program);
void AddPhysicsCommand(CLI::App& program);
void AddDetectCommand(CLI::App& program);
void AddBenchCommand(CLI::App& program);
void AddTrainCommand(CLI::App& program);  // with LibTorch only, as the next
void AddModelCommand(CLI::App& program);

}  // namespace mirst
