// `mirst inspect`: the identity card of backgrounds.
#include <fmt/format.h>

#include <memory>

#include "core/error.h"
#include "core/file.h"
#include "core/log.h"
#include "core/progress.h"
#include "datasets/background_library.h"
#include "datasets/inspection_files.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Inspect backgrounds: noise, motion, sharpness, faults, suspected real targets\n"
    "Says of each source whether it is fit as a scene for synthetic targets, and why. `review` means: fit as soon as\n"
    "somebody has looked at the suspects. Writes NAME.json and a page NAME.png a source into --out, and a catalogue\n"
    "that `mirst generate --set backgrounds.library=FILE` reads.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst inspect thermal/                                    a table\n"
    "  mirst inspect thermal/ --out out/cards                    JSON and a page for each source\n"
    "  mirst inspect thermal/ --library out/library.json         a catalogue; edit it to review suspects\n"
    "  mirst generate --set backgrounds.library=out/library.json --out out/set";

struct InspectFlags : CommonFlags {
  std::vector<std::filesystem::path> sources;
  std::filesystem::path out, library;
  bool accept_suspects = false;
  InspectionOptions options;
};

std::string TableHead() {
  return fmt::format("{:<24} {:>9} {:>2} {:>6} {:>11} {:>5} {:>6} {:>6} {:>6} {:>5} {:>6} {:>5} {:>8} {:>8}  {}",
                     "source", "size", "b", "frames", "counts", "noise", "rep.px", "rep.b8", "shift", "psf", "slope",
                     "dead", "suspects", "known", "verdict");
}

std::string TableRow(const Inspection& i) {
  const std::string known = i.known_boxes > 0 ? fmt::format("{}/{}", i.known_boxes_found, i.known_boxes) : "-";
  const std::string psf = i.sharpness.psf_sigma_px ? fmt::format("{:.2f}", *i.sharpness.psf_sigma_px) : "-";
  return fmt::format(
      "{:<24} {:>9} {:>2} {:>6} {:>11} {:>5.2f} {:>5.1f}% {:>5.1f}% {:>6.2f} {:>5} {:>6.2f} {:>5} {:>8} {:>8}  {}{}",
      i.source.name.substr(0, 24), fmt::format("{}x{}", i.source.width, i.source.height), i.source.bit_depth, i.frames,
      fmt::format("{}..{}", i.levels.p001, i.levels.p999), i.temporal_noise, 100 * i.repeats.mean_pixel_share,
      100 * i.repeats.mean_block8_share, i.motion.median_shift_px, psf, i.spectrum.slope,
      i.defective_pixels.size() + i.fixed_spots.size(), i.suspects.size(), known, ToString(i.fitness),
      i.faults.empty() ? "" : ": " + i.faults.front());
}

void RunInspect(const InspectFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  if (flags.accept_suspects && flags.library.empty()) throw UsageError("--accept-suspects needs --library");
  const auto sources = OpenSources(flags.sources);
  const auto file_of = [&](const SequenceSource& source, const char* extension) {
    return flags.out / (source.info().name + extension);
  };
  RequireNew(flags.library, flags.force);
  if (!flags.out.empty()) {
    CreateFolder(flags.out);
    for (const auto& source : sources) RequireNew(file_of(*source, ".json"), flags.force);
  }

  std::vector<Inspection> inspections;
  {
    Progress progress("inspect", static_cast<std::int64_t>(sources.size()), "sources");
    for (const auto& source : sources) {
      ThrowIfInterrupted();
      inspections.push_back(InContext(source->info().name, [&] { return Inspect(*source, flags.options); }));
      if (!flags.out.empty()) {
        WriteFileAtomically(file_of(*source, ".png"), EncodePng(DrawInspection(inspections.back(), *source)));
        WriteFileAtomically(file_of(*source, ".json"), InspectionJson(inspections.back()) + "\n");
      }
      progress.Advance();
    }
  }
  if (!flags.library.empty()) {
    const auto folder = std::filesystem::absolute(flags.library).parent_path();
    CreateFolder(folder);
    const SuspectsAre suspects = flags.accept_suspects ? SuspectsAre::kTargets : SuspectsAre::kOpen;
    WriteFileAtomically(flags.library, LibraryJson(inspections, folder, suspects) + "\n");
    LogInfo(fmt::format("catalogue of {} sources written to {}", inspections.size(), flags.library.string()));
  }
  std::string text = flags.json ? "[" : TableHead();
  for (const Inspection& inspection : inspections) {
    text += flags.json ? (text == "[" ? "\n" : ",\n") + InspectionJson(inspection) : "\n" + TableRow(inspection);
    if (flags.json) continue;
    for (const std::string& note : inspection.notes) text += "\n    " + note;
  }
  PrintLine(flags.json ? text + "\n]" : text);
}

}  // namespace

void AddInspectCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("inspect", kDescription);
  const auto flags = std::make_shared<InspectFlags>();
  InspectionOptions& options = flags->options;
  command->add_option("SOURCE", flags->sources, "Sequence folders, folders of such, or video files")->required();
  command->add_option("--out", flags->out, "Folder for the cards; default: only the table is printed")
      ->type_name("FOLDER");
  command->add_option("--library", flags->library, "Write a catalogue for `mirst generate`")->type_name("FILE");
  command->add_flag("--accept-suspects", flags->accept_suspects,
                    "In the catalogue take every suspect for a real target, to be ignored, without a review");
  command
      ->add_option("--frames", options.most_frames, fmt::format("Frames looked at (default {})", options.most_frames))
      ->type_name("N")
      ->check(CLI::Range(2, 100000).description(""));
  command
      ->add_option("--min-frames", options.least_frames,
                   fmt::format("Fewer are unfit (default {})", options.least_frames))
      ->type_name("N")
      ->check(CLI::Range(1, 100000).description(""));
  command
      ->add_option("--min-side-px", options.least_side_px,
                   fmt::format("A smaller side is unfit (default {})", options.least_side_px))
      ->type_name("PX")
      ->check(CLI::Range(1, 16384).description(""));
  command
      ->add_option(
          "--max-saturated", options.most_saturated_share,
          fmt::format("A larger share of clipped values is unfit (default {:g})", options.most_saturated_share))
      ->type_name("SHARE")
      ->check(CLI::Range(0.0, 1.0).description(""));
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunInspect(*flags); });
}

}  // namespace mirst
