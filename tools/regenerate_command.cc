// `mirst regenerate`: one frame of a data set made once more and compared with what was written.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "generator/regenerate.h"
#include "tools/command.h"

namespace mirst {
namespace {

struct RegenerateFlags : CommonFlags {
  std::filesystem::path folder, out;
  std::string frame;
};

void Run(const RegenerateFlags& flags) {
  const std::size_t slash = flags.frame.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == flags.frame.size())
    throw UsageError(fmt::format("--frame: found '{}', expected SEQUENCE/FRAME, as 000003/000012", flags.frame));
  const auto threads = ApplyCommonFlags(flags);
  const RegenerateReport report =
      RegenerateFrame(flags.folder, flags.frame.substr(0, slash), flags.frame.substr(slash + 1));
  if (!flags.out.empty()) WriteFrame(report.frame, flags.out);
  if (flags.json) {
    const nlohmann::ordered_json json = {{"event", "result"},
                                         {"folder", flags.folder.string()},
                                         {"frame", flags.frame},
                                         {"equal", report.differences.empty()},
                                         {"differences", report.differences}};
    PrintLine(json.dump());
  } else if (report.differences.empty()) {
    PrintLine(fmt::format("{} {}: images and labels are equal", flags.folder.string(), flags.frame));
  } else {
    for (const std::string& difference : report.differences) PrintLine(difference);
  }
  if (!report.differences.empty()) {
    throw Error(ErrorCode::kDiffers, fmt::format("{} {} differs in {} of its parts", flags.folder.string(), flags.frame,
                                                 report.differences.size()));
  }
}

}  // namespace

void AddRegenerateCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("regenerate",
                                             "Make one frame of a data set again and compare it\n\n"
                                             "From the options, the seed and the inputs that the manifest names. Exit "
                                             "code 1 and the first pixel or label where\nit differs.");
  const auto flags = std::make_shared<RegenerateFlags>();
  command
      ->add_option("DIR", flags->folder, "folder of the data set; paths in its options count from the current folder")
      ->required();
  command->add_option("--frame", flags->frame, "the frame, as 000003/000012")->type_name("SEQ/FRAME")->required();
  command->add_option("--out", flags->out, "write the frame made now here: image.png, mask.png, ..., annotation.json")
      ->type_name("FOLDER");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(
      "Example:\n"
      "  mirst regenerate out/smoke --frame 000003/000012 --out out/frame");
  command->callback([flags] { Run(*flags); });
}

}  // namespace mirst
