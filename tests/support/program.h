// Runs the program `mirst` (or any other) as a user does: arguments in, standard output, standard error and exit code
// out; signals and a time limit on the way.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace mirst::test {

struct ProgramResult {
  int exit_code = 0;       ///< 128 + signal when a signal ended it
  bool timed_out = false;  ///< killed at the time limit
  std::string out;
  std::string err;
};

struct ProgramSetup {
  std::filesystem::path program = MIRST_PROGRAM;
  std::filesystem::path working_folder{};            ///< empty: that of the test
  std::map<std::string, std::string> environment{};  ///< added to the test's own
  std::filesystem::path standard_output{};           ///< a file to open for it; empty: captured
  std::filesystem::path standard_error{};            ///< likewise
  std::chrono::milliseconds time_limit{60000};
};

/// A started program; killed when it still runs at destruction.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& arguments, ProgramSetup setup = {});
  ~RunningProgram();
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  /// Reads until `text` has appeared on standard error; false when the program ended or the time limit passed before.
  bool WaitForError(const std::string& text);
  /// Waits until `folder` holds a file that is whole, as its name without a dot in front says; false when the time limit
  /// passed before.
  bool WaitForFileIn(const std::filesystem::path& folder) const;
  void Send(int signal_number) const;
  /// Reads until the program has ended.
  ProgramResult Wait();

 private:
  bool ReadSome();  // false when both streams are closed or time is up

  ProgramResult result_;
  std::chrono::steady_clock::time_point deadline_;
  pid_t process_ = -1;
  int out_ = -1;
  int err_ = -1;
};

/// RunProgram({"generate", "--help"}).
ProgramResult RunProgram(const std::vector<std::string>& arguments, const ProgramSetup& setup = {});

}  // namespace mirst::test
