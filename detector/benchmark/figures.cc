#include "detector/benchmark/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>

#include "core/file.h"
#include "datasets/contact_sheet.h"
#include "datasets/frame_io.h"
#include "datasets/truth_set.h"
#include "metrics/detection.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr double kLeastRate = 1e-7;
constexpr int kWidth = 720, kHeight = 420, kLeft = 56, kTop = 12, kBottom = 44, kLegend = 210;
constexpr std::array<const char*, 8> kColours = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd",
                                                 "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"};
constexpr std::array<const char*, 3> kDashes = {"", "6 3", "2 2"};

double PlaceX(double false_rate) {
  const double share = 1 - std::log10(std::max(false_rate, kLeastRate)) / std::log10(kLeastRate);
  return kLeft + share * (kWidth - kLeft - kLegend);
}
double PlaceY(double true_rate) { return kTop + (1 - true_rate) * (kHeight - kTop - kBottom); }

/// The curve as SVG points, of which those that fall on the same tenth of a pixel are one. Between two corners it is a
/// straight line over the rates themselves, and so none over their logarithm.
std::string Points(const fs::path& roc_csv) {
  std::istringstream lines(ReadFile(roc_csv));
  std::string line, points, last;
  const auto add = [&](double false_rate, double true_rate) {
    std::string point = fmt::format("{:.1f},{:.1f} ", PlaceX(false_rate), PlaceY(true_rate));
    if (point != last) points += point;
    last = std::move(point);
  };
  std::getline(lines, line);
  double false_before = 0, true_before = 0;
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::array<std::string, 5> cell;
    for (std::string& text : cell) std::getline(cells, text, ',');
    std::array<double, 2> rates{};
    for (const std::size_t i : {0U, 1U}) {
      const std::string& text = cell[3 + i];
      std::from_chars(text.data(), text.data() + text.size(), rates[i]);
    }
    const auto [true_rate, false_rate] = rates;
    for (double step = std::max(false_before, kLeastRate) * 1.1; step < false_rate; step *= 1.1)
      add(step, true_before + (true_rate - true_before) * (step - false_before) / (false_rate - false_before));
    add(false_rate, true_rate);
    false_before = false_rate, true_before = true_rate;
  }
  return points;
}

std::string Axes() {
  std::string svg;
  for (int power = -7; power <= 0; ++power) {
    const double x = PlaceX(std::pow(10.0, power));
    svg += fmt::format("<line x1='{0:.1f}' y1='{1:.1f}' x2='{0:.1f}' y2='{2:.1f}' class='grid'/>", x, PlaceY(1),
                       PlaceY(0));
    svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>1e{}</text>", x, PlaceY(0) + 16, power);
  }
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double y = PlaceY(tenth / 10.0);
    svg += fmt::format("<line x1='{:.1f}' y1='{y:.1f}' x2='{:.1f}' y2='{y:.1f}' class='grid'/>", PlaceX(kLeastRate),
                       PlaceX(1), fmt::arg("y", y));
    svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='end'>{:.1f}</text>", PlaceX(kLeastRate) - 6, y + 4,
                       tenth / 10.0);
  }
  svg += fmt::format("<text x='{:.1f}' y='{}' text-anchor='middle'>share of the background's pixels (false)</text>",
                     (PlaceX(kLeastRate) + PlaceX(1)) / 2, kHeight - 6);
  return svg + fmt::format(
                   "<text transform='translate(14,{:.1f}) rotate(-90)' text-anchor='middle'>share of the "
                   "targets' pixels</text>",
                   (PlaceY(0) + PlaceY(1)) / 2);
}

/// Folders of the row's scores on `set`: of its first training, all folds.
std::vector<fs::path> ScoreFolders(const BenchmarkRow& row, const std::string& set, const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const CellStatus& cell : row.cells) {
    if (cell.seed != row.cells.front().seed || !IsScored(cell)) continue;
    const fs::path scores = folder / "cells" / cell.cell / "scores" / set;
    if (fs::exists(scores)) folders.push_back(scores);
  }
  return folders;
}

std::string Base64(const std::string& bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

constexpr int kCrop = 48, kEnlarged = 2;

/// A crop with the masks laid over it; `prediction` null: the frame alone.
std::string Tile(const TruthImages& images, const PixelBox& crop, const Mask* prediction) {
  float low = images.counts(crop.y, crop.x), high = low;
  for (int y = crop.y; y < crop.bottom(); ++y) {
    for (int x = crop.x; x < crop.right(); ++x) {
      low = std::min(low, images.counts(y, x));
      high = std::max(high, images.counts(y, x));
    }
  }
  Image<Rgb> tile(crop.height * kEnlarged, crop.width * kEnlarged);
  for (int y = 0; y < tile.height(); ++y) {
    for (int x = 0; x < tile.width(); ++x) {
      const int row = crop.y + y / kEnlarged, column = crop.x + x / kEnlarged;
      const float share = high > low ? (images.counts(row, column) - low) / (high - low) : 0.0F;
      const auto grey = static_cast<std::uint8_t>(std::lround(255 * share));
      tile(y, x) = {grey, grey, grey};
      if (prediction == nullptr) continue;
      const bool is_true = images.mask(row, column) > 127, is_found = (*prediction)(row, column) > 127;
      if (is_true || is_found) tile(y, x) = !is_found ? kYellow : is_true ? kGreen : kRed;
    }
  }
  return fmt::format("<img alt='' src='data:image/png;base64,{}'>", Base64(EncodePng(tile)));
}

PixelBox CropRound(const TruthImages& images) {
  const Labelling targets = LabelComponents(images.mask);
  const int height = std::min(kCrop, images.mask.height()), width = std::min(kCrop, images.mask.width());
  Vec2 centre{images.mask.width() / 2.0, images.mask.height() / 2.0};
  if (!targets.components.empty()) centre = targets.components.front().centroid;
  const int x = std::clamp(static_cast<int>(centre.x) - width / 2, 0, images.mask.width() - width);
  const int y = std::clamp(static_cast<int>(centre.y) - height / 2, 0, images.mask.height() - height);
  return {x, y, width, height};
}

std::string Count(const TruthImages& images, const Mask& prediction) {
  const FrameMatch match = MatchFrame(prediction, images.mask, images.ignore ? &*images.ignore : nullptr);
  return fmt::format("<br>{} of {}, {} false", match.hits.size(), match.hits.size() + match.misses.size(),
                     match.false_alarms.size());
}

}  // namespace

std::string EscapeHtml(const std::string& text) {
  std::string escaped;
  for (const char c : text)
    escaped += c == '<'    ? "&lt;"
               : c == '>'  ? "&gt;"
               : c == '&'  ? "&amp;"
               : c == '"'  ? "&quot;"
               : c == '\'' ? "&#39;"
                           : std::string(1, c);
  return escaped;
}

std::string RocFigure(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows, const fs::path& folder) {
  std::string curves;
  std::size_t drawn = 0;
  for (const BenchmarkRow& row : rows) {
    if (row.ablation) continue;
    for (const fs::path& scores : ScoreFolders(row, record.sets.front().name, folder)) {
      const fs::path csv = scores / (row.id + ".roc.csv");
      if (!fs::exists(csv)) continue;
      const std::string style =
          fmt::format("stroke='{}' stroke-dasharray='{}' fill='none' stroke-width='1.6'",
                      kColours[drawn % kColours.size()], kDashes[drawn / kColours.size() % kDashes.size()]);
      const auto y = kTop + 12 + 17 * static_cast<int>(drawn);
      curves += fmt::format("<polyline {} points='{}'/>", style, Points(csv));
      curves += fmt::format("<line {} x1='{}' y1='{y}' x2='{}' y2='{y}'/><text x='{}' y='{}'>{}</text>", style,
                            kWidth - kLegend + 14, kWidth - kLegend + 44, kWidth - kLegend + 50, y + 4,
                            EscapeHtml(row.name), fmt::arg("y", y));
      ++drawn;
      break;
    }
  }
  if (drawn == 0) return "";
  return fmt::format("<svg viewBox='0 0 {} {}' width='{}' role='img' aria-label='ROC'>{}{}</svg>", kWidth,
                     std::max(kHeight, kTop + 20 + 17 * static_cast<int>(drawn)), kWidth, Axes(), curves);
}

std::string ExampleFigure(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows,
                          const fs::path& folder) {
  const PreparedSet& set = record.sets.front();
  if (record.matrix.pictures == 0 || !fs::exists(set.folder / "manifest.json")) return "";
  std::map<std::pair<std::string, std::string>, std::map<std::string, fs::path>> examples;  // frame -> row -> mask
  std::vector<const BenchmarkRow*> shown;
  for (const BenchmarkRow& row : rows) {
    if (row.ablation) continue;
    bool any = false;
    for (const fs::path& scores : ScoreFolders(row, set.name, folder)) {
      if (!fs::exists(scores / "examples")) continue;
      for (const fs::path& sequence : ListFolders(scores / "examples")) {
        for (const fs::path& mask : ListFiles(sequence)) {
          examples[{sequence.filename().string(), mask.stem().string()}][row.id] = mask;
          any = true;
        }
      }
    }
    if (any) shown.push_back(&row);
  }
  if (shown.empty()) return "";
  const TruthSet truth = OpenTruth(set.folder, "");
  std::string html = "<table class='examples'><tr><th>frame</th><th>image</th><th>truth</th>";
  for (const BenchmarkRow* row : shown) html += fmt::format("<th>{}</th>", EscapeHtml(row->name));
  int left = record.matrix.pictures;
  for (const TruthSequence& sequence : truth.sequences) {
    for (const TruthFrame& frame : sequence.frames) {
      const auto example = examples.find({sequence.name, frame.name});
      if (example == examples.end() || left-- <= 0) continue;
      const TruthImages images = ReadTruth(frame, WithImage::kYes);
      const PixelBox crop = CropRound(images);
      html += fmt::format("</tr><tr><td>{} / {}{}</td><td>{}</td><td>{}</td>", EscapeHtml(sequence.name),
                          EscapeHtml(frame.name),
                          sequence.mean_scr ? fmt::format("<br>mSCR {:.2f}", *sequence.mean_scr) : "",
                          Tile(images, crop, nullptr), Tile(images, crop, &images.mask));
      for (const BenchmarkRow* row : shown) {
        const auto mask = example->second.find(row->id);
        if (mask == example->second.end()) {
          html += "<td>-</td>";
          continue;
        }
        const Mask prediction = ReadMask(mask->second);
        html += fmt::format("<td>{}{}</td>", Tile(images, crop, &prediction), Count(images, prediction));
      }
    }
  }
  return html + "</tr></table>";
}

}  // namespace mirst
