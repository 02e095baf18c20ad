#include "datasets/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "core/error.h"
#include "core/file.h"
#include "core/median.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostBytes = std::size_t{512} << 20;

std::vector<Image<float>> ReadFrames(const SequenceSource& source, const InspectionOptions& options) {
  const SourceInfo& info = source.info();
  const std::size_t frame_bytes =
      sizeof(float) * static_cast<std::size_t>(info.width) * static_cast<std::size_t>(info.height);
  const int room = static_cast<int>(std::max<std::size_t>(2, kMostBytes / frame_bytes));
  std::vector<Image<float>> frames;
  for (Frame& frame : source.Read(0, std::min({info.frame_count, options.most_frames, room})))
    frames.push_back(std::move(frame.pixels));
  return frames;
}

bool HoldsCentre(const PixelBox& outer, const PixelBox& box) {
  return outer.Contains(box.x + box.width / 2, box.y + box.height / 2);
}

/// Shares the suspects out and counts the known boxes that they found.
void CompareWithKnown(std::vector<Suspect> suspects, const std::vector<KnownTarget>& known, Inspection& inspection) {
  std::vector<std::vector<PixelBox>> known_in(static_cast<std::size_t>(inspection.frames)), found_in(known_in.size());
  for (const KnownTarget& target : known) {
    if (target.frame < inspection.frames) known_in[static_cast<std::size_t>(target.frame)].push_back(target.box);
  }
  for (Suspect& suspect : suspects) {
    std::size_t explained = 0;
    for (const SuspectBox& seen : suspect.boxes) {
      const auto frame = static_cast<std::size_t>(seen.frame);
      found_in[frame].push_back(seen.box);
      if (std::any_of(known_in[frame].begin(), known_in[frame].end(),
                      [&](const PixelBox& box) { return HoldsCentre(box, seen.box); }))
        ++explained;
    }
    const bool is_known = 2 * explained >= suspect.boxes.size();
    auto& list = is_known                  ? inspection.known_suspects
                 : suspect.fixed_to_sensor ? inspection.fixed_spots
                                           : inspection.suspects;
    list.push_back(std::move(suspect));
  }
  for (std::size_t frame = 0; frame < known_in.size(); ++frame) {
    for (const PixelBox& box : known_in[frame]) {
      ++inspection.known_boxes;
      inspection.known_boxes_found += std::any_of(found_in[frame].begin(), found_in[frame].end(),
                                                  [&](const PixelBox& found) { return HoldsCentre(box, found); })
                                          ? 1
                                          : 0;
    }
  }
}

std::string ReadmeOf(const fs::path& folder) {
  for (const char* name : {"README.md", "README.txt", "README"}) {
    std::error_code error;
    if (fs::is_regular_file(folder / name, error)) return ReadFile(folder / name);
  }
  return {};
}

/// The first group of the first match.
std::optional<std::string> Find(const std::string& text, const char* pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern, std::regex::icase))) return std::nullopt;
  return match[1].str();
}

void ReadPapers(const SourceInfo& info, Inspection& inspection) {
  inspection.frame_rate_hz = info.frame_rate_hz;
  inspection.frame_rate_from = info.frame_rate_known ? "file" : "assumed";
  if (info.path.empty()) return;
  const fs::path path = fs::absolute(info.path / "").lexically_normal().parent_path();
  const fs::path folder = info.kind == SourceKind::kVideo ? path.parent_path() : path;
  inspection.licence = StatedLicence(folder);
  if (!inspection.licence) inspection.licence = StatedLicence(folder.parent_path());
  if (info.frame_rate_known) return;
  if (const auto rate = Find(ReadmeOf(folder), R"(\b([0-9]{1,4}(?:\.[0-9]+)?) ?(?:fps|Hz|frames per second)\b)")) {
    inspection.frame_rate_hz = std::stod(*rate);
    inspection.frame_rate_from = "README";
  }
}

/// Of the pixels in those blocks of 8 x 8 px that are not repeated exactly.
std::vector<double> FreshDifferences(const Image<float>& a, const Image<float>& b) {
  constexpr int kSide = 8;
  std::vector<double> fresh;
  for (int top = 0; top + kSide <= a.height(); top += kSide) {
    for (int left = 0; left + kSide <= a.width(); left += kSide) {
      std::vector<double> block;
      bool repeated = true;
      for (int y = top; y < top + kSide; ++y) {
        for (int x = left; x < left + kSide; ++x) {
          block.push_back(static_cast<double>(b(y, x) - a(y, x)));
          repeated = repeated && block.back() == 0;
        }
      }
      if (!repeated) fresh.insert(fresh.end(), block.begin(), block.end());
    }
  }
  return fresh;
}

double Percent(double share) { return 100 * share; }

}  // namespace

std::string ToString(Fitness fitness) {
  return fitness == Fitness::kFit ? "fit" : fitness == Fitness::kReview ? "review" : "unfit";
}

std::optional<std::string> StatedLicence(const fs::path& folder) {
  return Find(ReadmeOf(folder), R"(\blicen[cs]e:[ \t]*([^\r\n]{1,200}))");
}

double TemporalNoise(FrameSpan frames, const MotionStatistics& motion) {
  std::vector<double> sigmas;
  for (std::size_t k = 1; k < frames.size(); ++k) {
    const FrameShift& shift = motion.shifts[k - 1];
    // A shift by a fraction of a pixel leaves more of an edge than there is noise: still pairs only, unless all move.
    if (motion.median_shift_px < 0.1 && std::hypot(shift.shift_px.x, shift.shift_px.y) > 0.1) continue;
    std::vector<double> differences = FreshDifferences(frames[k - 1], frames[k]);
    if (differences.size() < frames[k].size() / 50) continue;
    double mean = 0;
    for (const double difference : differences) mean += difference / static_cast<double>(differences.size());
    for (double& difference : differences) difference = std::abs(difference - mean);
    // The mean of the lower nine tenths: what moves is in the upper one, and unlike a median it is no whole number.
    const auto end = differences.begin() + std::ssize(differences) * 9 / 10;
    std::nth_element(differences.begin(), end, differences.end());
    double sum = 0;
    for (auto it = differences.begin(); it != end; ++it) sum += *it;
    constexpr double kOfNormal = 0.6574;  // 2 (phi(0) - phi(1.645)) / 0.9, for sigma 1
    sigmas.push_back(sum / static_cast<double>(end - differences.begin()) / kOfNormal / std::sqrt(2.0));
  }
  if (sigmas.empty()) return 0;
  return UpperMedian(sigmas);
}

void Judge(Inspection& inspection, const InspectionOptions& options) {
  const SourceInfo& source = inspection.source;
  const LevelStatistics& levels = inspection.levels;
  const RepeatStatistics& repeats = inspection.repeats;
  const MotionStatistics& motion = inspection.motion;
  inspection.faults.clear();
  inspection.notes.clear();
  const auto fault = [&](std::string text) { inspection.faults.push_back(std::move(text)); };
  const auto note = [&](std::string text) { inspection.notes.push_back(std::move(text)); };

  if (source.frame_count < options.least_frames)
    fault(fmt::format("too short: {} frames, at least {} are needed", source.frame_count, options.least_frames));
  if (std::min(source.width, source.height) < options.least_side_px)
    fault(fmt::format("too small: {} x {} px, at least {} px a side are needed", source.width, source.height,
                      options.least_side_px));
  if (levels.distinct < 8) fault(fmt::format("flat: {} different counts", levels.distinct));
  const double clipped = levels.saturated_share + levels.floor_share;
  if (clipped > options.most_saturated_share)
    fault(fmt::format("saturated: {:.1f} % of the values lie at {} or {}, at most {:.1f} % are allowed",
                      Percent(clipped), levels.ceiling, levels.video_range ? 16 : 0,
                      Percent(options.most_saturated_share)));
  if (repeats.pairs > 0 && repeats.repeated_frames > options.most_repeated_frames * repeats.pairs)
    fault(fmt::format("frozen: {} of {} frames repeat the one before", repeats.repeated_frames, repeats.pairs));
  constexpr double kStructured = 0.3;
  if (motion.failed_share > options.most_unregistered_share) {
    const std::string text =
        fmt::format("{:.0f} % of the pairs of frames cannot be registered by a shift", Percent(motion.failed_share));
    if (motion.structure_share >= kStructured) {
      fault("no sequence of one scene, or it moves too wildly: " + text);
    } else {
      note("little structure to register on: " + text);
    }
  }

  if (inspection.frames < source.frame_count)
    note(fmt::format("looked at the first {} of {} frames", inspection.frames, source.frame_count));
  if (repeats.repeated_frames > 0)
    note(fmt::format("{} of {} frames repeat the one before exactly", repeats.repeated_frames, repeats.pairs));
  constexpr double kFreezing = 0.02;
  if (repeats.mean_block8_share > kFreezing)
    note(fmt::format(
        "codec freezing: {:.0f} % of the 8 x 8 px blocks and {:.0f} % of the pixels repeat exactly from frame to "
        "frame; its temporal noise is not the sensor's",
        Percent(repeats.mean_block8_share), Percent(repeats.mean_pixel_share)));
  if (levels.video_range) note("video-range luma: the counts end at 16 and 235");
  if (!inspection.defective_pixels.empty())
    note(fmt::format("{} defective pixel{}", inspection.defective_pixels.size(),
                     inspection.defective_pixels.size() == 1 ? "" : "s"));
  if (!inspection.fixed_spots.empty())
    note(fmt::format("{} spot{} fixed to the sensor", inspection.fixed_spots.size(),
                     inspection.fixed_spots.size() == 1 ? "" : "s"));
  if (inspection.known_boxes > 0)
    note(fmt::format("holds real targets that boxes.csv names: {} boxes, {} of them found here", inspection.known_boxes,
                     inspection.known_boxes_found));
  if (!inspection.suspects.empty())
    note(fmt::format("{} suspected real target{} to review", inspection.suspects.size(),
                     inspection.suspects.size() == 1 ? "" : "s"));
  if (inspection.frame_rate_from == "assumed" && source.kind != SourceKind::kProcedural)
    note(fmt::format("the frame rate is stated nowhere; {:g} Hz is assumed", inspection.frame_rate_hz));

  inspection.fitness = !inspection.faults.empty()     ? Fitness::kUnfit
                       : !inspection.suspects.empty() ? Fitness::kReview
                                                      : Fitness::kFit;
}

Inspection Inspect(const SequenceSource& source, const InspectionOptions& options) {
  const std::vector<Image<float>> frames = ReadFrames(source, options);
  Inspection inspection;
  inspection.source = source.info();
  inspection.frames = static_cast<int>(frames.size());
  inspection.levels = MeasureLevels(frames, source.info().bit_depth);
  inspection.repeats = MeasureRepeats(frames);
  inspection.defective_pixels = FindDefectivePixels(frames);
  Noise3d noise;
  for (const Image<float>& frame : frames) noise.Add(frame);
  inspection.noise3d = noise.Sigmas();
  inspection.motion = MeasureMotion(frames);
  inspection.temporal_noise = TemporalNoise(frames, inspection.motion);
  inspection.sharpness = MeasureSharpness(frames, inspection.temporal_noise);
  inspection.spectrum = MeasureSpectrum(frames);
  CompareWithKnown(FindSuspects(frames, ScenePositions(inspection.motion), inspection.temporal_noise,
                                static_cast<std::size_t>(options.most_suspects)),
                   source.known_targets(), inspection);
  ReadPapers(source.info(), inspection);
  Judge(inspection, options);
  return inspection;
}

}  // namespace mirst
