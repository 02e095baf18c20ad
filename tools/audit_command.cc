// `mirst audit`: does a data set betray its pasted targets?
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "generator/audit.h"
#include "tools/command.h"

namespace mirst {
namespace {

constexpr const char* kDescription =
    "Look for traces of the pasting in a data set\n"
    "(a) untouched background, (c) seams, (d) energy beyond the optics' cut-off, (e) noise under the targets, (f) a\n"
    "classifier that is to tell embedded from real targets, (g) brightness that follows the clutter, (h) real targets\n"
    "taken out and put back. A check that lacks what it needs (models, backgrounds, real targets) is skipped and says "
    "so.\n"
    "Exit code 1 when a check fails.";

constexpr const char* kExamples =
    "Examples:\n"
    "  mirst audit out/smoke\n"
    "  mirst audit out/mine --real thermal-with-targets/ --json | jq '.checks[] | {id, verdict}'\n"
    "  mirst audit out/mine --real thermal-with-targets/ --patches patches.csv\n"
    "The folder given to --real holds sequences with boxes.csv (docs/formats.md), best of the camera that shot the\n"
    "backgrounds; --groups names a CSV 'video,group' of sequences that show one scene.";

struct AuditFlags : CommonFlags {
  std::filesystem::path folder, patches;
  AuditOptions options;
};

std::string Text(const AuditReport& report) {
  std::string text = fmt::format("{}  {}", report.folder, report.dataset_id);
  for (const AuditCheck& check : report.checks) {
    text += fmt::format("\n({}) {:<8} {}", check.id, ToString(check.verdict), check.title);
    if (!check.limit.empty()) text += fmt::format("\n    limit: {}", check.limit);
    if (!check.numbers.empty()) text += "\n   ";
    for (const auto& [name, value] : check.numbers) text += fmt::format(" {} {:.4g} ", name, value);
    if (!check.note.empty()) text += fmt::format("\n    {}", check.note);
  }
  return text;
}

std::string Json(const AuditReport& report) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const AuditCheck& check : report.checks) {
    nlohmann::ordered_json numbers = nlohmann::ordered_json::object();
    for (const auto& [name, value] : check.numbers) numbers[name] = value;
    checks.push_back({{"id", std::string(1, check.id)},
                      {"title", check.title},
                      {"verdict", ToString(check.verdict)},
                      {"limit", check.limit},
                      {"numbers", numbers},
                      {"note", check.note}});
  }
  const nlohmann::ordered_json json = {
      {"folder", report.folder}, {"dataset_id", report.dataset_id}, {"failed", report.failed()}, {"checks", checks}};
  return json.dump();
}

void RunAudit(const AuditFlags& flags) {
  if (!flags.options.groups.empty() && flags.options.real.empty()) throw UsageError("--groups goes with --real");
  RequireNew(flags.patches, flags.force);
  const auto threads = ApplyCommonFlags(flags);
  AuditOptions options = flags.options;
  options.patches = !flags.patches.empty();
  const AuditReport report = Audit(SampleStoreReader(flags.folder), options);
  PrintLine(flags.json ? Json(report) : Text(report));
  if (options.patches) {
    if (flags.patches.has_parent_path()) CreateFolder(flags.patches.parent_path());
    WriteFileAtomically(flags.patches, report.patches);
  }
  if (report.failed()) throw Error(ErrorCode::kDiffers, "the audit found traces of the pasting");
}

}  // namespace

void AddAuditCommand(CLI::App& program) {
  CLI::App* command = program.add_subcommand("audit", kDescription);
  const auto flags = std::make_shared<AuditFlags>();
  command->add_option("DIR", flags->folder, "Data set in the native layout")->required();
  command->add_option("--real", flags->options.real, "Folder of sequences with real targets")->type_name("FOLDER");
  command->add_option("--groups", flags->options.groups, "CSV of real sequences that show one scene")
      ->type_name("FILE");
  command->add_option("--patches", flags->patches, "Write what (f) compares, patch by patch, as CSV")
      ->type_name("FILE");
  AddCommonFlags(*command, *flags, WithOptions::kNo);
  command->footer(kExamples);
  command->callback([flags] { RunAudit(*flags); });
}

}  // namespace mirst
