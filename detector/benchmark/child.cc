#include "detector/benchmark/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"

namespace mirst {
namespace {

class Descriptor {
 public:
  Descriptor(int descriptor, const std::string& what) : descriptor_(descriptor) {
    if (descriptor_ < 0) throw BadInput(fmt::format("cannot open {}: {}", what, std::strerror(errno)));
  }
  ~Descriptor() { close(descriptor_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  std::string Content() const {
    std::string text(static_cast<std::size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
    const ssize_t bytes = pread(descriptor_, text.data(), text.size(), 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    return text;
  }

 private:
  int descriptor_;
};

/// What the child said was wrong, or how it ended.
std::string FailureOf(int exit_code, const std::string& said) {
  std::string last, error;
  for (std::size_t begin = 0; begin < said.size();) {
    const std::size_t end = std::min(said.find('\n', begin), said.size());
    if (end > begin) last = said.substr(begin, end - begin);
    if (constexpr std::string_view kError = "mirst: error: "; last.starts_with(kError))
      error = last.substr(kError.size());
    begin = end + 1;
  }
  if (exit_code < 128) return error.empty() ? fmt::format("ended with {}: {}", exit_code, last) : error;
  const int signal = exit_code - 128;
  const char* const hint = signal == SIGKILL ? ", perhaps for lack of memory" : "";
  return fmt::format("ended by signal {} ({}){}{}{}", signal, strsignal(signal), hint, last.empty() ? "" : ": ", last);
}

}  // namespace

ChildResult RunChild(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                     const std::filesystem::path& log, int limit_memory_mib) {
  if (access(program.c_str(), X_OK) != 0)
    throw BadInput(fmt::format("cannot run {}: {}", program.string(), std::strerror(errno)));
  const Descriptor errors(open(log.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644), log.string());
  const Descriptor output(memfd_create("mirst-bench", MFD_CLOEXEC), "a buffer");
  const std::string command = fmt::format("$ mirst {}\n", fmt::join(arguments, " "));
  if (write(errors.get(), command.data(), command.size()) != std::ssize(command))
    throw BadInput(fmt::format("cannot write {}: {}", log.string(), std::strerror(errno)));
  const std::size_t said_before = errors.Content().size();
  std::vector<std::string> texts = {program.string()};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);

  const auto start = std::chrono::steady_clock::now();
  // Until it has left this program's handlers behind, the child keeps a signal for later: they would swallow it.
  sigset_t stops, before;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stops, &before);
  const pid_t parent = getpid(), child = fork();
  if (child != 0) pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) throw BadInput(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (child == 0) {  // only calls that are safe after fork in a program with threads
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);  // a Ctrl-C reaches it through the parent, once
    if (getppid() != parent) _exit(127);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (limit_memory_mib > 0) {
      const rlim_t bytes = static_cast<rlim_t>(limit_memory_mib) << 20;
      const rlimit limit{bytes, bytes};
      setrlimit(RLIMIT_AS, &limit);
    }
    dup2(output.get(), STDOUT_FILENO);
    dup2(errors.get(), STDERR_FILENO);
    execv(program.c_str(), pointers.data());
    _exit(127);
  }
  int status = 0;
  rusage usage{};
  bool is_told = false;
  for (pid_t ended = 0; ended == 0;) {
    ended = wait4(child, &status, WNOHANG, &usage);
    if (ended < 0) throw InternalError(fmt::format("wait4: {}", std::strerror(errno)));
    if (ended == 0 && Interrupted() && !is_told) is_told = kill(child, SIGTERM) == 0;
    if (ended == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ThrowIfInterrupted();
  ChildResult result;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.output = output.Content();
  if (result.exit_code != 0) result.failure = FailureOf(result.exit_code, errors.Content().substr(said_before));
  return result;
}

}  // namespace mirst
