#include "generator/patch_forest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <opencv2/ml.hpp>

#include "core/error.h"

namespace mirst {
namespace {

constexpr int kTrees = 200, kDepth = 8, kLeastSamples = 5, kFeaturesPerSplit = 5;  // about sqrt(24)

cv::Mat RowsOf(const std::vector<PatchCase>& cases, const std::vector<std::size_t>& chosen) {
  cv::Mat rows(static_cast<int>(chosen.size()), static_cast<int>(kPatchFeatures), CV_32F);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    std::copy(cases[chosen[i]].features.begin(), cases[chosen[i]].features.end(), rows.ptr<float>(static_cast<int>(i)));
  }
  return rows;
}

void ScoreFold(const std::vector<PatchCase>& cases, int fold, std::vector<double>& scores) {
  std::vector<std::size_t> known, held_out;
  for (std::size_t i = 0; i < cases.size(); ++i) (cases[i].fold == fold ? held_out : known).push_back(i);
  const auto positives = std::count_if(known.begin(), known.end(), [&](std::size_t i) { return cases[i].positive; });
  if (held_out.empty() || positives == 0 || positives == static_cast<std::ptrdiff_t>(known.size())) return;
  cv::Mat labels(static_cast<int>(known.size()), 1, CV_32F);
  for (std::size_t i = 0; i < known.size(); ++i)
    labels.at<float>(static_cast<int>(i)) = cases[known[i]].positive ? 1.0F : 0.0F;
  const cv::Ptr<cv::ml::RTrees> forest = cv::ml::RTrees::create();
  forest->setMaxDepth(kDepth);
  forest->setMinSampleCount(kLeastSamples);
  forest->setRegressionAccuracy(0);
  forest->setActiveVarCount(kFeaturesPerSplit);
  forest->setTermCriteria({cv::TermCriteria::MAX_ITER, kTrees, 0});
  cv::theRNG() = cv::RNG(static_cast<std::uint64_t>(fold) + 1);  // the forest draws from this thread's generator
  forest->train(RowsOf(cases, known), cv::ml::ROW_SAMPLE, labels);
  cv::Mat predicted;
  forest->predict(RowsOf(cases, held_out), predicted);
  for (std::size_t i = 0; i < held_out.size(); ++i)
    scores[held_out[i]] = static_cast<double>(predicted.at<float>(static_cast<int>(i)));
}

}  // namespace

std::vector<double> HeldOutScores(const std::vector<PatchCase>& cases, int folds) {
  std::vector<double> scores(cases.size(), 0.5);
  try {
    for (int fold = 0; fold < folds; ++fold) ScoreFold(cases, fold, scores);
  } catch (const cv::Exception& error) {
    throw InternalError(fmt::format("OpenCV's random forest failed: {}", error.what()));
  }
  return scores;
}

}  // namespace mirst
