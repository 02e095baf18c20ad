// The program `mirst`: a table of sub-commands, and the one place where errors become messages and exit codes.
#include <fmt/format.h>
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <new>
#include <sstream>

#include "core/error.h"
#include "core/parallel.h"
#include "core/version.h"
#include "tools/command.h"

namespace {

constexpr char kPromise[] =
    "mirst makes labelled multi-frame infrared small-target data sets: it embeds rendered 3-D targets into real "
    "thermal\n"
    "sequences with a controlled signal-to-clutter ratio (SCR), and measures what it made.";

constexpr char kFooter[] = R"(Exit codes:
  0    done
  1    a comparison found a difference, or a score lies below its threshold
  2    the command line or the options are wrong
  3    a file, folder or device cannot be used as asked (missing, broken, full)
  4    an internal error: a defect of mirst
  130  interrupted (Ctrl-C or SIGTERM); nothing half-written stays

Example:
  mirst generate --config configs/smoke.yaml --out out/smoke
  mirst stats out/smoke

'mirst COMMAND --help' explains a command.)";

/// In the list of commands each has one line: the first of its description.
class Help : public CLI::Formatter {
 public:
  std::string make_subcommand(const CLI::App* command) const override {
    const std::string description = command->get_description();
    std::ostringstream line;
    CLI::detail::format_help(line, command->get_name(), description.substr(0, description.find('\n')),
                             get_column_width());
    return line.str();
  }
};

int ExitCode(mirst::ErrorCode code) { return static_cast<int>(code); }

int Fail(mirst::ErrorCode code, const std::string& message) {
  const char* kind = code == mirst::ErrorCode::kInternal ? "internal error, a defect of mirst: " : "";
  std::fputs(fmt::format("mirst: error: {}{}\n", kind, message).c_str(), stderr);
  return ExitCode(code);
}

/// The command line's fault in one sentence, with a pointer to the help that tells what is allowed.
std::string Explain(const CLI::App& program, const CLI::ParseError& error) {
  const auto commands = program.get_subcommands();
  const std::vector<std::string> left_over = program.remaining(true);
  std::string fault = error.what();
  std::string help = "mirst";
  if (!commands.empty()) help += " " + commands.back()->get_name();
  if (!left_over.empty()) {
    const std::string& first = left_over.front();
    const std::string kind = first.starts_with('-') ? "unknown flag"
                             : commands.empty()     ? "unknown command"
                                                    : "unexpected argument";
    fault = fmt::format("{} '{}'", kind, first);
  } else if (commands.empty()) {
    fault = "no command given";
  }
  return fmt::format("{}; see '{} --help'", fault, help);
}

int Run(int argc, const char* const* argv) {
  CLI::App program(kPromise, "mirst");
  program.footer(kFooter);
  const auto help = std::make_shared<Help>();
  help->column_width(32);
  help->label("SUBCOMMAND", "COMMAND");
  program.formatter(help);
  program.set_version_flag("--version", fmt::format("mirst {} (git {})", mirst::ProgramVersion(), mirst::GitRevision()),
                           "Print the version and the revision of the sources, and stop");
  program.set_help_flag("-h,--help", "Print this help and stop");
  program.require_subcommand(1);
  mirst::AddRenderCommand(program);
  mirst::AddGenerateCommand(program);
  mirst::AddMergeCommand(program);
  mirst::AddRegenerateCommand(program);
  mirst::AddEmbedCommand(program);
  mirst::AddStatsCommand(program);
  mirst::AddScrCommand(program);
  mirst::AddValidateCommand(program);
  mirst::AddPreviewCommand(program);
  mirst::AddCaptureCommand(program);
  mirst::AddInspectCommand(program);
  mirst::AddEvaluateCommand(program);
  mirst::AddCompareCommand(program);
  mirst::AddReportCommand(program);
  mirst::AddRelabelCommand(program);
  mirst::AddConvertCommand(program);
  mirst::AddDiffCommand(program);
  mirst::AddPackCommand(program);
  mirst::AddAuditCommand(program);
  mirst::AddPhysicsCommand(program);
  mirst::AddDetectCommand(program);
  mirst::AddBenchCommand(program);
#ifdef MIRST_WITH_TORCH
  mirst::AddTrainCommand(program);
  mirst::AddModelCommand(program);
#endif
  for (CLI::App* command : program.get_subcommands([](const CLI::App*) { return true; })) command->group("Commands");

  try {
    program.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const std::string text = program.help();
    mirst::PrintLine(text.substr(0, text.find_last_not_of('\n') + 1));
  } catch (const CLI::CallForVersion& version) {
    mirst::PrintLine(version.what());
  } catch (const CLI::ParseError& error) {
    return Fail(mirst::ErrorCode::kUsage, Explain(program, error));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  mirst::CatchInterrupts();
#ifdef __GLIBC__
  // Images come and go: their memory stays with the program instead of going back to the system, and coming again page
  // by page, with every frame.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a failed write, reported like any other
  try {
    return Run(argc, argv);
  } catch (const mirst::Error& error) {
    return Fail(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return Fail(mirst::ErrorCode::kBadInput, "not enough memory for what was asked");
  } catch (const std::exception& error) {
    return Fail(mirst::ErrorCode::kInternal, error.what());
  } catch (...) {
    return Fail(mirst::ErrorCode::kInternal, "an exception of unknown type");
  }
}
