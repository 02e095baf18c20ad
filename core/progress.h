// Progress of a long job, on standard error: a bar with rate and ETA on a terminal, otherwise a line every few seconds,
// JSON lines on request, nothing when quiet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace mirst {

enum class ProgressStyle {
  kAutomatic,  ///< bar on a terminal, lines elsewhere
  kQuiet,
  kJson,  ///< {"event": "progress", "label": ..., "done": ..., "total": ..., "rate": ..., "eta_s": ...}
};

void SetProgressStyle(ProgressStyle style);

/// Thread-safe. The destructor prints the last state.
class Progress {
 public:
  /// `unit` in the plural, "frames".
  Progress(std::string label, std::int64_t total, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(std::int64_t count = 1);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mirst
