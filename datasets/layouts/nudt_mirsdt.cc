// NUDT-MIRSDT: Sequence<N>/{Mix,masks,masks_centroid}/00001.*, train.txt and test.txt with lines
// "Sequence1/Mix/00001.mat". A Mix of MATLAB holds the frames t-4 ... t as an array (planes, height, width), the frame
// itself last. The published sequences have simulated frames ahead of the first one; a converted set repeats the first.
// The variant of PNG has the frame alone.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>

#include "core/error.h"
#include "core/file.h"
#include "datasets/frame_io.h"
#include "datasets/layouts/layout_table.h"
#include "datasets/layouts/mat_file.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr int kPlanes = 5;

std::string WhyNot(const fs::path& folder, std::string_view extension) {
  for (const fs::path& sequence : ListFolders(folder)) {
    if (!fs::is_directory(sequence / "Mix")) continue;
    for (const fs::path& file : ListFiles(sequence / "Mix")) {
      if (LowerExtension(file) == extension) return "";
    }
  }
  return fmt::format("no <seq>/Mix/*{}", extension);
}

/// The last plane of Mix, rounded to whole counts.
Frame ReadMix(const fs::path& path) {
  return InContext(path.string(), [&] {
    const MatArray mix = DecodeMat(ReadFile(path), "Mix");
    if (mix.shape.size() != 3 || mix.shape[0] < kPlanes || mix.shape[1] < 1 || mix.shape[2] < 1) {
      throw BadInput(
          fmt::format("'Mix' has the shape ({}), expected (5 or more, height, width)", fmt::join(mix.shape, ", ")));
    }
    const int planes = mix.shape[0], height = mix.shape[1], width = mix.shape[2];
    Frame frame;
    frame.pixels = Image<float>(height, width);
    double largest = 0;
    for (int x = 0; x < width; ++x) {
      for (int y = 0; y < height; ++y) {
        const auto place =
            (static_cast<std::size_t>(x) * static_cast<std::size_t>(height) + static_cast<std::size_t>(y)) *
                static_cast<std::size_t>(planes) +
            static_cast<std::size_t>(planes - 1);
        const double count = std::floor(mix.values[place] + 0.5);
        if (!(count >= 0 && count <= 65535))
          throw BadInput(fmt::format("'Mix' holds {} at x {}, y {}, allowed: 0 to 65535", mix.values[place], x, y));
        frame.pixels(y, x) = static_cast<float>(count);
        largest = std::max(largest, count);
      }
    }
    const bool is_small = mix.type == MatClass::kUint8 || (mix.type != MatClass::kUint16 && largest <= 255);
    frame.bit_depth = is_small ? 8 : 16;
    return frame;
  });
}

/// Sequence -> split. Throws kBadInput for a line whose file is missing.
std::map<std::string, std::string> SplitsOf(const fs::path& folder) {
  std::map<std::string, std::string> split_of;
  for (const std::string_view split : kSplitNames) {
    const fs::path list = folder / fmt::format("{}.txt", split);
    if (!fs::is_regular_file(list)) continue;
    for (const std::string& line : ReadLines(list)) {
      const fs::path file = InContext(list.string(), [&] { return PathBelow(folder, line); });
      if (!fs::is_regular_file(file))
        throw BadInput(fmt::format("{} names the frame {}, which is missing", list.string(), line));
      const auto [known, is_new] = split_of.emplace(file.parent_path().parent_path().filename().string(), split);
      if (known->second != split)
        throw BadInput(
            fmt::format("the sequence {} stands in {}.txt and in {}.txt", known->first, known->second, split));
    }
  }
  return split_of;
}

std::vector<ListedFrame> FramesOf(const fs::path& sequence, std::string_view extension) {
  std::vector<ListedFrame> frames;
  for (const fs::path& file : ListFiles(sequence / "Mix")) {
    if (LowerExtension(file) != extension) continue;
    const std::string name = file.stem().string();
    const fs::path mask = sequence / "masks" / (name + ".png");
    if (!fs::is_regular_file(mask))
      throw BadInput(fmt::format("the frame {} has no mask {}", file.string(), mask.string()));
    frames.push_back({name, file, mask});
  }
  return frames;
}

std::unique_ptr<LayoutReader> Open(const fs::path& folder, std::string_view extension) {
  const std::map<std::string, std::string> split_of = SplitsOf(folder);
  std::vector<ListedSequence> sequences;
  for (const fs::path& path : ListFolders(folder)) {
    if (!fs::is_directory(path / "Mix")) continue;
    const std::string name = path.filename().string();
    const auto split = split_of.find(name);
    sequences.push_back({name, split == split_of.end() ? "" : split->second, true, FramesOf(path, extension)});
  }
  return OpenListed(std::move(sequences), MaskValues::kBinary, extension == ".mat" ? ReadMix : ImageReader());
}

class NudtWriter : public LayoutWriter {
 public:
  NudtWriter(fs::path folder, std::string_view extension) : folder_(std::move(folder)), extension_(extension) {}

  void Begin(const LayoutSequence& sequence) override {
    name_ = fmt::format("Sequence{}", ++sequences_);
    split_ = SplitOr(sequence);
    frames_ = 0;
    recent_.clear();
  }

  void Write(const LabelledFrame& frame) override {
    const std::string number = fmt::format("{:05}", ++frames_), file = number + std::string(extension_);
    const fs::path folder = folder_ / name_;
    if (extension_ == ".mat") {
      CreateFolder(folder / "Mix");
      WriteFileAtomically(folder / "Mix" / file, EncodeMat(Mix(frame.frame)));
    } else {
      WriteCounts(folder / "Mix" / file, frame.frame);
    }
    WriteMask(folder / "masks" / (number + ".png"), frame.mask);
    WriteMask(folder / "masks_centroid" / (number + ".png"), Centroids(frame));
    AppendText(folder_ / (split_ + ".txt"), fmt::format("{}/Mix/{}\n", name_, file));
  }

 private:
  MatArray Mix(const Frame& frame) {
    if (recent_.empty()) recent_.assign(kPlanes, frame.pixels);
    recent_.pop_front();
    recent_.push_back(frame.pixels);
    const int height = frame.pixels.height(), width = frame.pixels.width();
    MatArray mix{"Mix", frame.bit_depth == 8 ? MatClass::kUint8 : MatClass::kUint16, {kPlanes, height, width}, {}};
    mix.values.reserve(kPlanes * frame.pixels.size());
    for (const Image<float>& plane : recent_) {
      if (plane.box() != frame.pixels.box())
        throw BadInput(fmt::format("{} differs in size from the frames before it", frame.name));
    }
    for (int x = 0; x < width; ++x) {
      for (int y = 0; y < height; ++y) {
        for (const Image<float>& plane : recent_) mix.values.push_back(static_cast<double>(plane(y, x)));
      }
    }
    return mix;
  }

  static Mask Centroids(const LabelledFrame& frame) {
    Mask mask(frame.mask.height(), frame.mask.width());
    for (const Annotation& target : frame.annotation.targets) {
      if (!target.seen()) continue;
      const int x = static_cast<int>(std::lround(target.centroid_xy.x)),
                y = static_cast<int>(std::lround(target.centroid_xy.y));
      mask(std::clamp(y, 0, mask.height() - 1), std::clamp(x, 0, mask.width() - 1)) = 255;
    }
    return mask;
  }

  fs::path folder_;
  std::string_view extension_;
  std::string name_, split_;
  int sequences_ = 0, frames_ = 0;
  std::deque<Image<float>> recent_;  ///< t-4 ... t
};

}  // namespace

Layout NudtMirsdtLayout() {
  return {"nudt_mirsdt",
          "Sequence<N>/Mix/*.mat of five frames each, masks/, masks_centroid/",
          {.boxes = false, .names = false},
          [](const fs::path& folder) { return WhyNot(folder, ".mat"); },
          [](const fs::path& folder) { return Open(folder, ".mat"); },
          [](const fs::path& folder, const WriterOptions&) -> std::unique_ptr<LayoutWriter> {
            return std::make_unique<NudtWriter>(folder, ".mat");
          }};
}

Layout NudtMirsdtPngLayout() {
  return {"nudt_mirsdt_png",
          "the same with Mix/*.png of one frame each",
          {.boxes = false, .names = false},
          [](const fs::path& folder) { return WhyNot(folder, ".png"); },
          [](const fs::path& folder) { return Open(folder, ".png"); },
          [](const fs::path& folder, const WriterOptions&) -> std::unique_ptr<LayoutWriter> {
            return std::make_unique<NudtWriter>(folder, ".png");
          }};
}

}  // namespace mirst
