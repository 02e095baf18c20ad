#include "core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "core/json.h"

namespace mirst {
namespace {

using Clock = std::chrono::steady_clock;
std::atomic<ProgressStyle> current_style{ProgressStyle::kAutomatic};

std::string Duration(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  return whole >= 3600 ? fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
                       : fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

void SetProgressStyle(ProgressStyle style) { current_style = style; }

struct Progress::State {
  std::string label, unit;
  std::int64_t total = 0, done = 0;
  bool terminal = ::isatty(STDERR_FILENO) != 0;
  Clock::time_point start = Clock::now(), printed = start;
  std::mutex mutex;

  void Print(bool last) {
    const Clock::time_point now = Clock::now();
    const double elapsed = std::chrono::duration<double>(now - start).count();
    const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
    const double eta = rate > 0 ? static_cast<double>(total - done) / rate : 0;
    printed = now;
    std::string line;
    if (current_style == ProgressStyle::kJson) {
      const Json json = {{"event", "progress"},
                         {"label", label},
                         {"done", done},
                         {"total", total},
                         {"unit", unit},
                         {"rate", std::round(rate * 1000) / 1000},
                         {"eta_s", std::round(eta * 10) / 10}};
      line = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    } else if (terminal) {
      constexpr int kWidth = 30;
      const auto filled =
          static_cast<std::size_t>(total > 0 ? std::min<std::int64_t>(kWidth, kWidth * done / total) : kWidth);
      line = fmt::format("\r{} [{}{}] {}/{} {}, {:.1f}/s, {} {}   {}", label, std::string(filled, '#'),
                         std::string(kWidth - filled, '.'), done, total, unit, rate, last ? "took" : "left",
                         Duration(last ? elapsed : eta), last ? "\n" : "");
    } else {
      line = fmt::format("{}: {}/{} {}, {:.1f}/s, {} {}\n", label, done, total, unit, rate, last ? "took" : "left",
                         Duration(last ? elapsed : eta));
    }
    std::fputs(line.c_str(), stderr);  // a full or closed standard error is no reason to stop the job
  }
};

Progress::Progress(std::string label, std::int64_t total, std::string unit) : state_(std::make_unique<State>()) {
  state_->label = std::move(label);
  state_->unit = std::move(unit);
  state_->total = total;
}

Progress::~Progress() {
  if (current_style == ProgressStyle::kQuiet) return;
  const std::lock_guard lock(state_->mutex);
  state_->Print(true);
}

void Progress::Advance(std::int64_t count) {
  const std::lock_guard lock(state_->mutex);
  state_->done += count;
  if (current_style == ProgressStyle::kQuiet) return;
  const double interval_s = current_style == ProgressStyle::kJson ? 1.0 : state_->terminal ? 0.1 : 5.0;
  if (std::chrono::duration<double>(Clock::now() - state_->printed).count() >= interval_s) state_->Print(false);
}

}  // namespace mirst
