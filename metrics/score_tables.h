// Tables of scores in forms to print, paste and plot: text, CSV, Markdown, LaTeX. Each row names its protocol and its
// counts.
#pragma once

#include <string>
#include <vector>

#include "metrics/scores.h"

namespace mirst {

struct TextTable {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  ///< as many cells as columns
};

enum class TableForm { kText, kCsv, kMarkdown, kLatex };

/// IoU in all forms, and every protocol, of every detector, operating point and mask convention.
TextTable IouTable(const Evaluation& evaluation);
TextTable ProtocolTable(const Evaluation& evaluation);

/// Ends with a line break. CSV has no title; LaTeX is a tabular of the package booktabs.
std::string Format(const TextTable& table, TableForm form);

/// The scores of two detectors on the same sequences of one subset, as MetricSums gives them.
struct Contrast {
  std::string point, masks, protocol, subset;
  NamedSums a, b;
};
/// The difference b - a of every score with its paired interval.
TextTable CompareTable(const std::vector<Contrast>& contrasts, const std::string& name_a, const std::string& name_b);

}  // namespace mirst
