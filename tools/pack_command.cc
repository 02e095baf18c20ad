// `mirst pack`: a data set as memory-mapped arrays.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "datasets/packed_store.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Copy a data set into NumPy arrays that are read without decoding\n"
    "One .npy file a sequence and kind of picture (image, mask, coverage, ...), shape (frames, height, width), and "
    "packed.json.\n"
    "`mirst train --data` takes the folder in place of the data set's; "
    "numpy.load(..., mmap_mode='r') reads the arrays.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst pack out/smoke --out out/smoke-packed\n"
    "  python3 -c \"import numpy; print(numpy.load('out/smoke-packed/image/000000.npy', mmap_mode='r').shape)\"";

struct PackFlags : CommonFlags {
  std::filesystem::path folder, out;
};

void RunPack(const PackFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const PackReport report = PackDataSet(flags.folder, flags.out, flags.force ? Existing::kReplace : Existing::kRefuse);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", flags.out.string()},
                                         {"sequences", report.sequences},
                                         {"frames", report.frames},
                                         {"bytes", report.bytes}};
    PrintLine(json.dump());
    return;
  }
  PrintLine(fmt::format("{}: {} sequences, {} frames, {:.1f} MB of arrays", flags.out.string(), report.sequences,
                        report.frames, 1e-6 * static_cast<double>(report.bytes)));
}

}  // namespace

void AddPackCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("pack", kDescription);
  const auto flags = std::make_shared<PackFlags>();
  command->add_option("DIR", flags->folder, "Data set in the native layout")->required();
  command->add_option("--out", flags->out, "New or empty folder for the arrays")->type_name("FOLDER")->required();
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunPack(*flags); });
}

}  // namespace mirst
