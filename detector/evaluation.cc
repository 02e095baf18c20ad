#include "detector/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "detector/model_driven/sequence_responses.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

class ModelDrivenMaps final : public MapSource {
 public:
  explicit ModelDrivenMaps(std::unique_ptr<ModelDrivenDetector> detector) : detector_(std::move(detector)) {}
  void Begin(const TruthSequence&, const std::vector<Image<float>>& counts) override {
    responses_.emplace(*detector_, counts);
  }
  Image<float> Next(std::size_t index, const Image<float>&) override {
    Image<float> map = responses_->Take(static_cast<int>(index)).map;
    for (float& score : map) score = std::max(score, 0.0F);  // a negative response is no target
    return map;
  }

 private:
  std::unique_ptr<ModelDrivenDetector> detector_;
  std::optional<SequenceResponses> responses_;
};

class NetworkMaps final : public MapSource {
 public:
  explicit NetworkMaps(std::unique_ptr<SequenceDetector> detector) : detector_(std::move(detector)) {}
  void Begin(const TruthSequence&, const std::vector<Image<float>>&) override { detector_->Begin(); }
  Image<float> Next(std::size_t, const Image<float>& counts) override { return detector_->Next(counts); }

 private:
  std::unique_ptr<SequenceDetector> detector_;
};

class FolderMaps final : public MapSource {
 public:
  explicit FolderMaps(fs::path folder) : folder_(std::move(folder)) {}
  bool needs_images() const override { return false; }

  void Check(const TruthSet& set) override {
    std::set<std::string> wanted;
    for (const TruthSequence& sequence : set.sequences) {
      wanted.insert(sequence.name);
      MapsOfSequence(sequence);
    }
    for (const fs::path& path : ListFolders(folder_)) {
      if (!wanted.contains(path.filename().string())) {
        throw BadInput(fmt::format("{} predicts a sequence that the truth in {}{} does not have", path.string(),
                                   set.folder.string(), set.split.empty() ? "" : " (split " + set.split + ")"));
      }
    }
  }
  void Begin(const TruthSequence& sequence, const std::vector<Image<float>>&) override {
    paths_ = MapsOfSequence(sequence);
  }
  Image<float> Next(std::size_t index, const Image<float>&) override {
    ScoreMap map = ReadScoreMap(paths_[index]);
    eight_bit_ = eight_bit_ || (map.eight_bit && std::any_of(map.scores.begin(), map.scores.end(),
                                                             [](float score) { return score > 0 && score < 1; }));
    return std::move(map.scores);
  }
  std::vector<std::string> Notes() const override {
    if (!eight_bit_) return {};
    return {
        "score maps of 8 bits: the ROC has 256 steps at most, and low false-alarm rates may lie between two of them"};
  }

 private:
  std::vector<fs::path> MapsOfSequence(const TruthSequence& sequence) const {
    const fs::path folder = folder_ / sequence.name;
    if (!fs::is_directory(folder))
      throw BadInput(fmt::format("{} is missing: no prediction of the sequence {}", folder.string(), sequence.name));
    std::map<std::string, fs::path> found;
    for (const fs::path& path : ListFiles(folder)) {
      if (IsScoreMapFile(path) && !found.emplace(path.stem().string(), path).second) {
        throw BadInput(fmt::format("{} has two maps of the frame {}", folder.string(), path.stem().string()));
      }
    }
    std::vector<fs::path> paths;
    for (const TruthFrame& frame : sequence.frames) {
      const auto map = found.find(frame.name);
      if (map == found.end())
        throw BadInput(fmt::format("{} has no prediction of the frame {}", folder.string(), frame.name));
      paths.push_back(map->second);
      found.erase(map);
    }
    if (!found.empty()) {
      throw BadInput(fmt::format("{} predicts a frame that the truth of the sequence {} does not have",
                                 found.begin()->second.string(), sequence.name));
    }
    return paths;
  }

  fs::path folder_;
  std::vector<fs::path> paths_;
  bool eight_bit_ = false;
};

const Mask* Pointer(const std::optional<Mask>& mask) { return mask ? &*mask : nullptr; }

struct LoadedSequence {
  std::vector<Image<float>> counts;
  std::vector<Mask> masks;
  std::vector<std::optional<Mask>> ignored;
};

LoadedSequence Load(const TruthSequence& sequence, bool needs_images, WithImage with_image) {
  const std::size_t frames = sequence.frames.size();
  LoadedSequence loaded{std::vector<Image<float>>(frames), std::vector<Mask>(frames),
                        std::vector<std::optional<Mask>>(frames)};
  ParallelFor(frames, [&](std::size_t i) {
    if (needs_images && sequence.frames[i].image.empty())
      throw BadInput(fmt::format("the mask {} has no image to look at", sequence.frames[i].mask.string()));
    TruthImages images = ReadTruth(sequence.frames[i], with_image);
    loaded.counts[i] = std::move(images.counts);
    loaded.masks[i] = std::move(images.mask);
    loaded.ignored[i] = std::move(images.ignore);
  });
  return loaded;
}

/// Calls visit(first frame, score maps) for the sequence's frames, some at a time.
template <class Visit>
void ForScores(const TruthSequence& sequence, const LoadedSequence& loaded, MapSource& maps, Progress& progress,
               const Visit& visit) {
  const std::size_t frames = sequence.frames.size(), block = 8 * static_cast<std::size_t>(ThreadCount());
  maps.Begin(sequence, loaded.counts);
  for (std::size_t first = 0; first < frames; first += block) {
    std::vector<Image<float>> scores;
    for (std::size_t i = first; i < std::min(first + block, frames); ++i) {
      ThrowIfInterrupted();
      InContext(fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[i].name), [&] {
        scores.push_back(maps.Next(i, loaded.counts[i]));
        const Image<float>& map = scores.back();
        if (map.height() != loaded.masks[i].height() || map.width() != loaded.masks[i].width()) {
          throw BadInput(fmt::format("the prediction is {} x {} px, the truth {} x {}", map.width(), map.height(),
                                     loaded.masks[i].width(), loaded.masks[i].height()));
        }
      });
      progress.Advance();
    }
    visit(first, scores);
  }
}

void AddToRoc(RocCurve& roc, const TruthSequence& sequence, const LoadedSequence& loaded, std::size_t first,
              const std::vector<Image<float>>& scores) {
  for (std::size_t i = 0; i < scores.size(); ++i) {
    InContext(fmt::format("sequence {}, frame {}", sequence.name, sequence.frames[first + i].name),
              [&] { roc.Add(scores[i], loaded.masks[first + i], Pointer(loaded.ignored[first + i])); });
  }
}

MaskRule RuleFromValidation(const TruthSet& validation, Contender& contender, double rate) {
  Progress progress(fmt::format("{} on {}", contender.id, validation.split), validation.frames(), "frames");
  RocCurve roc;
  for (const TruthSequence& sequence : validation.sequences) {
    const LoadedSequence loaded = Load(sequence, true, WithImage::kYes);
    ForScores(sequence, loaded, *contender.maps, progress,
              [&](std::size_t first, const std::vector<Image<float>>& scores) {
                AddToRoc(roc, sequence, loaded, first, scores);
              });
  }
  return {roc.ThresholdAtFalsePixelRate(rate), fmt::format("Fa_px = {:g} on {}", rate, validation.split), {}};
}

std::size_t PictureFrame(const LoadedSequence& loaded) {
  const std::size_t middle = loaded.masks.size() / 2;
  for (std::size_t distance = 0; distance < loaded.masks.size(); ++distance) {
    for (const std::size_t i :
         {middle - std::min(middle, distance), std::min(middle + distance, loaded.masks.size() - 1)}) {
      if (CountPixels(loaded.masks[i]) > 0) return i;
    }
  }
  return middle;
}

/// Indices of `wanted` of `count` sequences, evenly spread.
std::set<std::size_t> EvenlySpread(std::size_t count, int wanted) {
  std::set<std::size_t> indices;
  const std::size_t chosen = std::min(count, static_cast<std::size_t>(std::max(0, wanted)));
  for (std::size_t i = 0; i < chosen; ++i) indices.insert((2 * i + 1) * count / (2 * chosen));
  return indices;
}

std::pair<DetectorScores, std::vector<DetectionPicture>> Score(const TruthSet& truth, Contender& contender,
                                                               int pictures) {
  const std::set<std::size_t> shown = EvenlySpread(truth.sequences.size(), pictures);
  std::vector<std::vector<SequenceScore>> by_rule(contender.rules.size());
  std::vector<DetectionPicture> kept;
  RocCurve roc;
  Progress progress(contender.id, truth.frames(), "frames");
  for (std::size_t s = 0; s < truth.sequences.size(); ++s) {
    const TruthSequence& sequence = truth.sequences[s];
    const bool needs_images = contender.maps->needs_images();
    const LoadedSequence loaded =
        Load(sequence, needs_images, needs_images || shown.contains(s) ? WithImage::kYes : WithImage::kNo);
    std::vector<SequenceScore> totals(contender.rules.size());
    for (SequenceScore& total : totals) {
      total.name = sequence.name;
      total.mean_scr = sequence.mean_scr;
    }
    const std::size_t picture = shown.contains(s) ? PictureFrame(loaded) : loaded.masks.size();
    ForScores(sequence, loaded, *contender.maps, progress,
              [&](std::size_t first, const std::vector<Image<float>>& scores) {
                AddToRoc(roc, sequence, loaded, first, scores);
                std::vector<FrameScore> frames(scores.size() * totals.size());
                ParallelFor(frames.size(), [&](std::size_t task) {
                  const std::size_t i = task / totals.size(), rule = task % totals.size();
                  frames[task] = ScoreFrame(contender.rules[rule].Apply(scores[i]), loaded.masks[first + i],
                                            Pointer(loaded.ignored[first + i]));
                });
                for (std::size_t task = 0; task < frames.size(); ++task) totals[task % totals.size()].Add(frames[task]);
                if (picture >= first && picture < first + scores.size()) {
                  const Image<float>& map = scores[picture - first];
                  kept.push_back({sequence.name, sequence.frames[picture].name, sequence.mean_scr,
                                  loaded.counts[picture].empty() ? map : loaded.counts[picture],
                                  contender.rules.front().Apply(map), loaded.masks[picture], loaded.ignored[picture]});
                }
              });
    for (std::size_t rule = 0; rule < totals.size(); ++rule) by_rule[rule].push_back(std::move(totals[rule]));
  }

  DetectorScores result{contender.id,   contender.training,  {},           roc.Auc(),
                        roc.truth_px(), roc.background_px(), roc.Points(), contender.maps->Notes()};
  for (std::size_t rule = 0; rule < by_rule.size(); ++rule) {
    std::optional<double> threshold;
    if (contender.rules[rule].threshold) threshold = *contender.rules[rule].threshold;
    result.points.push_back(
        {contender.rules[rule].Text(), threshold, contender.rules[rule].origin, Summarise(std::move(by_rule[rule]))});
  }
  return {std::move(result), std::move(kept)};
}

}  // namespace

std::unique_ptr<MapSource> MapsOf(std::unique_ptr<ModelDrivenDetector> detector) {
  return std::make_unique<ModelDrivenMaps>(std::move(detector));
}
std::unique_ptr<MapSource> MapsOf(std::unique_ptr<SequenceDetector> detector) {
  return std::make_unique<NetworkMaps>(std::move(detector));
}
std::unique_ptr<MapSource> MapsIn(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw BadInput(fmt::format("{} is no folder of predictions", folder.string()));
  return std::make_unique<FolderMaps>(folder);
}

std::string MaskRule::Text() const {
  return threshold ? fmt::format("score > {:.6g}", *threshold) : Describe(segmentation);
}

Mask MaskRule::Apply(ImageView<const float> scores) const {
  return threshold ? ThresholdMask(scores, *threshold) : Segment(scores, segmentation);
}

EvaluationResult Evaluate(const TruthSet& truth, const TruthSet* validation, std::vector<Contender> contenders,
                          const EvaluateOptions& options) {
  EvaluationResult result;
  Evaluation& scores = result.scores;
  scores.folder = truth.folder.string();
  scores.dataset_id = truth.dataset_id;
  scores.split = truth.split;
  scores.mask_convention = truth.mask_convention;
  scores.sequences = std::ssize(truth.sequences);
  scores.frames = truth.frames();
  for (const Contender& contender : contenders) contender.maps->Check(truth);
  for (Contender& contender : contenders) {
    if (validation != nullptr && contender.maps->needs_images()) {
      contender.rules.push_back(RuleFromValidation(*validation, contender, options.validation_false_px_rate));
      scores.validation_split = validation->split;
      scores.validation_sequences = std::ssize(validation->sequences);
      scores.validation_frames = validation->frames();
      scores.validation_false_px_rate = options.validation_false_px_rate;
    }
    auto [detector, pictures] = Score(truth, contender, options.pictures);
    scores.detectors.push_back(std::move(detector));
    result.pictures.push_back(std::move(pictures));
  }
  return result;
}

}  // namespace mirst
