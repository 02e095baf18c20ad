// The half of validation.h that decodes: every image of a sequence, its labels, its order.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "datasets/label_fit.h"
#include "datasets/source_internal.h"
#include "datasets/validate_labels.h"
#include "datasets/validation_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

/// Two frames whose images were exchanged: each target is seen at least this well, sigma, in the other image, ...
constexpr double kSwapContrast = 3;
/// ... and this many times better than in its own.
constexpr double kSwapRatio = 2;

Mask MaskOf(const Image<std::uint16_t>& values) {
  Mask mask(values.height(), values.width());
  std::transform(values.begin(), values.end(), mask.begin(),
                 [](std::uint16_t value) -> std::uint8_t { return value > 127 ? 255 : 0; });
  return mask;
}

Image<float> FloatsOf(const Image<std::uint16_t>& values) {
  Image<float> floats(values.height(), values.width());
  std::copy(values.begin(), values.end(), floats.begin());
  return floats;
}

/// What is kept of a frame until the next one is read.
struct Neighbour {
  std::string file;
  std::string pixel_hash;
  Image<float> counts;
  Mask mask;
  std::vector<TargetPixels> targets;
};

/// Mean |contrast| of the labels of one frame in the image of another; absent where nothing can be said.
std::optional<double> MeanContrast(const Neighbour& image, const Neighbour& labels) {
  if (image.counts.height() != labels.mask.height() || image.counts.width() != labels.mask.width()) return std::nullopt;
  double sum = 0;
  int count = 0;
  for (const TargetPixels& target : labels.targets) {
    if (const auto contrast = ContrastOf(image.counts, labels.mask, target)) sum += std::abs(*contrast), ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / count);
}

bool AreSwapped(const Neighbour& a, const Neighbour& b) {
  const auto a_in_a = MeanContrast(a, a), b_in_b = MeanContrast(b, b), a_in_b = MeanContrast(b, a),
             b_in_a = MeanContrast(a, b);
  if (!a_in_a || !b_in_b || !a_in_b || !b_in_a) return false;
  return *a_in_b > kSwapContrast && *b_in_a > kSwapContrast && *a_in_b > kSwapRatio * *a_in_a &&
         *b_in_a > kSwapRatio * *b_in_b;
}

class SequenceChecker {
 public:
  SequenceChecker(const SetFiles& set, const SequenceFiles& files, const ManifestSequence* entry)
      : set_(set), files_(files), entry_(entry) {}

  SequenceCheck Run() {
    Append(CheckNames(set_, files_));
    if (set_.layout == SetLayout::kNative) ReadAnnotations();
    for (const std::string& stem : files_.Stems()) {
      ThrowIfInterrupted();
      CheckFrame(stem);
    }
    CheckBoxes();
    ReportShifts();
    if (entry_ != nullptr && entry_->frames != std::ssize(files_.Stems())) {
      Add(Severity::kFault, "manifest", files_.name,
          fmt::format("the manifest says {} frames, the folders hold {}", entry_->frames, files_.Stems().size()));
    }
    return std::move(check_);
  }

 private:
  void Add(Severity severity, std::string check, std::string file, std::string reason) {
    check_.findings.push_back({severity, std::move(check), std::move(file), std::move(reason)});
  }
  void Append(std::vector<Finding> findings) {
    std::move(findings.begin(), findings.end(), std::back_inserter(check_.findings));
  }

  /// Every line that can be read; the others are named.
  void ReadAnnotations() {
    const std::string name = "annotations/" + files_.name + ".jsonl";
    std::string text;
    try {
      text = ReadFile(set_.folder / name);
    } catch (const Error& error) {
      Add(Severity::kFault, "annotation", name, "it cannot be read");
      return;
    }
    check_.content_hashes[name] = Sha256OfText(text);
    int line = 0;
    double time_before = -1;
    std::vector<FrameAnnotation> frames;
    std::set<std::string> names;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string place = fmt::format("{}:{}", name, ++line);
      try {
        FrameAnnotation frame = ParseFrameAnnotation(std::string_view(text).substr(begin, end - begin));
        if (frame.index != line - 1)
          Add(Severity::kFault, "order", place, fmt::format("index is {}, expected {}", frame.index, line - 1));
        if (!(frame.time_s > time_before))
          Add(Severity::kFault, "order", place,
              fmt::format("time_s is {}, the line before has {}", frame.time_s, time_before));
        if (!names.insert(frame.frame).second)
          Add(Severity::kFault, "annotation", place, fmt::format("the frame {} comes twice", frame.frame));
        if (files_.Find("image", fs::path(frame.frame).stem().string()).empty())
          Add(Severity::kFault, "annotation", place, fmt::format("the frame {} has no image", frame.frame));
        time_before = frame.time_s;
        frames.push_back(std::move(frame));
      } catch (const Error& error) {
        Add(Severity::kFault, "annotation", place, error.message());
      }
      begin = end + 1;
    }
    Append(CheckTracks(frames, name));
    has_annotations_ = true;
    for (FrameAnnotation& frame : frames) annotations_.emplace(fs::path(frame.frame).stem().string(), std::move(frame));
  }

  /// The file's pixels where it exists and can be decoded; names it otherwise.
  Image<std::uint16_t> Decode(std::string_view kind, const std::string& stem, int& bit_depth) {
    const fs::path path = files_.Find(kind, stem);
    if (path.empty()) return {};
    ++check_.images_decoded;
    try {
      Image<std::uint16_t> pixels = ReadImage(path, &bit_depth);
      if (entry_ != nullptr) check_.content_hashes[InSet(set_.folder, path)] = PixelHash(pixels, bit_depth);
      return pixels;
    } catch (const Error& error) {
      Add(Severity::kFault, "decode", InSet(set_.folder, path), error.message());
      return {};
    }
  }

  void RequireSize(std::string_view kind, const std::string& stem, Image<std::uint16_t>& pixels, int height, int width,
                   std::string_view expected_by) {
    if (pixels.empty() || height == 0 || (pixels.height() == height && pixels.width() == width)) return;
    Add(Severity::kFault, "size", InSet(set_.folder, files_.Find(kind, stem)),
        fmt::format("it is {} x {} px, {} {} x {}", pixels.width(), pixels.height(), expected_by, width, height));
    pixels = {};
  }

  void RequireDepth(std::string_view kind, const std::string& stem, int found, int expected) {
    if (entry_ == nullptr || found == expected) return;
    Add(Severity::kFault, "size", InSet(set_.folder, files_.Find(kind, stem)),
        fmt::format("it has {} bits, expected {}", found, expected));
  }

  void CheckBinary(std::string_view kind, const std::string& stem, const Image<std::uint16_t>& values) {
    const auto other =
        std::count_if(values.begin(), values.end(), [](std::uint16_t value) { return value != 0 && value != 255; });
    if (other == 0) return;
    Add(entry_ != nullptr ? Severity::kFault : Severity::kWarning, "mask", InSet(set_.folder, files_.Find(kind, stem)),
        fmt::format("{} px are neither 0 nor 255; above 127 counts as inside", other));
  }

  void CheckFrame(const std::string& stem) {
    std::map<std::string_view, Image<std::uint16_t>> images;
    int depth = 8;
    const int height = entry_ != nullptr ? entry_->height : 0, width = entry_ != nullptr ? entry_->width : 0;
    for (const std::string_view kind : kImageKinds) {
      int found = 0;
      Image<std::uint16_t>& pixels = images[kind] = Decode(kind, stem, found);
      if (pixels.empty()) continue;
      if (kind == "image") depth = found;
      if (entry_ != nullptr) {
        const bool is_wide = kind == "instance" || kind == "coverage";
        RequireDepth(kind, stem, found, is_wide ? 16 : kind == "mask" || kind == "ignore" ? 8 : entry_->bit_depth);
        RequireSize(kind, stem, pixels, height, width, "the manifest says");
      } else if (kind != "image") {
        RequireSize(kind, stem, pixels, images["image"].height(), images["image"].width(), "the image is");
      }
      if (kind == "mask" || kind == "ignore") CheckBinary(kind, stem, pixels);
    }
    if (images["image"].empty()) {
      before_.reset();
      return;
    }
    FrameImages frame;
    frame.file = InSet(set_.folder, files_.Find("image", stem));
    frame.bit_depth = depth;
    frame.counts = FloatsOf(images["image"]);
    if (entry_ == nullptr && files_.is_ordered) RequireFirstSize(frame);
    if (!images["mask"].empty()) frame.mask = MaskOf(images["mask"]);
    frame.instance = std::move(images["instance"]);
    frame.coverage = std::move(images["coverage"]);
    if (has_annotations_ && !frame.mask.empty()) {
      const auto annotation = annotations_.find(stem);
      if (annotation == annotations_.end()) {
        Add(Severity::kFault, "annotation", frame.file, "no annotation names the frame");
      } else {
        Append(CheckLabels(frame, annotation->second));
      }
    }
    CheckContent(frame, PixelHash(images["image"], depth));
  }

  /// In a sequence without a manifest the first frame tells the size.
  void RequireFirstSize(const FrameImages& frame) {
    if (first_.empty()) first_ = frame.counts.box();
    if (frame.counts.box() == first_) return;
    Add(Severity::kFault, "size", frame.file,
        fmt::format("it is {} x {} px, the sequence's first frame {} x {}", frame.counts.width(), frame.counts.height(),
                    first_.width, first_.height));
  }

  /// Label offset, repeated and swapped frames, fingerprints.
  void CheckContent(const FrameImages& frame, std::string pixel_hash) {
    Neighbour now{frame.file, pixel_hash, frame.counts, frame.mask, {}};
    if (!frame.mask.empty()) {
      now.targets = frame.instance.empty() ? TargetsOf(frame.mask) : TargetsOf(frame.instance);
      LabelFit fit;
      fit.Add(frame.counts, frame.mask, now.targets);
      if (const auto shift = fit.Shift()) shifts_.emplace_back(frame.file, *shift);
      fit_.Add(fit);
    }
    if (before_ && files_.is_ordered) {
      if (before_->pixel_hash == pixel_hash)
        Add(Severity::kWarning, "order", frame.file, fmt::format("it repeats {}", before_->file));
      if (AreSwapped(*before_, now)) {
        Add(Severity::kWarning, "order", frame.file,
            fmt::format("it seems to be swapped with {}: each shows the other's targets", before_->file));
      }
    }
    check_.files.push_back(frame.file);
    check_.fingerprints.push_back(FingerprintOf(frame.counts, std::move(pixel_hash)));
    before_ = std::move(now);
  }

  /// A shift of the whole sequence once; otherwise every frame that has one.
  void ReportShifts() {
    const auto text = [](const LabelShift& shift, std::string_view labels) {
      return fmt::format("the targets lie {},{} px beside {} (contrast {:.1f} there, {:.1f} here; {:.0f} sigma)",
                         shift.dx, shift.dy, labels, shift.contrast_there, shift.contrast_here, shift.significance);
    };
    if (const auto shift = files_.is_ordered && check_.files.size() > 1 ? fit_.Shift() : std::nullopt) {
      Add(Severity::kWarning, "offset", files_.name, text(*shift, "the sequence's labels"));
      return;
    }
    for (const auto& [file, shift] : shifts_) Add(Severity::kWarning, "offset", file, text(shift, "their labels"));
  }

  void CheckBoxes() {
    if (files_.boxes.empty() || first_.empty()) return;
    std::vector<std::string> names;
    for (const std::string& stem : files_.Stems()) names.push_back(files_.Find("image", stem).filename().string());
    try {
      ReadKnownTargets(files_.boxes, names, first_.width, first_.height);
    } catch (const Error& error) {
      const std::string place = error.context().empty() ? "" : error.context().front();
      const std::size_t colon = place.find_last_of(':');
      Add(Severity::kFault, "annotation",
          InSet(set_.folder, files_.boxes) + (colon == std::string::npos ? "" : place.substr(colon)), error.message());
    }
  }

  const SetFiles& set_;
  const SequenceFiles& files_;
  const ManifestSequence* entry_;
  SequenceCheck check_;
  bool has_annotations_ = false;
  std::map<std::string, FrameAnnotation> annotations_;  // by stem
  std::optional<Neighbour> before_;
  PixelBox first_;
  LabelFit fit_;
  std::vector<std::pair<std::string, LabelShift>> shifts_;  // of single frames
};

}  // namespace

SequenceCheck CheckSequence(const SetFiles& set, const SequenceFiles& files, const ManifestSequence* entry) {
  return SequenceChecker(set, files, entry).Run();
}

}  // namespace mirst
