#include "detector/evaluation_files.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/file.h"
#include "metrics/score_tables.h"

namespace mirst {
namespace {

void AddMarks(Card& card, const std::vector<Component>& components, Rgb colour) {
  for (const Component& component : components) card.marks.push_back({component.box, colour});
}

Card CardOf(const DetectionPicture& picture) {
  const Mask* const ignore = picture.ignore ? &*picture.ignore : nullptr;
  const FrameMatch match = MatchFrame(picture.prediction, picture.truth, ignore);
  Card card;
  card.frame = picture.counts;
  card.focus_xy = {picture.counts.width() / 2.0, picture.counts.height() / 2.0};
  for (const std::vector<Component>* components : {&match.false_alarms, &match.hits, &match.misses}) {
    if (!components->empty()) card.focus_xy = components->front().centroid;
  }
  AddMarks(card, match.false_alarms, kRed);
  AddMarks(card, match.misses, kYellow);
  AddMarks(card, match.hits, kGreen);
  // Pixel by pixel in the enlargement: common, only true, only predicted.
  const int height = picture.truth.height(), width = picture.truth.width();
  Mask common(height, width), missed(height, width), false_px(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (ignore != nullptr && (*ignore)(y, x) > 127) continue;
      const bool is_true = picture.truth(y, x) > 127, is_predicted = picture.prediction(y, x) > 127;
      if (is_true && is_predicted) common(y, x) = 255;
      if (is_true && !is_predicted) missed(y, x) = 255;
      if (!is_true && is_predicted) false_px(y, x) = 255;
    }
  }
  card.outlines = {{std::move(false_px), kRed}, {std::move(missed), kYellow}, {std::move(common), kGreen}};
  card.title = fmt::format("{} / {}", picture.sequence, picture.frame);
  if (picture.mean_scr) card.lines.push_back(fmt::format("mean SCR {:.2f}", *picture.mean_scr));
  card.lines.push_back(
      fmt::format("{} of {} targets found", match.hits.size(), match.hits.size() + match.misses.size()));
  card.lines.push_back(
      fmt::format("{} false alarm{}", match.false_alarms.size(), match.false_alarms.size() == 1 ? "" : "s"));
  return card;
}

}  // namespace

Image<Rgb> DrawDetections(const DetectorScores& detector, const std::vector<DetectionPicture>& pictures) {
  if (detector.points.empty()) throw InternalError("a detector without operating points");
  std::vector<Card> cards;
  for (const DetectionPicture& picture : pictures) cards.push_back(CardOf(picture));
  return DrawContactSheet(fmt::format("{}, {}", detector.id, detector.points.front().rule), cards,
                          {{kGreen, "hit"},
                           {kYellow, "missed target"},
                           {kRed, "false alarm"},
                           {{}, fmt::format("middle frame of a sequence; right: {} x, pixel by pixel", kEnlargement)}});
}

void RequireNoScores(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "scores.json")) {
    throw BadInput(
        fmt::format("{} already holds scores; --force replaces them, --out names another folder", folder.string()));
  }
}

void WriteEvaluation(const EvaluationResult& result, const std::filesystem::path& folder) {
  CreateFolder(folder);
  for (std::size_t i = 0; i < result.scores.detectors.size(); ++i) {
    const DetectorScores& detector = result.scores.detectors[i];
    WriteFileAtomically(folder / (detector.id + ".sequences.csv"), ScoresCsv(detector));
    WriteFileAtomically(folder / (detector.id + ".protocols.csv"), ProtocolsCsv(detector));
    WriteFileAtomically(folder / (detector.id + ".roc.csv"), RocCsv(detector));
    WriteFileAtomically(folder / (detector.id + ".pd.csv"), PdCsv(detector));
    if (result.pictures[i].empty()) continue;
    WriteFileAtomically(folder / (detector.id + ".png"), EncodePng(DrawDetections(detector, result.pictures[i])));
  }
  const TextTable iou = IouTable(result.scores), protocols = ProtocolTable(result.scores);
  const auto both = [&](TableForm form) { return Format(protocols, form) + "\n" + Format(iou, form); };
  WriteFileAtomically(folder / "protocols.csv", Format(protocols, TableForm::kCsv));
  WriteFileAtomically(folder / "iou.csv", Format(iou, TableForm::kCsv));
  WriteFileAtomically(folder / "scores.md", both(TableForm::kMarkdown));
  WriteFileAtomically(folder / "scores.tex", both(TableForm::kLatex));
  WriteFileAtomically(folder / "scores.json", ScoresJson(result.scores) + "\n");
}

}  // namespace mirst
