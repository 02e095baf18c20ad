#include "detector/comparison_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
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

/// Rows of a CSV file whose cells are asked for by the name of their column.
class Table {
 public:
  explicit Table(std::string_view text) : text_(text) {
    for (const std::string& name : NextLine(text_)) columns_.emplace(name, columns_.size());
  }
  bool Next() {
    if (text_.empty()) return false;
    cells_ = NextLine(text_);
    ++row_;
    if (cells_.size() != columns_.size())
      throw BadInput(fmt::format("row {} has {} cells, expected {}", row_, cells_.size(), columns_.size()));
    return true;
  }
  const std::string& Text(const char* name) const {
    const auto column = columns_.find(name);
    if (column == columns_.end()) throw BadInput(fmt::format("the column '{}' is missing", name));
    return cells_[column->second];
  }
  std::int64_t Count(const char* name) const { return NumberOf<std::int64_t>(Text(name)); }
  std::optional<double> Number(const char* name) const {
    if (Text(name).empty()) return std::nullopt;
    return NumberOf<double>(Text(name));
  }

 private:
  std::string_view text_;
  std::map<std::string, std::size_t> columns_;
  std::vector<std::string> cells_;
  std::size_t row_ = 0;
};

std::vector<std::string> Parted(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<SequenceScore> ReadSequences(std::string_view text) {
  std::vector<SequenceScore> sequences;
  for (Table row(text); row.Next();) {
    SequenceScore s;
    s.name = row.Text("sequence");
    s.source = row.Text("source");
    s.mean_scr = row.Number("mscr_present");
    s.groups = Parted(row.Text("groups"), ';');
    s.frames = row.Count("frames");
    s.frames_found = row.Count("frames_found");
    s.total = {row.Count("pixels"),  row.Count("truth_px"), row.Count("predicted_px"), row.Count("common_px"),
               row.Count("targets"), row.Count("matched"),  row.Count("predictions"),  row.Count("unmatched_px")};
    s.frame_iou.count = row.Count("niou_frames");
    s.frame_iou.sum = row.Number("niou").value_or(0) * static_cast<double>(s.frame_iou.count);
    sequences.push_back(std::move(s));
  }
  return sequences;
}

/// Adds the counts to the points, whose origins they name.
void ReadProtocols(std::string_view text, std::vector<ScoredDetector::Point>& points) {
  for (Table row(text); row.Next();) {
    const auto point = std::find_if(points.begin(), points.end(),
                                    [&](const auto& known) { return known.origin == row.Text("origin"); });
    if (point == points.end())
      throw BadInput(fmt::format("scores.json has no operating point '{}'", row.Text("origin")));
    const auto is_same = [&](const auto& known) {
      return known.masks == row.Text("masks") && known.id == row.Text("protocol");
    };
    auto protocol = std::find_if(point->protocols.begin(), point->protocols.end(), is_same);
    if (protocol == point->protocols.end())
      protocol = point->protocols.insert(protocol, {row.Text("masks"), row.Text("protocol"), {}});
    ProtocolCounts counts;
    counts.frames = row.Count("frames");
    counts.pixels = row.Count("pixels");
    counts.targets = row.Count("targets");
    counts.hits = row.Count("hits");
    counts.predictions = row.Count("predictions");
    counts.false_predictions = row.Count("false_predictions");
    counts.false_px = row.Count("false_px");
    protocol->sequences.push_back({row.Text("source"), counts});
  }
  for (const ScoredDetector::Point& point : points) {
    for (const ScoredDetector::Protocol& protocol : point.protocols) {
      if (protocol.sequences.size() != point.sequences.size())
        throw BadInput(fmt::format("{} sequences under {}, expected {}", protocol.sequences.size(), protocol.id,
                                   point.sequences.size()));
    }
  }
}

struct Subset {
  std::string id;
  std::vector<std::size_t> members;
};

std::vector<Subset> SubsetsOf(const std::vector<SequenceScore>& sequences) {
  std::vector<Subset> subsets = {{"all", {}}, {"mscr_low", {}}, {"mscr_high", {}}};
  std::map<std::string, std::vector<std::size_t>> groups;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    subsets[0].members.push_back(s);
    if (sequences[s].mean_scr) subsets[*sequences[s].mean_scr < kLowScr ? 1 : 2].members.push_back(s);
    for (const std::string& group : sequences[s].groups) groups[group].push_back(s);
  }
  for (auto& [id, members] : groups) subsets.push_back({id, std::move(members)});
  return subsets;
}

template <class Sequence>
NamedSums SumsOf(const std::vector<Sequence>& sequences, const std::vector<std::size_t>& members) {
  std::vector<Sequence> chosen;
  for (const std::size_t member : members) chosen.push_back(sequences[member]);
  return MetricSums(chosen);
}

void AddContrasts(const std::string& name, const ScoredDetector::Point& a, const ScoredDetector::Point& b,
                  CompareScope scope, std::vector<Contrast>& contrasts) {
  const bool same =
      std::equal(a.sequences.begin(), a.sequences.end(), b.sequences.begin(), b.sequences.end(),
                 [](const SequenceScore& of_a, const SequenceScore& of_b) {
                   return of_a.name == of_b.name && of_a.source == of_b.source;
                 }) &&
      std::equal(a.protocols.begin(), a.protocols.end(), b.protocols.begin(), b.protocols.end(),
                 [](const auto& of_a, const auto& of_b) { return of_a.masks == of_b.masks && of_a.id == of_b.id; });
  if (!same) throw BadInput("the two were not scored on the same sequences, protocols and masks");
  const bool everything = scope == CompareScope::kEverything;
  for (const Subset& subset : SubsetsOf(a.sequences)) {
    if (subset.members.empty()) continue;
    for (std::size_t p = 0; p < a.protocols.size(); ++p) {
      const auto& [masks, id, counts_a] = a.protocols[p];
      const bool written = masks == a.protocols.front().masks, first = p == 0;  // P1 under the written masks
      if (!everything && !first && (subset.id != "all" || !written)) continue;
      contrasts.push_back(
          {name, masks, id, subset.id, first ? SumsOf(a.sequences, subset.members) : SumsOf(counts_a, subset.members),
           first ? SumsOf(b.sequences, subset.members) : SumsOf(b.protocols[p].sequences, subset.members)});
    }
  }
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
      scored.points.push_back({Get<std::string>(point, "origin"), {first, first + count}, {}});
    }
  });
  const fs::path protocols = folder / (scored.name + ".protocols.csv");
  InContext(protocols.string(), [&] { ReadProtocols(ReadFile(protocols), scored.points); });
  return scored;
}

std::vector<Contrast> Contrasts(const ScoredDetector& a, const ScoredDetector& b, CompareScope scope) {
  if (a.dataset_id != b.dataset_id || a.split != b.split || a.mask_convention != b.mask_convention) {
    throw BadInput(
        fmt::format("{} was scored on data set {:.12}, split '{}', {} on {:.12}, split '{}': nothing to compare",
                    a.name, a.dataset_id, a.split, b.name, b.dataset_id, b.split));
  }
  std::vector<Contrast> contrasts;
  for (std::size_t i = 0; i < a.points.size(); ++i) {
    for (std::size_t j = 0; j < b.points.size(); ++j) {
      const std::string &origin_a = a.points[i].origin, &origin_b = b.points[j].origin;
      const bool paper = i == 0 && j == 0;
      if (!paper && (i == 0 || j == 0 || origin_a != origin_b)) continue;
      const std::string name = origin_a == origin_b ? origin_a : origin_a + " / " + origin_b;
      InContext(fmt::format("{} and {}", a.name, b.name),
                [&] { AddContrasts(name, a.points[i], b.points[j], scope, contrasts); });
    }
  }
  return contrasts;
}

}  // namespace mirst
