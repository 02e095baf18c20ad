#include "tools/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/version.h"
#include "datasets/preview.h"
#include "tools/line_chart.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light; }
body { font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; color: #1d2329; background: #fff; margin: 0 auto;
       max-width: 1080px; padding: 36px 28px 60px; }
h1 { font-size: 30px; margin: 0 0 4px; letter-spacing: -.01em; }
h2 { font-size: 20px; margin: 44px 0 12px; padding-top: 14px; border-top: 2px solid #1f4e8c; }
h3 { font-size: 16px; margin: 26px 0 8px; }
p { margin: 8px 0; max-width: 78ch; }
.lead { font-size: 17px; color: #3c4650; }
.small, figcaption, footer { font-size: 13px; color: #5a646e; }
.notice { border-left: 5px solid #c1440e; background: #fdf3ee; padding: 10px 16px; margin: 18px 0; max-width: none; }
.good { color: #1e7a48; }
.bad { color: #b3261e; font-weight: 600; }
code { font: 13px "DejaVu Sans Mono", Menlo, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 12px 0; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 11px; text-align: right; border-bottom: 1px solid #e1e6ea; white-space: nowrap; }
th { font-weight: 600; color: #3c4650; border-bottom: 1.5px solid #8a949d; }
th:first-child, td:first-child { text-align: left; padding-left: 2px; }
table.facts td { text-align: left; white-space: normal; vertical-align: top; }
table.facts td:first-child { color: #5a646e; white-space: nowrap; padding-right: 24px; }
tr.group td { font-weight: 600; background: #f3f6f9; padding-left: 8px; }
tr.rule td { color: #5a646e; font-style: italic; }
.wide { overflow-x: auto; }
figure { margin: 16px 0; break-inside: avoid; }
figure img, svg { max-width: 100%; height: auto; display: block; }
.pair { display: flex; flex-wrap: wrap; gap: 24px; }
.pair figure { flex: 1 1 440px; max-width: 560px; margin: 8px 0; }
svg text { font: 12px "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif; fill: #3c4650; }
svg .grid { stroke: #e4e8ec; fill: none; } svg .axis { stroke: #5a646e; fill: none; }
svg .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
footer { margin-top: 48px; border-top: 1px solid #d5dbe0; padding-top: 12px; }
@media print { body { padding: 0; font-size: 12px; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
)";

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string Picture(std::string_view type, std::string_view bytes, std::string_view alternative) {
  return fmt::format("<img alt=\"{}\" src=\"data:image/{};base64,{}\">", Escaped(alternative), type, Base64(bytes));
}

std::string Figure(const std::string& picture, std::string_view caption) {
  return fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", picture, Escaped(caption));
}

std::string Fact(std::string_view name, const std::string& html) {
  return fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", name, html);
}

Json ReadJson(const fs::path& path) {
  return InContext(path.string(), [&] { return ParseJson(ReadFile(path)); });
}

/// Columns of numbers by name; cells that are none are left as NaN.
std::map<std::string, std::vector<double>> ReadTable(const fs::path& path) {
  const std::string text = ReadFile(path);
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> columns;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line(text.data() + begin, end - begin);
    const bool is_head = names.empty();
    for (std::size_t column = 0; is_head || column < names.size(); ++column) {
      const std::size_t comma = std::min(line.find(','), line.size());
      const std::string_view cell = line.substr(0, comma);
      if (is_head) {
        names.emplace_back(cell);
      } else {
        double value = std::nan("");
        std::from_chars(cell.data(), cell.data() + cell.size(), value);
        columns[names[column]].push_back(value);
      }
      const bool is_last = comma == line.size();
      line.remove_prefix(std::min(comma + 1, line.size()));
      if (is_head && is_last) break;
    }
    begin = end + 1;
  }
  return columns;
}

LineSeries SeriesOf(const std::map<std::string, std::vector<double>>& table, const std::string& x,
                    const std::string& y) {
  LineSeries series{y, {}};
  if (!table.contains(x) || !table.contains(y)) return series;
  for (std::size_t i = 0; i < table.at(x).size(); ++i) {
    if (std::isfinite(table.at(x)[i]) && std::isfinite(table.at(y)[i]))
      series.points.emplace_back(table.at(x)[i], table.at(y)[i]);
  }
  return series;
}

// ---- the data set

std::string LeakCheck(const Manifest& manifest) {
  std::map<std::string, std::set<std::string>> splits;
  for (const ManifestSequence& sequence : manifest.sequences) splits[sequence.background.source].insert(sequence.split);
  const auto leaks =
      std::count_if(splits.begin(), splits.end(), [](const auto& source) { return source.second.size() > 1; });
  if (leaks == 0)
    return fmt::format("<span class=\"good\">passed</span>: none of the {} background sources lies in two splits",
                       splits.size());
  return fmt::format("<span class=\"bad\">failed</span>: {} of {} background sources lie in two splits", leaks,
                     splits.size());
}

std::string StatisticsFacts(const Json& stats) {
  const Json& all = stats.at("all");
  const Json& area = all.at("size").at("area_px");
  const Json& scr = all.at("scr").at("mscr_present");
  std::string facts =
      Fact("Targets", fmt::format("{} in {} of {} frames", Get<std::int64_t>(all, "targets"),
                                  Get<std::int64_t>(all, "frames_with_target"), Get<std::int64_t>(all, "frames")));
  if (Get<std::int64_t>(area, "count") > 0) {
    facts += Fact("Target size", fmt::format("median {:g} px, {:g} to {:g} px", Get<double>(area, "median"),
                                             Get<double>(area, "min"), Get<double>(area, "max")));
  }
  if (Get<std::int64_t>(scr, "count") > 0) {
    const Json& subsets = all.at("scr").at("subsets");
    facts += Fact(
        "Mean SCR of a sequence (box20)",
        fmt::format("median {:.2f}, {:.2f} to {:.2f}; {} sequences below 3, {} from 3 on", Get<double>(scr, "median"),
                    Get<double>(scr, "min"), Get<double>(scr, "max"), Get<std::int64_t>(subsets.at("low"), "count"),
                    Get<std::int64_t>(subsets.at("high"), "count")));
  }
  return facts;
}

std::string DataSection(const ReportSources& sources) {
  const SampleStoreReader reader(sources.data);
  const Manifest& manifest = reader.manifest();
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> splits;  // sequences, frames
  std::set<std::string> sizes;
  for (const ManifestSequence& sequence : manifest.sequences) {
    splits[sequence.split].first += 1;
    splits[sequence.split].second += sequence.frames;
    sizes.insert(fmt::format("{} x {} px, {} bit", sequence.width, sequence.height, sequence.bit_depth));
  }
  std::string split_text, size_text;
  for (const std::string_view split : kSplitNames) {
    const auto& [count, frames] = splits[std::string(split)];
    split_text += fmt::format("{}{}: {} sequences, {} frames", split_text.empty() ? "" : "; ", split, count, frames);
  }
  for (const std::string& size : sizes) size_text += (size_text.empty() ? "" : "; ") + size;

  std::string html = "<h2>Data set</h2>\n<table class=\"facts\">\n";
  html += Fact("Id", fmt::format("<code>{}</code>", Escaped(manifest.dataset_id)));
  html += Fact("Folder, seed", fmt::format("<code>{}</code>, {}", Escaped(sources.data.string()), manifest.seed));
  html += Fact("Splits", split_text) + Fact("Images", size_text);
  std::string plots;
  if (!sources.stats.empty()) {
    const fs::path file = sources.stats / "stats.json";
    const Json stats = ReadJson(file);
    if (GetOr<std::string>(stats, "dataset_id", "") != manifest.dataset_id) {
      throw BadInput(fmt::format("{} describes another data set than {}", file.string(), sources.data.string()));
    }
    try {
      html += StatisticsFacts(stats);
    } catch (const Json::exception& error) {
      throw BadInput(fmt::format("{}: {}", file.string(), error.what()));
    }
    const fs::path plot = sources.stats / "distributions.svg";
    plots =
        fs::exists(plot)
            ? Figure(Picture("svg+xml", ReadFile(plot), "Distributions of target size and mean SCR"),
                     "Measured on the written files: target sizes by mask area, mean SCR of the sequences under box20.")
            : "<p class=\"small\">The distributions were not drawn (gnuplot was missing).</p>\n";
  }
  html += Fact("Leak check", LeakCheck(manifest)) + "</table>\n";
  html += Figure(Picture("png", EncodePng(DrawPreview(reader, sources.sequences)), "Contact sheet of the data set"),
                 "The middle frame of each sequence; the target boxed, and enlarged beside it.");
  return html + plots;
}

// ---- the training

std::string TrainingSection(const fs::path& run) {
  const auto train = ReadTable(run / "train_log.csv");
  LineSeries loss = SeriesOf(train, "step", "loss");
  if (loss.points.empty()) throw BadInput(fmt::format("{} holds no loss", (run / "train_log.csv").string()));
  const double last_step = loss.points.back().first;
  double highest = 0;
  for (const auto& [step, value] : loss.points) highest = std::max(highest, value);
  std::string html = "<h2>Training</h2>\n";
  const auto last = [&](const std::string& name) {
    return train.contains(name) && !train.at(name).empty() ? train.at(name).back() : std::nan("");
  };
  html += fmt::format(
      "<p>PSTFNet, {:.0f} steps, {:.0f} windows of five frames ({:.2f} epochs) in {:.0f} s; loss (SoftIoU) {:.4f} at "
      "the end.</p>\n",
      last_step, last("samples"), last("epoch"), last("seconds"), loss.points.back().second);
  html += "<div class=\"pair\">\n";
  loss.name = "SoftIoU loss";
  html +=
      Figure(LineChartSvg(
                 {"step", "loss", AxisScale::kLinear, 0, std::max(last_step, 1.0), 0, std::max(1.0, highest), {loss}}),
             "Training loss, mean since the row before.");
  const fs::path log = run / "val_log.csv";
  if (fs::exists(log)) {
    const auto validation = ReadTable(log);
    LineChart chart{"step", "score on the validation split", AxisScale::kLinear, 0, std::max(last_step, 1.0), 0, 1, {}};
    for (const auto& [column, name] :
         std::vector<std::pair<std::string, std::string>>{{"iou_seq", "IoU_seq"}, {"niou", "nIoU"}, {"pd", "Pd"}}) {
      chart.series.push_back(SeriesOf(validation, "step", column));
      chart.series.back().name = name;
    }
    if (!chart.series.front().points.empty())
      html += Figure(LineChartSvg(chart), "Protocol P1 on the validation split.");
  }
  return html + "</div>\n";
}

// ---- the scores

std::string Value(const Json& ratio, int decimals, double unit = 1) {
  const Json& value = ratio.at("value");
  return value.is_null() ? "&ndash;" : fmt::format("{:.{}f}", unit * value.get<double>(), decimals);
}

std::string SubsetRow(const Json& subset) {
  const Json& pd = subset.at("pd_pooled");
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}/{}</td><td>{}</"
      "td><td>{}</td><td>{}</td></tr>\n",
      Escaped(Get<std::string>(subset, "id")), Get<std::int64_t>(subset, "sequences"),
      Get<std::int64_t>(subset, "frames"), Value(subset.at("iou_pooled"), 4), Value(subset.at("iou_seq"), 4),
      Value(subset.at("niou"), 4), Value(subset.at("pd_seq"), 4), Get<std::int64_t>(pd, "count"),
      Get<std::int64_t>(pd, "of"), Escaped(Get<std::string>(subset, "fa_1e-6")),
      Get<std::int64_t>(subset.at("fa_pooled"), "count"), Value(subset.at("fa_px_seq"), 2, 1e6));
}

std::string ScoreTable(const Json& scores) {
  std::string html =
      "<div "
      "class=\"wide\"><table>\n<tr><th>subset</th><th>sequences</th><th>frames</th><th>IoU</th><th>IoU<sub>seq</sub></"
      "th><th>nIoU</th><th>Pd</th>"
      "<th>found / targets</th><th>Fa, 10<sup>&minus;6</sup></th><th>px</th><th>Fa<sub>px</sub>, "
      "10<sup>&minus;6</sup></th></tr>\n";
  for (const Json& detector : scores.at("detectors")) {
    html +=
        fmt::format("<tr class=\"group\"><td colspan=\"11\">{}</td></tr>\n", Escaped(Get<std::string>(detector, "id")));
    for (const Json& point : detector.at("operating_points")) {
      html += fmt::format("<tr class=\"rule\"><td colspan=\"11\">{} ({})</td></tr>\n",
                          Escaped(Get<std::string>(point, "rule")), Escaped(Get<std::string>(point, "origin")));
      for (const Json& subset : point.at("subsets")) {
        if (Get<std::int64_t>(subset, "sequences") > 0) html += SubsetRow(subset);
      }
    }
  }
  return html + "</table></div>\n";
}

std::string RocFigure(const Json& scores, const fs::path& folder) {
  LineChart chart{
      "false pixels / all pixels without target", "target pixels found", AxisScale::kLogarithmic, 1e-6, 1, 0, 1, {}};
  for (const Json& detector : scores.at("detectors")) {
    const std::string id = Get<std::string>(detector, "id");
    const fs::path file = folder / (id + ".roc.csv");
    if (!fs::exists(file)) continue;
    chart.series.push_back(SeriesOf(ReadTable(file), "false_rate", "true_rate"));
    const Json& auc = detector.at("roc").at("auc");
    chart.series.back().name = auc.is_null() ? id : fmt::format("{}, AUC {:.4f}", id, auc.get<double>());
  }
  if (chart.series.empty()) return "";
  return "<div class=\"pair\">" +
         Figure(LineChartSvg(chart),
                "ROC over pixels, from the exact scores; false rates below 10^-6 are drawn at the edge.") +
         "</div>\n";
}

std::string ScoreSection(const fs::path& folder, const std::string& dataset_id) {
  const fs::path file = folder / "scores.json";
  const Json scores = ReadJson(file);
  try {
    const Json& data = scores.at("data");
    if (const std::string id = Get<std::string>(data, "dataset_id"); !id.empty() && id != dataset_id) {
      throw BadInput("these are scores of another data set than the report's");
    }
    const std::string split = Get<std::string>(data, "split");
    std::string html = fmt::format(
        "<h2>Detection</h2>\n<p>{} sequences, {} frames of the split <b>{}</b>; protocol {}, subsets by mean SCR "
        "(box20).</p>\n",
        Get<std::int64_t>(data, "sequences"), Get<std::int64_t>(data, "frames"), Escaped(split.empty() ? "all" : split),
        Escaped(Get<std::string>(scores.at("protocol"), "id")));
    html += ScoreTable(scores);
    html +=
        "<p class=\"small\">IoU is pooled over pixels; IoU<sub>seq</sub>, Pd, Fa and Fa<sub>px</sub> are means over "
        "sequences, nIoU over frames that hold truth or "
        "prediction. A target is found when the centroid of a predicted component lies less than 3 px from its own. Fa "
        "counts the pixels of predicted components that match "
        "no target (px: their number), Fa<sub>px</sub> every false pixel; fewer than 10 false pixels give a bound. "
        "\"Half of the frame's maximum\" is the published tables' "
        "compatibility choice and a poor operating point; thresholds named after a split were fixed there.</p>\n";
    html += RocFigure(scores, folder);
    for (const Json& detector : scores.at("detectors")) {
      const std::string id = Get<std::string>(detector, "id");
      const fs::path picture = folder / (id + ".png");
      if (!fs::exists(picture)) continue;
      html += fmt::format("<h3>{}: hits, misses, false alarms</h3>\n", Escaped(id));
      html += Figure(Picture("png", ReadFile(picture), id),
                     "One frame a sequence, the one with a target nearest to its middle; green hit, yellow missed, red "
                     "false alarm.");
    }
    return html;
  } catch (const Json::exception& error) {
    throw BadInput(fmt::format("{}: {}", file.string(), error.what()));
  } catch (Error& error) {
    error.AddContext(file.string());
    throw;
  }
}

/// What the evaluated checkpoints, or else the training's, had seen.
std::string SmokeNotice(const ReportSources& sources) {
  std::optional<std::pair<std::int64_t, std::int64_t>> least;  // windows, steps
  const auto consider = [&](const Json& training) {
    const std::pair seen(Get<std::int64_t>(training, "samples_seen"), Get<std::int64_t>(training, "steps"));
    if (!least || seen < *least) least = seen;
  };
  if (!sources.scores.empty()) {
    const Json scores = ReadJson(sources.scores / "scores.json");
    for (const Json& detector : GetOr<Json>(scores, "detectors", Json::array())) {
      if (detector.contains("training") && !detector["training"].is_null()) consider(detector["training"]);
    }
  }
  for (const char* name : {"best.json", "last.json"}) {
    if (!least && !sources.train.empty() && fs::exists(sources.train / name)) consider(ReadJson(sources.train / name));
  }
  if (!least || least->first >= kSmokeRunWindows) return "";
  return fmt::format(
      "<p class=\"notice\"><b>Smoke run, not converged.</b> The network saw {} windows of five frames in {} steps; a "
      "training over 48 epochs sees {} and more. "
      "Its scores show that the path from data to numbers works, not how well the network detects.</p>\n",
      least->first, least->second, kSmokeRunWindows);
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string HtmlReport(const ReportSources& sources) {
  const std::string data = DataSection(sources);
  const std::string dataset_id = SampleStoreReader(sources.data).manifest().dataset_id;
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\">\n"
      "<title>mirst report {:.12}</title>\n<style>{}</style>\n</head>\n<body>\n<h1>mirst report</h1>\n"
      "<p class=\"lead\">Labelled multi-frame infrared small-target data: rendered 3-D targets embedded into thermal "
      "sequences with a controlled "
      "signal-to-clutter ratio, and measured as they were written.</p>\n",
      dataset_id, kStyle);
  html += SmokeNotice(sources) + data;
  if (!sources.train.empty()) html += TrainingSection(sources.train);
  if (!sources.scores.empty()) html += ScoreSection(sources.scores, dataset_id);
  return html + fmt::format(
                    "<footer>Written by mirst {} (git {}). Every number is read from the files of the run: "
                    "manifest.json, stats.json, train_log.csv, scores.json.</footer>\n"
                    "</body>\n</html>\n",
                    ProgramVersion(), GitRevision());
}

}  // namespace mirst
