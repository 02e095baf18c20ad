// `mirst bench`: detectors on data sets, one protocol, one command.
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

#include "core/error.h"
#include "core/json.h"
#include "detector/benchmark/benchmark.h"
#include "tools/bench_job.h"
#include "tools/command.h"

namespace mirst {
namespace {
namespace fs = std::filesystem;

constexpr const char* kDescription =
    "Train, score and time detectors on data sets, and write the tables\n"
    "Makes or takes the data sets of a config (configs/bench/), trains its networks or takes checkpoints, runs "
    "classical\n"
    "methods, scores all alike and writes index.html, results.md, results.tex and results.json: scores by mean SCR, "
    "on\n"
    "further sets, ablations, ROC, examples, time, parameters, operations, memory. Each cell runs in processes of its\n"
    "own: one that fails marks its row and the rest goes on. Called again with the same --out it goes on where it was\n"
    "left; results are known by the hashes of their options and data.";

struct BenchFlags : CommonFlags {
  fs::path out, check, job;
  DeviceChoice device = DeviceChoice::kAutomatic;
  bool leave_one_source_out = false, estimate = false;
};

#ifdef MIRST_WITH_TORCH
constexpr bool kHasNetworks = true;
#else
constexpr bool kHasNetworks = false;
#endif

std::string NameOf(DeviceChoice device) {
  return device == DeviceChoice::kCpu ? "cpu" : device == DeviceChoice::kCuda ? "cuda" : "auto";
}

void Check(const BenchFlags& flags) {
  const std::vector<std::string> differences = CheckBenchmark(flags.check);
  if (flags.json) {
    PrintLine(Dump({{"event", "result"}, {"folder", flags.check.string()}, {"differences", differences}}));
  } else {
    for (const std::string& difference : differences) PrintLine(difference);
    if (differences.empty()) PrintLine(fmt::format("{}: all files and tables are as they were", flags.check.string()));
  }
  if (!differences.empty()) {
    throw Error(ErrorCode::kDiffers, fmt::format("{}: {} difference{}", flags.check.string(), differences.size(),
                                                 differences.size() == 1 ? "" : "s"));
  }
}

void Print(const BenchmarkReport& report, const BenchFlags& flags) {
  if (flags.json) {
    PrintLine(Dump({{"event", "result"},
                    {"page", report.page.string()},
                    {"cells", report.cells},
                    {"found", report.found},
                    {"done", report.done},
                    {"not_converged", report.not_converged},
                    {"failed", report.failed},
                    {"absent", report.absent},
                    {"estimated_s", report.estimated_s},
                    {"seconds", report.seconds}}));
    return;
  }
  if (flags.estimate) {
    PrintLine(
        fmt::format("{} cells; what is not finished takes about {:.1f} min", report.cells, report.estimated_s / 60));
    return;
  }
  PrintLine(fmt::format(
      "{} cells in {:.1f} min: {} done, {} not converged, {} failed, {} absent ({} found from an earlier run)",
      report.cells, report.seconds / 60, report.done, report.not_converged, report.failed, report.absent,
      report.found));
  PrintLine(report.page.string());
}

void Run(const BenchFlags& flags) {
  if (!flags.job.empty()) {
    const auto threads = ApplyCommonFlags(flags);
    RunBenchmarkJob(flags.job, flags.threads);
    return;
  }
  if (!flags.check.empty()) {
    const auto threads = ApplyCommonFlags(flags);
    Check(flags);
    return;
  }
  BenchmarkMatrix matrix = ReadOptions<BenchmarkMatrix>(LoadConfig(flags));
  if (flags.leave_one_source_out) matrix.leave_one_source_out = true;
  ResolvePaths(matrix, fs::absolute(flags.config).parent_path());
  if (flags.print_config) {
    PrintLine(PrintOptions(matrix, OptionsFormat::kYaml));
    return;
  }
  if (flags.out.empty()) throw UsageError("--out DIR is required; see 'mirst bench --help'");
  const auto threads = ApplyCommonFlags(flags);
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);  // LibTorch's waiting threads would take the others' cores
  const BenchmarkRun run{
      matrix,      fs::absolute(flags.out), fs::canonical("/proc/self/exe"), NameOf(flags.device), ThreadCount(),
      kHasNetworks};
  Print(RunBenchmark(run, flags.force ? ExistingCells::kReplace : ExistingCells::kRefuse, flags.estimate), flags);
}

}  // namespace

void AddBenchCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("bench", kDescription);
  const auto flags = std::make_shared<BenchFlags>();
  command->add_option("--out", flags->out, "Folder of the run; one that exists is gone on with")->type_name("DIR");
  command
      ->add_option("--check", flags->check,
                   "Hash the files of a finished run and its sets again, derive its tables again from the scores")
      ->type_name("DIR");
  command->add_flag("--leave-one-source-out", flags->leave_one_source_out,
                    "A fold for each background source of the first set: tested on it, trained on the others");
  command->add_flag("--estimate", flags->estimate,
                    "Make the sets, try each detector for moments, tell how long all takes");
  command->add_option("--job", flags->job)->group("");  // the work of a cell's own process
  AddDeviceOption(*command, flags->device);
  AddCommonFlags(*command, *flags, WithOptions::kYes);
  command->footer(
      "Examples:\n"
      "  mirst bench --config configs/bench/smoke.yaml --out out/bench\n"
      "  mirst bench --config configs/bench/small.yaml --out out/small --estimate\n"
      "  mirst bench --config configs/bench/small.yaml --set seeds=3 --out out/small\n"
      "  mirst bench --check out/bench\n"
      "  mirst bench --print-config          all options with their meaning, as YAML");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
