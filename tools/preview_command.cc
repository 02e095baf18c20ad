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
  std::filesystem::path folder, out, video;
  int sequences = 24;
  PreviewVideo options;
};

void RequireFree(const std::filesystem::path& path, const std::string& extension, bool force) {
  if (path.empty()) return;
  if (LowerExtension(path) != extension)
    throw UsageError(fmt::format("{}: the name must end in {}", path.string(), extension));
  RequireNew(path, force);
}

void RunPreview(const PreviewFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  if (flags.out.empty() && flags.video.empty()) throw UsageError("nothing to draw: give --out, --video or both");
  RequireFree(flags.out, ".png", flags.force);
  RequireFree(flags.video, ".mp4", flags.force);
  const LabelledSet set(flags.folder);
  nlohmann::ordered_json json = {{"event", "result"}};
  std::string text;
  if (!flags.out.empty()) {
    const Image<Rgb> sheet = DrawPreview(set, flags.sequences);
    if (flags.out.has_parent_path()) CreateFolder(flags.out.parent_path());
    WriteFileAtomically(flags.out, EncodePng(sheet));
    json.update({{"file", flags.out.string()}, {"width", sheet.width()}, {"height", sheet.height()}});
    text = fmt::format("{}: {} x {} px", flags.out.string(), sheet.width(), sheet.height());
  }
  if (!flags.video.empty()) {
    if (flags.video.has_parent_path()) CreateFolder(flags.video.parent_path());
    const int frames = WritePreviewVideo(set, flags.sequences, flags.options, flags.video);
    json.update({{"video", flags.video.string()}, {"frames", frames}});
    text += fmt::format("{}{}: {} frames", text.empty() ? "" : "\n", flags.video.string(), frames);
  }
  PrintLine(flags.json ? json.dump() : text);
}

}  // namespace

void AddPreviewCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "preview",
      "Draw a contact sheet of a data set\n"
      "A card a sequence: the frame in its middle with the target's box, the target enlarged, its SCR and size; as a\n"
      "picture, and as a film in which every card plays its sequence. Takes every set that 'mirst stats' takes.");
  const auto flags = std::make_shared<PreviewFlags>();
  command->add_option("DIR", flags->folder, "Data set")->required();
  command->add_option("--out", flags->out, "The picture, a PNG file")->type_name("FILE");
  command->add_option("--video", flags->video, "The film, an MP4 file")->type_name("FILE");
  command->add_option("--frames", flags->options.frames, "Frames of the film at most (default 100)")
      ->type_name("N")
      ->check(CLI::Range(1, 100000).description(""));
  command->add_option("--fps", flags->options.frames_per_s, "Frames a second of the film (default 10)")
      ->type_name("N")
      ->check(CLI::Range(1, 240).description(""));
  command->add_option("--sequences", flags->sequences, "Cards at most, evenly spread over the set (default 24)")
      ->type_name("N")
      ->check(CLI::Range(1, 120).description(""));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Examples:\n"
      "  mirst preview out/smoke --out sheet.png\n"
      "  mirst preview out/smoke --video sheet.mp4 --sequences 6 --fps 25");
  command->callback([flags] { RunPreview(*flags); });
}

}  // namespace mirst
