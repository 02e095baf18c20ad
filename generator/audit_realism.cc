// Checks (c) and (f) of the audit: embedded targets beside real ones of the same camera.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "core/random.h"
#include "datasets/sequence_source.h"
#include "generator/audit_checks.h"
#include "generator/patch_forest.h"
#include "metrics/two_sample.h"

namespace mirst {
namespace {

constexpr int kFolds = 5, kDivisions = 10;
constexpr double kAucLimit = 0.05;         // AUC(real, embedded) - AUC(real, real)
constexpr double kCaughtAuc = 0.75;        // what the classifier must reach on a hard paste to be believed
constexpr std::size_t kLeastPatches = 40;  // of each kind, for any statement
constexpr int kPatchesPerVideo = 20;
constexpr double kMatchRatio = 1.25;  // of areas and of SCRs
constexpr double kLocalRatio = 1.5;   // of contrast over the patch's own sigma: a sky is no tree line

// Segments twice, so that the looseness of the box that names the target does not matter.
std::optional<TargetPatch> Segment(ImageView<const float> frame, const PixelBox& hint, int bit_depth) {
  const auto coarse = SegmentTarget(frame, hint, bit_depth);
  if (!coarse) return std::nullopt;
  return SegmentTarget(frame, Grow(coarse->box, 2 - kPatchMarginPx), bit_depth);
}

// The same target without optics, fractions of pixels and residual: each pixel whose centre lies on the target shows
// the template's cell there.
Image<float> HardPaste(const Image<float>& background, const RedrawnTarget& target, const TakenApart& parts,
                       const Annotation& annotation, int most_counts) {
  Image<float> pasted = background;
  const Template& sharp = target.sharp;
  for (int y = 0; y < target.box.height; ++y) {
    for (int x = 0; x < target.box.width; ++x) {
      const auto cell = [&](double pixel, double centre, double anchor) {
        return static_cast<int>(std::lround(anchor + (pixel - centre) * sharp.supersampling));
      };
      const int row = cell(target.box.y + y, target.centre_px.y, sharp.anchor_cells.y);
      const int column = cell(target.box.x + x, target.centre_px.x, sharp.anchor_cells.x);
      if (!sharp.opacity.box().Contains(column, row) || sharp.opacity(row, column) < 0.5F) continue;
      const double value = parts.reference_level + annotation.gain * static_cast<double>(sharp.contrast(row, column));
      pasted(target.box.y + y, target.box.x + x) =
          static_cast<float>(std::clamp(std::floor(value + 0.5), 0.0, static_cast<double>(most_counts)));
    }
  }
  return pasted;
}

double LocalScr(const TargetPatch& patch) { return patch.contrast / std::max(patch.sigma, 0.5); }

// Pairs of real and other patches of one polarity, alike in area and SCR, far and near; each used once.
std::pair<std::vector<VideoPatch>, std::vector<VideoPatch>> Match(const std::vector<VideoPatch>& real,
                                                                  const std::vector<VideoPatch>& others) {
  std::vector<std::size_t> order(real.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  RandomStream random({.object = 3, .purpose = Purpose::kBootstrap});
  random.Shuffle(order);
  std::vector<bool> used(others.size(), false);
  std::pair<std::vector<VideoPatch>, std::vector<VideoPatch>> matched;
  for (const std::size_t i : order) {
    const TargetPatch& wanted = real[i].patch;
    std::size_t best = others.size();
    double least = std::log(kMatchRatio);
    for (std::size_t j = 0; j < others.size(); ++j) {
      const TargetPatch& patch = others[j].patch;
      if (used[j] || patch.polarity != wanted.polarity) continue;
      const double distance = std::max(std::abs(std::log(static_cast<double>(patch.area_px) / wanted.area_px)),
                                       std::abs(std::log(patch.scr / wanted.scr)));
      if (distance >= least || std::abs(std::log(LocalScr(patch) / LocalScr(wanted))) >= std::log(kLocalRatio))
        continue;
      least = distance;
      best = j;
    }
    if (best == others.size()) continue;
    used[best] = true;
    matched.first.push_back(real[i]);
    matched.second.push_back(others[best]);
  }
  return matched;
}

std::vector<std::string> GroupsOf(const std::vector<VideoPatch>& patches) {
  std::vector<std::string> groups;
  for (const VideoPatch& patch : patches) groups.push_back(patch.group);
  return groups;
}

// Folds of both kinds: a video that shows both lies in one.
std::map<std::string, int> FoldOfGroups(const std::vector<VideoPatch>& first, const std::vector<VideoPatch>& second,
                                        std::uint64_t seed) {
  std::map<std::string, int> folds;
  for (const std::vector<VideoPatch>* patches : {&first, &second}) {
    std::vector<std::string> groups = GroupsOf(*patches);
    std::erase_if(groups, [&](const std::string& group) { return folds.contains(group); });
    const std::vector<int> dealt = DealFolds(groups, kFolds, seed);
    for (std::size_t i = 0; i < groups.size(); ++i) folds.emplace(groups[i], dealt[i]);
  }
  return folds;
}

GroupedPairs Tell(const std::vector<VideoPatch>& positives, const std::vector<VideoPatch>& negatives,
                  std::uint64_t seed) {
  const std::map<std::string, int> folds = FoldOfGroups(positives, negatives, seed);
  std::vector<PatchCase> cases;
  std::vector<ScoredCase> scored;
  for (const bool positive : {true, false}) {
    for (const VideoPatch& patch : positive ? positives : negatives) {
      const int fold = folds.at(patch.group);
      cases.push_back({patch.features, positive, fold});
      scored.push_back({patch.group, fold, positive, 0});
    }
  }
  const std::vector<double> scores = HeldOutScores(cases, kFolds);
  for (std::size_t i = 0; i < scores.size(); ++i) scored[i].score = scores[i];
  return GroupedPairs(scored);
}

// The real patches in two, each video's: real and embedded targets share their videos, too. Halves of whole videos
// would be told apart worse than by chance, as what a video is like is missing from the half that it was drawn from.
GroupedPairs TellHalves(const std::vector<VideoPatch>& real, std::uint64_t seed) {
  const std::vector<int> halves = HalveGroups(GroupsOf(real), seed);
  std::vector<VideoPatch> first, second;
  for (std::size_t i = 0; i < real.size(); ++i) (halves[i] == 0 ? first : second).push_back(real[i]);
  return Tell(first, second, seed);
}

double MedianFeature(const std::vector<VideoPatch>& patches, std::size_t feature) {
  std::vector<double> values;
  for (const VideoPatch& patch : patches) values.push_back(static_cast<double>(patch.features[feature]));
  return MedianOf(std::move(values));
}

// The features that alone tell best, "name 0.71 (medians 0.1 real, 0.2 embedded)".
std::string TellingFeatures(const std::vector<VideoPatch>& real, const std::vector<VideoPatch>& embedded) {
  std::vector<std::pair<double, std::size_t>> ranking;
  for (std::size_t f = 0; f < kPatchFeatures; ++f) {
    std::vector<ScoredCase> cases;
    for (const VideoPatch& p : embedded) cases.push_back({p.group, 0, true, static_cast<double>(p.features[f])});
    for (const VideoPatch& p : real) cases.push_back({p.group, 0, false, static_cast<double>(p.features[f])});
    const double auc = GroupedPairs(cases).Auc();
    ranking.emplace_back(std::max(auc, 1 - auc), f);
  }
  std::sort(ranking.rbegin(), ranking.rend());
  std::string text = "alone tell best:";
  for (std::size_t i = 0; i < 4; ++i)
    text += fmt::format("{} {} {:.2f} (medians {:.3g} real, {:.3g} embedded)", i == 0 ? "" : ",",
                        PatchFeatureName(ranking[i].second), ranking[i].first, MedianFeature(real, ranking[i].second),
                        MedianFeature(embedded, ranking[i].second));
  return text;
}

std::string GroupOf(const std::string& video, const VideoGroups& groups) {
  const auto it = groups.find(video);
  return it == groups.end() ? video : it->second;
}

std::vector<double> SeamsByVideo(const std::vector<VideoPatch>& patches) {
  std::map<std::string, std::vector<double>> seams;
  for (const VideoPatch& patch : patches) seams[patch.group].push_back(patch.seam);
  std::vector<double> medians;
  for (auto& [group, values] : seams) medians.push_back(MedianOf(std::move(values)));
  return medians;
}

void AddRows(std::string_view kind, const std::vector<VideoPatch>& patches, std::string& table) {
  for (const VideoPatch& p : patches) {
    table +=
        fmt::format("{},{},{},{},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g}", kind, p.group, p.patch.area_px, p.patch.polarity,
                    p.patch.scr, p.patch.contrast, p.patch.sigma, p.patch.mean_background, p.seam);
    for (const float feature : p.features) table += fmt::format(",{:.6g}", feature);
    table += '\n';
  }
}

}  // namespace

VideoGroups ReadVideoGroups(const std::filesystem::path& file) {
  VideoGroups groups;
  if (file.empty()) return groups;
  std::istringstream text(ReadFile(file));
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t comma = line.find(',');
    if (number == 1) {
      if (line != "video,group")
        throw BadInput(fmt::format("{}: the first line is '{}', expected 'video,group'", file.string(), line));
    } else if (!line.empty()) {
      if (comma == std::string::npos || comma == 0 || comma + 1 == line.size())
        throw BadInput(fmt::format("{}:{}: found '{}', expected 'video,group'", file.string(), number, line));
      groups[line.substr(0, comma)] = line.substr(comma + 1);
    }
  }
  return groups;
}

std::vector<VideoPatch> RealPatches(const std::filesystem::path& folder, const VideoGroups& groups) {
  std::vector<VideoPatch> patches;
  bool boxes = false;
  for (const auto& source : OpenSources({folder})) {
    boxes = boxes || !source->known_targets().empty();
    const std::vector<Frame> frames = source->Read(0, source->info().frame_count);
    const std::string group = GroupOf(source->info().name, groups);
    for (const KnownTarget& target : source->known_targets()) {
      const Frame& frame = frames[static_cast<std::size_t>(target.frame)];
      if (auto patch = Segment(frame.pixels, target.box, frame.bit_depth))
        patches.emplace_back(group, std::move(*patch));
    }
  }
  if (!boxes) throw BadInput(fmt::format("{} holds no boxes.csv that names real targets", folder.string()));
  return patches;
}

void RealismCheck::Add(const AuditSequence& sequence) {
  const std::size_t step = std::max<std::size_t>(1, sequence.frames.size() / kPatchesPerVideo);
  const std::string group = GroupOf(sequence.entry->background.source, groups_);
  for (std::size_t k = 0; k < sequence.frames.size(); k += step) {
    const LabelledFrame& frame = sequence.frames[k];
    for (std::size_t t = 0; t < frame.annotation.targets.size(); ++t) {
      const Annotation& target = frame.annotation.targets[t];
      if (target.area_px == 0) continue;
      const PixelBox hint = Grow(target.box, 2);
      if (auto patch = Segment(frame.frame.pixels, hint, frame.frame.bit_depth))
        embedded_.emplace_back(group, std::move(*patch));
      if (sequence.backgrounds.frames.empty() || sequence.redrawn.empty() || !sequence.redrawn[k][t]) continue;
      const RedrawnTarget& drawn = *sequence.redrawn[k][t];
      const Image<float>& background = sequence.backgrounds.frames[k];
      const auto parts = TakeApart(frame.frame.pixels, background, drawn, sequence.scene_radius_px);
      if (!parts) continue;
      const Image<float> pasted = HardPaste(background, drawn, *parts, target, MaxCount(frame.frame.bit_depth));
      if (auto patch = Segment(pasted, hint, frame.frame.bit_depth)) hard_.emplace_back(group, std::move(*patch));
    }
  }
}

std::string RealismCheck::PatchTable(const std::vector<VideoPatch>& real) const {
  std::string table = "kind,group,area_px,polarity,scr,contrast_counts,sigma_counts,background_counts,seam";
  for (std::size_t f = 0; f < kPatchFeatures; ++f) table += fmt::format(",{}", PatchFeatureName(f));
  table += '\n';
  const auto [matched_real, matched] = Match(real, embedded_);
  AddRows("real", real, table);
  AddRows("embedded", embedded_, table);
  AddRows("hard_paste", hard_, table);
  AddRows("matched_real", matched_real, table);
  AddRows("matched_embedded", matched, table);
  return table;
}

std::vector<AuditCheck> RealismCheck::Finish(const std::vector<VideoPatch>& real) const {
  AuditCheck seam{'c', "contours are as sharp as those of real targets", Verdict::kSkipped, "", {}, ""};
  AuditCheck tell{'f', "a classifier cannot tell embedded from real targets", Verdict::kSkipped, "", {}, ""};
  tell.limit = fmt::format("AUC(real, embedded) - AUC(real, real) <= {}, hard paste AUC >= {}", kAucLimit, kCaughtAuc);
  const auto [matched_real, matched] = Match(real, embedded_);
  if (matched.size() < kLeastPatches) {
    seam.numbers = {{"patches", static_cast<double>(embedded_.size())},
                    {"median_seam_ratio", MedianOf(SeamsByVideo(embedded_))}};
    seam.note = tell.note =
        real.empty() ? "it needs sequences with real targets of the same camera (--real)"
                     : fmt::format("{} of {} real and {} embedded patches match in size, SCR and polarity, {} needed",
                                   matched.size(), real.size(), embedded_.size(), kLeastPatches);
    return {seam, tell};
  }
  const std::vector<double> real_seams = SeamsByVideo(matched_real), seams = SeamsByVideo(matched);
  const double distance = KolmogorovSmirnov(real_seams, seams),
               limit = KolmogorovSmirnovLimit(real_seams.size(), seams.size());
  seam.limit = fmt::format("Kolmogorov-Smirnov distance of the videos' medians <= {:.3f} (95 %)", limit);
  seam.numbers = {{"videos_real", static_cast<double>(real_seams.size())},
                  {"videos_embedded", static_cast<double>(seams.size())},
                  {"median_seam_ratio_real", MedianOf(real_seams)},
                  {"median_seam_ratio_embedded", MedianOf(seams)},
                  {"distance", distance}};
  seam.verdict = distance <= limit ? Verdict::kPass : Verdict::kFail;

  std::vector<GroupedPairs> within;
  for (std::uint64_t division = 0; division < kDivisions; ++division)
    within.push_back(TellHalves(matched_real, division));
  const AucDifference aucs = CompareAucs(Tell(matched, matched_real, 0), within);
  const auto [hard_real, hard] = Match(real, hard_);
  const double caught = hard.size() < kLeastPatches ? 0 : Tell(hard, hard_real, 0).Auc();
  tell.numbers = {{"patches_real", static_cast<double>(real.size())},
                  {"patches_embedded", static_cast<double>(embedded_.size())},
                  {"patches_a_side", static_cast<double>(matched.size())},
                  {"videos_real", static_cast<double>(real_seams.size())},
                  {"videos_embedded", static_cast<double>(seams.size())},
                  {"auc_real_embedded", aucs.across},
                  {"auc_real_real", aucs.within},
                  {"difference", aucs.difference},
                  {"difference_low", aucs.interval.low},
                  {"difference_high", aucs.interval.high},
                  {"hard_paste_patches", static_cast<double>(hard.size())},
                  {"auc_real_hard_paste", caught}};
  tell.note = TellingFeatures(matched_real, matched);
  tell.verdict = aucs.difference > kAucLimit      ? Verdict::kFail
                 : aucs.interval.high > kAucLimit ? Verdict::kOpen
                                                  : Verdict::kPass;
  if (tell.verdict != Verdict::kFail && caught < kCaughtAuc) {
    tell.verdict = Verdict::kOpen;
    tell.note += "; the classifier does not catch the hard paste, so it proves little";
  }
  return {seam, tell};
}

}  // namespace mirst
