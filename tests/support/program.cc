#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace mirst::test {
namespace {

[[noreturn]] void Throw(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct Stream {
  int parent = -1;  // read end, -1 when the program writes to a file
  int child = -1;

  explicit Stream(const std::filesystem::path& file) {
    if (!file.empty()) {
      child = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
      if (child < 0) Throw("open");
      return;
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) Throw("pipe2");
    parent = ends[0];
    child = ends[1];
  }
};

void ReadInto(int& descriptor, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
  if (count > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  } else if (count == 0) {
    ::close(descriptor);
    descriptor = -1;
  }
}

}  // namespace

RunningProgram::RunningProgram(const std::vector<std::string>& arguments, ProgramSetup setup)
    : deadline_(std::chrono::steady_clock::now() + setup.time_limit) {
  std::string program = setup.program.string();
  std::vector<std::string> words = arguments;  // everything is made before fork: the child only calls the system
  std::vector<char*> argv{program.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!setup.environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : setup.environment) variables.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);

  const Stream out(setup.standard_output), err(setup.standard_error);
  process_ = ::fork();
  if (process_ < 0) Throw("fork");
  if (process_ == 0) {
    const bool ready = ::dup2(out.child, STDOUT_FILENO) >= 0 && ::dup2(err.child, STDERR_FILENO) >= 0 &&
                       (setup.working_folder.empty() || ::chdir(setup.working_folder.c_str()) == 0);
    if (ready) ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(out.child);
  ::close(err.child);
  out_ = out.parent;
  err_ = err.parent;
}

RunningProgram::~RunningProgram() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

bool RunningProgram::ReadSome() {
  if (out_ < 0 && err_ < 0) return false;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
  std::array<pollfd, 2> streams{{{out_, POLLIN, 0}, {err_, POLLIN, 0}}};  // poll ignores negative descriptors
  const int ready = left.count() > 0 ? ::poll(streams.data(), streams.size(), static_cast<int>(left.count())) : 0;
  if (ready < 0 && errno != EINTR) Throw("poll");
  if (ready == 0) {
    result_.timed_out = true;
    return false;
  }
  if (streams[0].revents != 0) ReadInto(out_, result_.out);
  if (streams[1].revents != 0) ReadInto(err_, result_.err);
  return true;
}

bool RunningProgram::WaitForError(const std::string& text) {
  while (result_.err.find(text) == std::string::npos) {
    if (!ReadSome()) return false;
  }
  return true;
}

bool RunningProgram::WaitForFileIn(const std::filesystem::path& folder) const {
  const auto holds_one = [&] {
    std::error_code error;  // not there yet
    const std::filesystem::directory_iterator files(folder, error);
    return std::any_of(begin(files), end(files), [](const std::filesystem::directory_entry& file) {
      return file.path().filename().string().front() != '.';  // else still being written
    });
  };
  while (!holds_one()) {
    if (std::chrono::steady_clock::now() > deadline_) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void RunningProgram::Send(int signal_number) const {
  if (::kill(process_, signal_number) != 0) Throw("kill");
}

ProgramResult RunningProgram::Wait() {
  while (ReadSome()) {
  }
  if (result_.timed_out) ::kill(process_, SIGKILL);
  int status = 0;
  if (::waitpid(process_, &status, 0) < 0) Throw("waitpid");
  process_ = -1;
  result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_;
}

ProgramResult RunProgram(const std::vector<std::string>& arguments, const ProgramSetup& setup) {
  return RunningProgram(arguments, setup).Wait();
}

}  // namespace mirst::test
