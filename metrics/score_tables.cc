#include "metrics/score_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/error.h"

namespace mirst {
namespace {

std::string Fraction(std::optional<double> value) { return value ? fmt::format("{:.4f}", *value) : "-"; }
std::string Millionths(std::optional<double> value) { return value ? fmt::format("{:.2f}", 1e6 * *value) : "-"; }
std::string Counts(const Ratio& ratio) { return fmt::format("{}/{}", ratio.numerator, ratio.denominator); }

/// Calls row(detector, point, convention).
template <class Row>
void ForConventions(const Evaluation& evaluation, const Row& row) {
  for (const DetectorScores& detector : evaluation.detectors) {
    for (const OperatingPoint& point : detector.points) {
      for (const ConventionScore& convention : point.conventions) row(detector, point, convention);
    }
  }
}

/// CSV, Markdown and LaTeX each have characters that mean something.
std::string Escape(std::string_view cell, TableForm form) {
  if (form == TableForm::kText || (form == TableForm::kCsv && cell.find_first_of(",\"\r\n") == std::string_view::npos))
    return std::string(cell);
  std::string text;
  for (const char c : cell) {
    if (form == TableForm::kCsv && c == '"') text += '"';
    if (form == TableForm::kMarkdown && (c == '|' || c == '<' || c == '_' || c == '*')) text += '\\';
    if (form == TableForm::kLatex) {
      if (c == '<')
        text += "$<$";
      else if (c == '>')
        text += "$>$";
      else if (c == '\\')
        text += "\\textbackslash{}";
      else if (c == '^' || c == '~')
        text += fmt::format("\\{}{{}}", c);
      else {
        if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) text += '\\';
        text += c;
      }
      continue;
    }
    text += c;
  }
  return form == TableForm::kCsv ? fmt::format("\"{}\"", text) : text;
}

std::string Line(const std::vector<std::string>& cells, TableForm form, std::string_view before,
                 std::string_view between, std::string_view after) {
  std::string line(before);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += between;
    line += Escape(cells[i], form);
  }
  return line + std::string(after);
}

std::string Aligned(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(column.size());
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) text += fmt::format("{:<{}}  ", cells[i], widths[i]);
    return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  std::string text = table.title + "\n" + line(table.columns);
  for (const auto& row : table.rows) text += line(row);
  return text;
}

}  // namespace

TextTable IouTable(const Evaluation& evaluation) {
  TextTable table{"IoU of all sequences, by mask convention",
                  {"detector", "operating point", "masks", "IoU_seq", "sequences", "IoU_pooled", "px", "nIoU", "frames",
                   "nIoU_zero", "of", "DR", "found/frames"},
                  {}};
  ForConventions(
      evaluation, [&](const DetectorScores& detector, const OperatingPoint& point, const ConventionScore& c) {
        table.rows.push_back(
            {detector.id, point.origin, c.mask_convention, Fraction(c.all.iou_seq.value()),
             fmt::format("{}", c.all.iou_seq.count), Fraction(c.all.pooled.iou().value()), Counts(c.all.pooled.iou()),
             Fraction(c.all.niou.value()), fmt::format("{}", c.all.niou.count), Fraction(c.all.niou_zero()),
             fmt::format("{}", c.all.frames), Fraction(c.all.dr_frames().value()), Counts(c.all.dr_frames())});
      });
  return table;
}

TextTable ProtocolTable(const Evaluation& evaluation) {
  TextTable table{"Every protocol, all sequences; Pd and Fa (1e-6) are means over sequences",
                  {"detector", "operating point", "masks", "protocol", "Pd", "Pd 95 %", "found/targets", "Fa",
                   "false px/px", "false/frame", "precision", "F1", "AP"},
                  {}};
  ForConventions(
      evaluation, [&](const DetectorScores& detector, const OperatingPoint& point, const ConventionScore& c) {
        for (const ProtocolScore& score : c.protocols) {
          const ProtocolCounts& n = score.pooled;
          const bool pixels_only = score.protocol == "P2";
          table.rows.push_back(
              {detector.id, point.origin, c.mask_convention, score.protocol, Fraction(score.pd_seq.value()),
               score.pd_seq_interval ? fmt::format("{:.3f}..{:.3f} (n={})", score.pd_seq_interval->low,
                                                   score.pd_seq_interval->high, score.pd_seq_interval->clusters)
                                     : "-",
               Counts(n.pd()), Millionths(score.fa_seq.value()), Counts(n.fa()),
               pixels_only ? "-" : Fraction(n.false_per_frame().value()),
               pixels_only ? "-" : Fraction(n.precision().value()), pixels_only ? "-" : Fraction(n.f1()),
               Fraction(score.average_precision)});
        }
      });
  return table;
}

std::string Format(const TextTable& table, TableForm form) {
  if (form == TableForm::kText) return Aligned(table);
  std::string text;
  if (form == TableForm::kCsv) {
    text = Line(table.columns, form, "", ",", "\n");
    for (const auto& row : table.rows) text += Line(row, form, "", ",", "\n");
  } else if (form == TableForm::kMarkdown) {
    text = Escape(table.title, form) + "\n\n" + Line(table.columns, form, "| ", " | ", " |\n|");
    for (std::size_t i = 0; i < table.columns.size(); ++i) text += "---|";
    text += "\n";
    for (const auto& row : table.rows) text += Line(row, form, "| ", " | ", " |\n");
  } else {
    text =
        fmt::format("% {}\n\\begin{{tabular}}{{{}}}\n\\toprule\n", table.title, std::string(table.columns.size(), 'l'));
    text += Line(table.columns, form, "", " & ", " \\\\\n\\midrule\n");
    for (const auto& row : table.rows) text += Line(row, form, "", " & ", " \\\\\n");
    text += "\\bottomrule\n\\end{tabular}\n";
  }
  return text;
}

namespace {

std::optional<double> TotalOf(const std::vector<ClusterSum>& sums) {
  double numerator = 0, denominator = 0;
  for (const ClusterSum& sum : sums) numerator += sum.numerator, denominator += sum.denominator;
  if (denominator == 0) return std::nullopt;
  return numerator / denominator;
}

std::vector<std::string> ContrastRow(const Contrast& contrast, const std::string& score,
                                     const std::vector<ClusterSum>& a, const std::vector<ClusterSum>& b) {
  const auto value_a = TotalOf(a), value_b = TotalOf(b);
  const auto interval = BootstrapDifference(a, b);
  const auto text = [](std::optional<double> v) { return v ? fmt::format("{:.4g}", *v) : "-"; };
  return {contrast.point,
          contrast.masks,
          contrast.protocol,
          contrast.subset,
          fmt::format("{}", a.size()),
          score,
          text(value_a),
          text(value_b),
          value_a && value_b ? fmt::format("{:+.4g}", *value_b - *value_a) : "-",
          interval ? fmt::format("{:+.4g} .. {:+.4g}", interval->low, interval->high) : "-",
          interval ? fmt::format("{}", interval->clusters) : fmt::format("< {} or unknown", kLeastClusters),
          !interval                                 ? "no interval"
          : interval->low > 0 || interval->high < 0 ? "differs"
                                                    : "not told apart"};
}

}  // namespace

TextTable CompareTable(const std::vector<Contrast>& contrasts, const std::string& name_a, const std::string& name_b) {
  TextTable table{fmt::format("{} less {}; 95 % by paired bootstrap over background sources", name_b, name_a),
                  {"operating point", "masks", "protocol", "subset", "sequences", "score", name_a, name_b, "difference",
                   "95 %", "sources", "verdict"},
                  {}};
  for (const Contrast& contrast : contrasts) {
    for (std::size_t i = 0; i < contrast.a.size(); ++i)
      table.rows.push_back(ContrastRow(contrast, contrast.a[i].first, contrast.a[i].second, contrast.b[i].second));
  }
  return table;
}

}  // namespace mirst
