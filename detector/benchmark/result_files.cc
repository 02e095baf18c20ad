#include "detector/benchmark/result_files.h"

#include <fmt/format.h>

#include "core/json.h"
#include "detector/benchmark/figures.h"

namespace mirst {
namespace {

constexpr const char* kStyle =
    "body{font:15px/1.45 system-ui,sans-serif;margin:24px auto;max-width:1500px;padding:0 16px;color:#1b1f24}"
    "h1{margin:0 0 4px}h2{font-size:16px;margin:28px 0 6px}.smoke{background:#fde68a;padding:8px 12px;font-weight:600}"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums}"
    "th,td{padding:3px 9px;text-align:right;border-bottom:1px solid #d8dee4;white-space:nowrap}"
    "th:first-child,td:first-child,td:last-child,th:last-child{text-align:left}"
    "td:last-child{white-space:normal;min-width:160px}"
    ".examples td,.examples th{text-align:center;font-size:12px;min-width:0}.examples img{image-rendering:pixelated}"
    "svg text{font:12px system-ui,sans-serif}.grid{stroke:#d8dee4}";

constexpr const char* kSmoke =
    "Smoke run: it shows that every step works. Trainings of a few steps on a tiny set: its numbers measure nothing.";

std::string Heading(const BenchmarkRecord& record) {
  return record.matrix.smoke ? record.matrix.title + " (smoke run)" : record.matrix.title;
}

std::string ToHtml(const TextTable& table) {
  std::string html = fmt::format("<h2>{}</h2><div class='scroll'><table><tr>", EscapeHtml(table.title));
  for (const std::string& column : table.columns) html += fmt::format("<th>{}</th>", EscapeHtml(column));
  for (const auto& row : table.rows) {
    html += "</tr>\n<tr>";
    for (const std::string& cell : row) html += fmt::format("<td>{}</td>", EscapeHtml(cell));
  }
  return html + "</tr></table></div>\n";
}

/// Where config, weights, log and status of each cell lie.
std::string Links(const std::vector<BenchmarkRow>& rows) {
  std::string html = "<h2>Files of the cells</h2><ul>";
  for (const BenchmarkRow& row : rows) {
    for (const CellStatus& cell : row.cells) {
      html += fmt::format("<li>{}: <a href='cells/{}/status.json'>status</a>", EscapeHtml(cell.cell), cell.cell);
      const std::pair<const char*, const std::string&> files[] = {
          {"config", cell.config}, {"weights", cell.weights}, {"log", cell.log}};
      for (const auto& [name, file] : files) {
        const auto hash = cell.files.find(file);
        if (hash == cell.files.end()) continue;
        const std::string target = file.starts_with('/') ? "file://" + file : "cells/" + cell.cell + "/" + file;
        html += fmt::format(", <a href='{}'>{}</a> {:.12}", EscapeHtml(target), name, hash->second);
      }
      html += "</li>";
    }
  }
  return html + "</ul>";
}

std::string Page(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows,
                 const std::vector<TextTable>& tables, const std::vector<std::string>& statements,
                 const std::filesystem::path& folder) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang='en'><meta charset='utf-8'><title>{0}</title><style>{1}</style>\n<h1>{0}</h1>\n",
      EscapeHtml(Heading(record)), kStyle);
  if (record.matrix.smoke) html += fmt::format("<p class='smoke'>{}</p>\n", kSmoke);
  for (const std::string& statement : statements) html += fmt::format("<p>{}</p>\n", EscapeHtml(statement));
  html += ToHtml(tables.front());
  if (const std::string roc = RocFigure(record, rows, folder); !roc.empty()) {
    html += fmt::format("<h2>ROC over pixels on {} (first training; logarithmic)</h2>{}\n",
                        EscapeHtml(record.sets.front().name), roc);
  }
  if (const std::string examples = ExampleFigure(record, rows, folder); !examples.empty()) {
    html +=
        "<h2>Examples: crops of 48 px round a target; green hit, yellow missed, red false; counts are of the whole "
        "frame</h2><div class='scroll'>" +
        examples + "</div>\n";
  }
  for (std::size_t i = 1; i < tables.size(); ++i) html += ToHtml(tables[i]);
  return html + Links(rows) + "</html>\n";
}

}  // namespace

std::map<std::string, std::string> ResultFiles(const BenchmarkRecord& record, const std::filesystem::path& folder) {
  const std::vector<BenchmarkRow> rows = ReadRows(record, folder);
  const std::vector<TextTable> tables = ResultTables(record, rows);
  const std::vector<std::string> statements = Statements(record, rows);
  std::string markdown = "# " + Heading(record) + "\n\n", latex = "% " + Heading(record) + "\n";
  if (record.matrix.smoke) markdown += std::string(kSmoke) + "\n\n";
  for (const std::string& statement : statements) {
    markdown += statement + "\n\n";
    latex += "% " + statement + "\n";
  }
  Json json = {{"title", Heading(record)}, {"smoke", record.matrix.smoke}, {"statements", statements}};
  json["tables"] = Json::array();
  for (const TextTable& table : tables) {
    markdown += Format(table, TableForm::kMarkdown) + "\n";
    latex += "\n% " + table.title + "\n" + Format(table, TableForm::kLatex);
    json["tables"].push_back({{"title", table.title}, {"columns", table.columns}, {"rows", table.rows}});
  }
  json["cells"] = Json::array();
  for (const BenchmarkRow& row : rows) {
    for (const CellStatus& cell : row.cells) json["cells"].push_back(ParseJson(ToJson(cell)));
  }
  return {{"index.html", Page(record, rows, tables, statements, folder)},
          {"results.md", markdown},
          {"results.tex", latex},
          {"results.json", Dump(json, 1) + "\n"}};
}

}  // namespace mirst
