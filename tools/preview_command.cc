// `mirst preview`: a data set as one picture.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "datasets/preview.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct PreviewFlags : CommonFlags {
  std::filesystem::path folder, out;
  int sequences = 24;
};

void RunPreview(const PreviewFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  if (LowerExtension(flags.out) != ".png")
    throw UsageError(fmt::format("--out {}: the name must end in .png", flags.out.string()));
  if (std::filesystem::exists(flags.out) && !flags.force)
    throw BadInput(fmt::format("{} exists; --force replaces it", flags.out.string()));
  const SampleStoreReader reader(flags.folder);
  const Image<Rgb> sheet = DrawPreview(reader, flags.sequences);
  if (flags.out.has_parent_path()) CreateFolder(flags.out.parent_path());
  WriteFileAtomically(flags.out, EncodePng(sheet));
  if (flags.json) {
    const nlohmann::ordered_json json = {
        {"event", "result"}, {"file", flags.out.string()}, {"width", sheet.width()}, {"height", sheet.height()}};
    PrintLine(json.dump());
  } else {
    PrintLine(fmt::format("{}: {} x {} px", flags.out.string(), sheet.width(), sheet.height()));
  }
}

}  // namespace

void AddPreviewCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "preview",
      "Draw a contact sheet of a data set\n"
      "A card a sequence: the frame in its middle with the target's box, the target enlarged, its SCR and size.");
  const auto flags = std::make_shared<PreviewFlags>();
  command->add_option("DIR", flags->folder, "Data set in the native layout")->required();
  command->add_option("--out", flags->out, "The picture, a PNG file")->type_name("FILE")->required();
  command->add_option("--sequences", flags->sequences, "Cards at most, evenly spread over the set (default 24)")
      ->type_name("N")
      ->check(CLI::Range(1, 120).description(""));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer("Example:\n  mirst preview out/smoke --out sheet.png");
  command->callback([flags] { RunPreview(*flags); });
}

}  // namespace mirst
