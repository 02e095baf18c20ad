#include "detector/comparison_files.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// The cells of the next line of a CSV file, which may be quoted; moves `text` behind it.
std::vector<std::string> NextLine(std::string_view& text) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size() && (quoted || text[i] != '\n'); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      cells.back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  text.remove_prefix(std::min(text.size(), i + 1));
  return cells;
}

template <class Value>
Value NumberOf(const std::string& text) {
  Value value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) throw BadInput(fmt::format("'{}' is no number", text));
  return value;
}

std::vector<SequenceScore> ReadSequences(std::string_view text) {
  std::map<std::string, std::size_t> columns;
  for (const std::string& name : NextLine(text)) columns.emplace(name, columns.size());
  std::vector<SequenceScore> sequences;
  while (!text.empty()) {
    const std::vector<std::string> cells = NextLine(text);
    if (cells.size() != columns.size())
      throw BadInput(
          fmt::format("row {} has {} cells, expected {}", sequences.size() + 1, cells.size(), columns.size()));
    const auto cell = [&](const char* name) -> const std::string& {
      const auto column = columns.find(name);
      if (column == columns.end()) throw BadInput(fmt::format("the column '{}' is missing", name));
      return cells[column->second];
    };
    const auto count = [&](const char* name) { return NumberOf<std::int64_t>(cell(name)); };
    SequenceScore s;
    s.name = cell("sequence");
    s.source = cell("source");
    s.frames = count("frames");
    s.total = {count("pixels"),  count("truth_px"), count("predicted_px"), count("common_px"),
               count("targets"), count("matched"),  count("predictions"),  count("unmatched_px")};
    s.frame_iou.count = count("niou_frames");
    if (s.frame_iou.count > 0)
      s.frame_iou.sum = NumberOf<double>(cell("niou")) * static_cast<double>(s.frame_iou.count);
    sequences.push_back(std::move(s));
  }
  return sequences;
}

}  // namespace

ScoredDetector ReadScores(const std::string& place) {
  const std::size_t colon = place.rfind(':');
  const bool named = colon != std::string::npos && !fs::exists(place);
  const fs::path folder = named ? place.substr(0, colon) : place;
  const std::string wanted = named ? place.substr(colon + 1) : "";
  const fs::path file = folder / "scores.json";
  if (!fs::exists(file)) throw BadInput(fmt::format("{} holds no scores.json of mirst evaluate", folder.string()));
  ScoredDetector scored;
  Json points;
  InContext(file.string(), [&] {
    const Json json = ParseJson(ReadFile(file)), data = Get<Json>(json, "data");
    scored.dataset_id = Get<std::string>(data, "dataset_id");
    scored.split = Get<std::string>(data, "split");
    scored.mask_convention = Get<std::string>(data, "mask_convention");
    std::string known;
    for (const Json& detector : Get<Json>(json, "detectors")) {
      const auto id = Get<std::string>(detector, "id");
      known += (known.empty() ? "" : ", ") + id;
      if (!scored.name.empty() || (!wanted.empty() && id != wanted)) continue;
      scored.name = id;
      points = Get<Json>(detector, "operating_points");
    }
    if (scored.name.empty()) throw BadInput(fmt::format("no detector '{}', there are: {}", wanted, known));
  });
  const fs::path table = folder / (scored.name + ".sequences.csv");
  InContext(table.string(), [&] {
    const std::vector<SequenceScore> rows = ReadSequences(ReadFile(table));
    if (points.empty() || rows.size() % points.size() != 0)
      throw BadInput(fmt::format("{} rows for {} operating points", rows.size(), points.size()));
    const auto count = static_cast<std::ptrdiff_t>(rows.size() / points.size());
    for (const Json& point : points) {
      const auto first = rows.begin() + count * std::ssize(scored.points);
      scored.points.emplace_back(Get<std::string>(point, "origin"), std::vector<SequenceScore>(first, first + count));
    }
  });
  return scored;
}

std::vector<Contrast> Contrasts(const ScoredDetector& a, const ScoredDetector& b) {
  if (a.dataset_id != b.dataset_id || a.split != b.split || a.mask_convention != b.mask_convention) {
    throw BadInput(
        fmt::format("{} was scored on data set {:.12}, split '{}', {} on {:.12}, split '{}': nothing to compare",
                    a.name, a.dataset_id, a.split, b.name, b.dataset_id, b.split));
  }
  std::vector<Contrast> contrasts;
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    for (std::size_t j = 0; j < b.points.size(); ++j) {
      const auto& [origin_a, scores_a] = a.points[i];
      const auto& [origin_b, scores_b] = b.points[j];
      if (i == 0 && j == 0) {
        contrasts.push_back({origin_a == origin_b ? origin_a : origin_a + " / " + origin_b, scores_a, scores_b});
      } else if (i > 0 && j > 0 && origin_a == origin_b) {
        contrasts.push_back({origin_a, scores_a, scores_b});
      }
    }
  }
  return contrasts;
}

}  // namespace mirst
