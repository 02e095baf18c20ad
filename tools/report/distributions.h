// The distributions of a report: how often each value of each quantity occurs, by split, collected sequence by
// sequence. Values are kept to three significant digits, so that memory does not grow with the number of targets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/statistics.h"

namespace mirst {

/// Rounded to three significant digits.
double ThreeDigits(double value);

/// The splits in the order of a report's counts: train, val, test, and last what belongs to none.
inline constexpr std::size_t kReportSplits = 4;
std::size_t ReportSplit(std::string_view split);

class ReportDistributions {
 public:
  /// One sequence: its targets in the order of their frames, and the targets seen in each of its frames.
  void Add(const SequenceStatistics& sequence, std::span<const TargetStatistics> targets,
           const std::vector<int>& targets_in_frame, std::string_view scr_mode);

  /// A JSON object: `quantities` (id, title, axis, items, panel, values [[value, train, val, test, none], ...] in
  /// rising order), `scr_ids` (the definitions of SCR among them), `places` (rows of counts) and `spectrum` (mean power
  /// by bin).
  std::string ToJson() const;

 private:
  using Counts = std::map<double, std::array<std::int64_t, kReportSplits>>;
  std::map<std::string, Counts> counts_;  ///< quantity -> value -> targets, frames, tracks or sequences
  std::vector<std::int64_t> places_;
  std::vector<double> spectrum_;
  int spectra_ = 0;
};

}  // namespace mirst
