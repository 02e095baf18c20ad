// The files of an evaluation: scores.json, and of each detector its scores by sequence, its ROC, and a contact sheet of
// what it hit, missed, and took for a target by mistake.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/contact_sheet.h"
#include "detector/evaluation.h"

namespace mirst {

/// Hits green, misses yellow, false alarms red, under the first operating point. Throws kInternal without pictures.
Image<Rgb> DrawDetections(const DetectorScores& detector, const std::vector<DetectionPicture>& pictures);

/// Throws kBadInput where `folder` already holds scores.
void RequireNoScores(const std::filesystem::path& folder);

/// <id>.sequences.csv, <id>.protocols.csv, <id>.roc.csv, <id>.pd.csv and, where there are pictures, <id>.png of each
/// detector; protocols.csv, iou.csv, and both tables as scores.md and scores.tex; scores.json last. Replaces files of
/// the same names. Throws kBadInput where one cannot be written.
void WriteEvaluation(const EvaluationResult& result, const std::filesystem::path& folder);

}  // namespace mirst
