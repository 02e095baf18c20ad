// The one exception type of mirst: a code, one clear sentence, and the chain of contexts it passed through.
// Foreign failures (OpenCV, Assimp, OpenEXR, ...) are translated into it in the one file that includes the library.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace mirst {

/// What went wrong, as the exit code of the program (docs/conventions.md lists them).
enum class ErrorCode {
  kDiffers = 1,        ///< a comparison found a difference, or a score lies below its threshold
  kUsage = 2,          ///< the command line or the options are wrong
  kBadInput = 3,       ///< a file, folder or device cannot be used as asked (missing, broken, full, impossible)
  kInternal = 4,       ///< a defect of mirst
  kInterrupted = 130,  ///< Ctrl-C or SIGTERM
};

class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message);

  ErrorCode code() const { return code_; }
  /// The sentence alone, without contexts.
  const std::string& message() const { return message_; }
  /// Innermost context first.
  const std::vector<std::string>& context() const { return context_; }
  /// Adds an outer context, for example "sequence 17".
  void AddContext(std::string context);
  /// "outer context: inner context: message".
  const char* what() const noexcept override { return text_.c_str(); }

 private:
  void ComposeText();

  ErrorCode code_;
  std::string message_;
  std::vector<std::string> context_;
  std::string text_;
};

Error UsageError(std::string message);
Error BadInput(std::string message);
Error InternalError(std::string message);

/// Calls `function`; an Error that leaves it carries `context` as a further outer context.
template <class Function>
decltype(auto) InContext(std::string context, Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (Error& error) {
    error.AddContext(std::move(context));
    throw;
  }
}

}  // namespace mirst
