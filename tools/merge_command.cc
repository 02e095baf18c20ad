// `mirst merge`: shards of a data set into one.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "datasets/merge_shards.h"
#include "generator/plan_report.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct MergeFlags : CommonFlags {
  std::vector<std::filesystem::path> shards;
  std::filesystem::path out;
};

void Run(const MergeFlags& flags) {
  if (flags.out.empty() && flags.shards.size() > 1)
    throw UsageError("--out DIR is required for several shards; see 'mirst merge --help'");
  const auto threads = ApplyCommonFlags(flags);
  const std::filesystem::path out = flags.out.empty() ? flags.shards.front() : flags.out;
  const MergeReport report = MergeShards(flags.shards, out);
  WritePlanReport(out);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", out.string()},
                                         {"dataset_id", report.dataset_id},
                                         {"sequences", report.sequences},
                                         {"moved_sequences", report.moved}};
    PrintLine(json.dump());
    return;
  }
  PrintLine(fmt::format("{} sequences in {}, {} of them moved there", report.sequences, out.string(), report.moved));
  PrintLine(fmt::format("data set id {}", report.dataset_id));
}

}  // namespace

void AddMergeCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("merge",
                                             "Put the shards of a data set together\n\n"
                                             "Checks that all were made by the same options, seed, program and inputs, "
                                             "that no sequence is missing or\nthere twice, and each file's hash; the "
                                             "data set has the id of a single run.");
  const auto flags = std::make_shared<MergeFlags>();
  command
      ->add_option("SHARD", flags->shards, "folder that 'mirst generate --shard' wrote into; one for all, or several")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--out", flags->out,
                   "folder of the data set; sequences are moved there; not needed where all shards share one folder")
      ->type_name("DIR");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst merge out/smoke                                  all shards wrote into this folder\n"
      "  mirst merge /scratch/node1 /scratch/node2 --out out/smoke");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
