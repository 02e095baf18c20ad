// `mirst convert`: a data set in another layout.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/log.h"
#include "datasets/layouts/convert.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Write a data set in another layout: those of published sets, of annotation formats, or shards in tar\n"
    "The layout of IN is found out; --from says it where several fit. What the new layout has no place for (16 bits,\n"
    "ignore masks, SCR, ids ...) is listed as warnings and kept in OUT/conversion.json.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst convert out/smoke out/smoke-coco --to coco\n"
    "  mirst convert data/NUDT-MIRSDT out/nudt --to native\n"
    "  mirst convert out/smoke out/shards --to webdataset --shard-mib 64 --metadata --license CC-BY-4.0 --creator \"A. "
    "Name\"\n"
    "  mirst diff out/smoke out/smoke-coco";

struct ConvertFlags : CommonFlags {
  std::filesystem::path in, out;
  ConvertOptions options;
  Publication publication;
  bool metadata = false;
  std::uint64_t shard_mib = WriterOptions{}.shard_bytes >> 20;
};

std::string LayoutList() {
  std::string list = "Layouts:\n";
  for (const Layout& layout : Layouts()) list += fmt::format("  {:<16}{}\n", layout.name, layout.summary);
  return list;
}

void RunConvert(ConvertFlags flags) {
  const auto threads = ApplyCommonFlags(flags);
  flags.options.existing = flags.force ? Existing::kReplace : Existing::kRefuse;
  flags.options.shard_bytes = flags.shard_mib << 20;
  const bool has_publication = flags.publication != Publication{};
  if (has_publication && !flags.metadata)
    throw UsageError("--license, --creator, --url and --published belong to --metadata");
  if (flags.metadata) flags.options.metadata = flags.publication;
  const ConvertReport report = Convert(flags.in, flags.out, flags.options);
  for (const std::string& note : report.notes) LogWarning(note);
  for (const std::string& loss : report.losses)
    LogWarning(fmt::format("the layout {} does not hold {}", report.to, loss));
  if (flags.json) {
    const nlohmann::ordered_json json = {
        {"event", "result"},         {"folder", flags.out.string()},  {"from", report.from},
        {"to", report.to},           {"sequences", report.sequences}, {"frames", report.frames},
        {"targets", report.targets}, {"losses", report.losses},       {"notes", report.notes}};
    PrintLine(json.dump());
    return;
  }
  PrintLine(fmt::format("{}: {} sequences, {} frames, {} targets in frames, from {} to {}", flags.out.string(),
                        report.sequences, report.frames, report.targets, report.from, report.to));
}

}  // namespace

void AddConvertCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("convert", kDescription);
  const auto flags = std::make_shared<ConvertFlags>();
  command->add_option("IN", flags->in, "Data set in any layout")->required();
  command->add_option("OUT", flags->out, "Folder of the new data set")->required();
  command->add_option("--to", flags->options.to, "Layout to write")->type_name("LAYOUT")->required();
  command->add_option("--from", flags->options.from, "Layout of IN (default: found out)")->type_name("LAYOUT");
  command->add_option("--split", flags->options.split, "Only the sequences of this split: train, val or test")
      ->type_name("NAME")
      ->check(CLI::IsMember({"train", "val", "test"}).description(""));
  command->add_option("--shard-mib", flags->shard_mib, "Size at which a shard of webdataset ends, MiB (default: 256)")
      ->type_name("N")
      ->check(CLI::Range(1, 1 << 20).description(""));
  command->add_flag("--metadata", flags->metadata, "Write croissant.json, README.md (card) and DATASHEET.md, too");
  command->add_option("--license", flags->publication.license, "With --metadata: SPDX identifier or address")
      ->type_name("TEXT");
  command->add_option("--creator", flags->publication.creator, "With --metadata: who made the set")->type_name("TEXT");
  command->add_option("--url", flags->publication.url, "With --metadata: where it is published")->type_name("TEXT");
  command->add_option("--published", flags->publication.published, "With --metadata: date, YYYY-MM-DD")
      ->type_name("DATE");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(LayoutList() + "\n" + kExamples);
  command->callback([flags] { RunConvert(*flags); });
}

}  // namespace mirst
