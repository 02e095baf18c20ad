// `mirst validate`: what is wrong with a data set, file by file.
#include <fmt/format.h>

#include <memory>

#include "core/error.h"
#include "datasets/validation.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Check a data set: decode every file and hold labels, names, hashes and splits against each other\n"
    "Names every problem with its file and the reason. Takes the native layout (all checks), and, as far as they say\n"
    "something, folders image(s)/ and mask(s)/ with or without sequences, and frames with a boxes.csv.\n"
    "A fault: the set contradicts itself or cannot be read as it claims. A warning: worth a look, may be meant.\n"
    "Checks: manifest against files, split, hash, name, order (numbers, time, repeated and swapped frames), decode,\n"
    "size, annotation, mask, instance, coverage, track, offset (labels beside their targets), duplicate (equal and\n"
    "nearly equal frames across splits).";

constexpr const char* kExamples =
    "Exit codes: 0 no fault (warnings or none), 1 at least one fault, 2 wrong command line, 3 DIR holds no data "
    "set.\n\n"
    "Examples:\n"
    "  mirst validate out/smoke\n"
    "  mirst validate data/sirst --json | jq -r '.findings[].file'";

struct ValidateFlags : CommonFlags {
  std::filesystem::path folder;
};

std::string Plural(std::int64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", count, singular, count == 1 ? "" : "s");
}

std::string Text(const ValidationReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text += fmt::format("{:<8}{:<11}{}: {}\n", finding.severity == Severity::kFault ? "fault" : "warning",
                        finding.check, finding.file, finding.reason);
  }
  return text + fmt::format("{} ({}): {}, {}, {} decoded; {}, {}", report.folder, NameOf(report.layout),
                            Plural(report.sequences, "sequence"), Plural(report.frames, "frame"),
                            Plural(report.images_decoded, "image"), Plural(report.faults(), "fault"),
                            Plural(report.warnings(), "warning"));
}

void RunValidate(const ValidateFlags& flags) {
  const auto threads = ApplyCommonFlags(flags);
  const ValidationReport report = ValidateDataSet(flags.folder);
  PrintLine(flags.json ? ValidationJson(report) : Text(report));
  if (report.faults() > 0)
    throw Error(ErrorCode::kDiffers, fmt::format("{} has {}", report.folder, Plural(report.faults(), "fault")));
}

}  // namespace

void AddValidateCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("validate", kDescription);
  const auto flags = std::make_shared<ValidateFlags>();
  command->add_option("DIR", flags->folder, "Data set")->required();
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunValidate(*flags); });
}

}  // namespace mirst
