#include "datasets/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>
#include <system_error>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/progress.h"

namespace mirst {
namespace {

std::vector<Annotation> SeenTargets(const FrameAnnotation& frame) {
  std::vector<Annotation> seen = frame.targets;
  std::erase_if(seen, [](const Annotation& target) { return !target.seen(); });
  return seen;
}

/// What a card shows: a sequence, or one picture of it.
struct Choice {
  const ManifestSequence* sequence = nullptr;
  std::vector<FrameAnnotation> frames;
};

std::vector<Choice> ChooseCards(const LabelledSet& set, int sequences) {
  const std::vector<ManifestSequence>& all = set.manifest().sequences;
  if (all.empty()) throw BadInput(fmt::format("{} holds no sequence", set.folder().string()));
  const auto most = static_cast<std::size_t>(std::max(1, sequences));
  std::vector<Choice> choices;
  if (all.size() == 1 && !set.IsOrdered(all.front())) {
    const std::vector<FrameAnnotation> pictures = set.ReadFrames(all.front());
    for (const std::size_t i : EvenlySpread(pictures.size(), most)) choices.push_back({&all.front(), {pictures[i]}});
    return choices;
  }
  for (const std::size_t i : EvenlySpread(all.size(), most)) {
    choices.push_back({&all[i], set.ReadFrames(all[i])});
    if (choices.back().frames.empty()) throw BadInput(fmt::format("the sequence {} has no frame", all[i].name));
  }
  return choices;
}

/// The frame with a target nearest to the middle; the middle where none has one.
LabelledFrame ReadMiddle(const LabelledSet& set, const Choice& choice) {
  const std::vector<FrameAnnotation>& frames = choice.frames;
  const auto middle = std::ssize(frames) / 2;
  std::vector<std::size_t> order(frames.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(static_cast<std::ptrdiff_t>(a) - middle) < std::abs(static_cast<std::ptrdiff_t>(b) - middle);
  });
  for (const std::size_t i : order) {
    // In the native layout the annotations tell; of plain folders the frame must be read to know.
    if (set.layout() == SetLayout::kNative && SeenTargets(frames[i]).empty()) continue;
    LabelledFrame labelled = set.Read(*choice.sequence, frames[i]);
    if (!SeenTargets(labelled.annotation).empty()) return labelled;
  }
  return set.Read(*choice.sequence, frames[order.front()]);
}

Card CardOf(const LabelledSet& set, const Choice& choice, LabelledFrame labelled) {
  const ManifestSequence& sequence = *choice.sequence;
  const std::vector<Annotation> targets = SeenTargets(labelled.annotation);
  const int width = labelled.frame.pixels.width(), height = labelled.frame.pixels.height();
  Card card;
  card.title = sequence.split.empty() ? sequence.name : fmt::format("{} ({})", sequence.name, sequence.split);
  card.focus_xy = {width / 2.0, height / 2.0};
  card.frame = std::move(labelled.frame.pixels);
  card.outlines = {{std::move(labelled.mask), kGreen}};
  if (labelled.ignore) card.outlines.push_back({std::move(*labelled.ignore), kYellow});
  for (const Decoy& decoy : labelled.annotation.decoys) card.marks.push_back({decoy.box, kRed});
  for (const Annotation& target : targets) card.marks.push_back({target.box, kGreen});
  if (targets.empty()) {
    card.lines = {"no target"};
  } else {
    const Annotation& target = targets.front();
    card.focus_xy = target.centroid_xy;
    const auto scr = target.scr.find("box20");
    const std::string name = target.class_name.empty() ? "target" : target.class_name;
    card.lines.push_back(targets.size() == 1 ? name : fmt::format("{}, {} more", name, targets.size() - 1));
    card.lines.push_back(fmt::format(
        "{}, {} px", scr == target.scr.end() ? "SCR unknown" : fmt::format("SCR {:.2f}", scr->second), target.area_px));
  }
  card.lines.push_back(set.IsOrdered(sequence)
                           ? fmt::format("frame {} of {}", labelled.annotation.index + 1, choice.frames.size())
                           : labelled.annotation.frame);
  card.lines.push_back(fmt::format("{} x {} px, {} bit", width, height, labelled.frame.bit_depth));
  card.lines.push_back(sequence.background.source);
  return card;
}

std::string TitleOf(const LabelledSet& set, const std::vector<Choice>& choices) {
  const Manifest& manifest = set.manifest();
  const bool has_sequences = set.IsOrdered(*choices.front().sequence);
  const std::size_t count =
      has_sequences ? manifest.sequences.size() : static_cast<std::size_t>(manifest.sequences.front().frames);
  const std::string what = has_sequences ? "sequences" : "pictures";
  const std::string shown = choices.size() == count ? fmt::format("{} {}", count, what)
                                                    : fmt::format("{} of {} {}", choices.size(), count, what);
  return set.layout() == SetLayout::kNative
             ? fmt::format("Data set {:.12}: {}, seed {}", manifest.dataset_id, shown, manifest.seed)
             : fmt::format("{}: {}", std::filesystem::absolute(set.folder() / ".").parent_path().filename().string(),
                           shown);
}

std::vector<LegendEntry> Legend() {
  return {{kGreen, "target (box; outline of its mask)"},
          {kRed, "decoy"},
          {{}, fmt::format("right: {} x enlarged, stretched to its own range; SCR by box20", kEnlargement)}};
}

/// Written under another name until it is whole.
class VideoFile {
 public:
  VideoFile(const std::filesystem::path& path, int width, int height, int frames_per_s)
      : path_(path), partial_(path.parent_path() / (".partial-" + path.filename().string())) {
    for (const int codec : {cv::VideoWriter::fourcc('a', 'v', 'c', '1'), cv::VideoWriter::fourcc('m', 'p', '4', 'v')}) {
      if (writer_.open(partial_.string(), cv::CAP_FFMPEG, codec, frames_per_s, {width, height})) return;
    }
    Remove();
    throw BadInput(
        fmt::format("{} cannot be written: no folder to write to, or OpenCV has no MP4 encoder", path.string()));
  }
  ~VideoFile() { Remove(); }
  VideoFile(const VideoFile&) = delete;
  VideoFile& operator=(const VideoFile&) = delete;

  void Write(const Image<Rgb>& sheet) {
    cv::Mat frame(sheet.height(), sheet.width(), CV_8UC3);
    for (int y = 0; y < sheet.height(); ++y) {
      for (int x = 0; x < sheet.width(); ++x) {
        const Rgb& pixel = sheet(y, x);
        frame.at<cv::Vec3b>(y, x) = {pixel.blue, pixel.green, pixel.red};
      }
    }
    writer_.write(frame);
  }
  void Finish() {
    writer_.release();
    std::error_code error;
    std::filesystem::rename(partial_, path_, error);
    if (error) throw BadInput(fmt::format("cannot write {}: {}", path_.string(), error.message()));
  }

 private:
  void Remove() {
    writer_.release();
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
  }
  std::filesystem::path path_, partial_;
  cv::VideoWriter writer_;
};

}  // namespace

Image<Rgb> DrawPreview(const LabelledSet& set, int sequences) {
  const std::vector<Choice> choices = ChooseCards(set, sequences);
  std::vector<Card> cards(choices.size());
  ParallelFor(choices.size(), [&](std::size_t i) { cards[i] = CardOf(set, choices[i], ReadMiddle(set, choices[i])); });
  return DrawContactSheet(TitleOf(set, choices), cards, Legend());
}

int WritePreviewVideo(const LabelledSet& set, int sequences, const PreviewVideo& options,
                      const std::filesystem::path& path) {
  const std::vector<Choice> choices = ChooseCards(set, sequences);
  std::size_t longest = 0;
  for (const Choice& choice : choices) longest = std::max(longest, choice.frames.size());
  const int frames = std::min(options.frames, static_cast<int>(longest));
  const SheetSize size = SheetSizeOf(choices.size());
  const std::string title = TitleOf(set, choices);
  std::vector<Card> cards(choices.size());
  try {
    VideoFile video(path, size.width, size.height, options.frames_per_s);
    Progress progress("drawing", frames, "frames");
    for (int t = 0; t < frames; ++t) {
      ThrowIfInterrupted();
      ParallelFor(choices.size(), [&](std::size_t i) {
        const std::vector<FrameAnnotation>& of_sequence = choices[i].frames;
        const Vec2 focus_before = cards[i].focus_xy;
        cards[i] =
            CardOf(set, choices[i],
                   set.Read(*choices[i].sequence, of_sequence[static_cast<std::size_t>(t) % of_sequence.size()]));
        if (t > 0 && cards[i].marks.empty()) cards[i].focus_xy = focus_before;
      });
      video.Write(DrawContactSheet(title, cards, Legend()));
      progress.Advance();
    }
    video.Finish();
  } catch (const cv::Exception& error) {
    throw BadInput(fmt::format("{} cannot be written: {}", path.string(), error.err));
  }
  return frames;
}

}  // namespace mirst
