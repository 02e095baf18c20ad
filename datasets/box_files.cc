#include "datasets/box_files.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr double kLargest = 1e6;

/// The boxes of a sequence, by the frames' names.
class Collector {
 public:
  explicit Collector(const std::vector<std::string>& frames) : boxes_(frames.size()) {
    for (std::size_t i = 0; i < frames.size(); ++i) index_[frames[i]] = i;
  }
  std::vector<FileBox>& At(std::string_view frame) {
    auto found = index_.find(std::string(frame));
    if (found == index_.end()) found = index_.find(fs::path(frame).stem().string());
    if (found == index_.end()) throw BadInput(fmt::format("the sequence has no frame '{}'", frame));
    return boxes_[found->second];
  }
  std::vector<std::vector<FileBox>> Take() { return std::move(boxes_); }

 private:
  std::map<std::string, std::size_t> index_;
  std::vector<std::vector<FileBox>> boxes_;
};

void Check(const FileBox& box) {
  for (const double value : {box.x, box.y, box.width, box.height}) {
    if (!(std::abs(value) <= kLargest))
      throw BadInput(fmt::format("a coordinate of {}, allowed: up to a million", value));
  }
  if (!(box.width > 0 && box.height > 0))
    throw BadInput(fmt::format("a box of {} x {} px, allowed: above 0", box.width, box.height));
  if (!std::isfinite(box.score)) throw BadInput("a score that is no finite number");
}

std::vector<std::string_view> Split(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t comma = line.find(',');
    std::string_view cell = line.substr(0, comma);
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') cell = cell.substr(1, cell.size() - 2);
    cells.push_back(cell);
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

double Number(std::string_view text, std::string_view column) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size())
    throw BadInput(fmt::format("{} is '{}', allowed: a number", column, text));
  return value;
}

void ReadCsv(std::string_view text, Collector& boxes) {
  std::map<std::string, std::size_t, std::less<>> columns;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::vector<std::string_view> cells = Split(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (cells.size() == 1 && cells[0].empty()) continue;
    InContext(fmt::format("line {}", number), [&] {
      if (columns.empty()) {
        for (std::size_t i = 0; i < cells.size(); ++i) columns.emplace(cells[i], i);
        for (const char* name : {"frame", "x", "y", "width", "height"}) {
          if (!columns.contains(name)) throw BadInput(fmt::format("the column '{}' is missing", name));
        }
        return;
      }
      if (cells.size() != columns.size())
        throw BadInput(fmt::format("{} values, the first line names {} columns", cells.size(), columns.size()));
      const auto number_of = [&](const char* name) { return Number(cells[columns.find(name)->second], name); };
      FileBox box{number_of("x"), number_of("y"), number_of("width"), number_of("height"), 1, {}};
      if (columns.contains("score")) box.score = number_of("score");
      if (const auto at = columns.find("class"); at != columns.end()) box.class_name = cells[at->second];
      Check(box);
      boxes.At(cells[columns.find("frame")->second]).push_back(box);
    });
  }
  if (columns.empty()) throw BadInput("the file is empty");
}

void ReadJson(std::string_view text, Collector& boxes) {
  for (const Json& frame : Get<Json>(ParseJson(text), "frames")) {
    const auto name = Get<std::string>(frame, "frame");
    InContext(fmt::format("frame {}", name), [&] {
      std::vector<FileBox>& list = boxes.At(name);
      for (const Json& entry : Get<Json>(frame, "boxes")) {
        const auto xywh = Get<std::array<double, 4>>(entry, "box_xywh");
        list.push_back({xywh[0], xywh[1], xywh[2], xywh[3], GetOr<double>(entry, "score", 1),
                        GetOr<std::string>(entry, "class", "")});
        Check(list.back());
      }
    });
  }
}

}  // namespace

std::optional<std::vector<std::vector<FileBox>>> ReadBoxes(const fs::path& folder, const std::string& sequence,
                                                           const std::vector<std::string>& frames) {
  const fs::path csv = folder / (sequence + ".csv"), json = folder / (sequence + ".json");
  const bool has_csv = fs::exists(csv), has_json = fs::exists(json);
  if (!has_csv && !has_json) return std::nullopt;
  if (has_csv && has_json) throw BadInput(fmt::format("{} and {} name the same sequence", csv.string(), json.string()));
  const fs::path& path = has_csv ? csv : json;
  return InContext(path.string(), [&] {
    Collector boxes(frames);
    const std::string text = ReadFile(path);
    has_csv ? ReadCsv(text, boxes) : ReadJson(text, boxes);
    return boxes.Take();
  });
}

}  // namespace mirst
