#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/log.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "datasets/source_internal.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The parts of `names` that differ, when all names are one prefix, digits, and one suffix.
std::optional<std::vector<std::string_view>> FrameNumbers(const std::vector<std::string>& names) {
  const std::string_view first = names.front();
  std::size_t prefix = first.size(), suffix = first.size();
  for (const std::string_view name : names) {
    const auto begin = std::mismatch(first.begin(), first.end(), name.begin(), name.end()).first;
    prefix = std::min(prefix, static_cast<std::size_t>(begin - first.begin()));
    const auto end = std::mismatch(first.rbegin(), first.rend(), name.rbegin(), name.rend()).first;
    suffix = std::min(suffix, static_cast<std::size_t>(end - first.rbegin()));
  }
  // Digits that all numbers share belong to them: "098", "099" have the common prefix "09".
  while (prefix > 0 && IsDigit(first[prefix - 1])) --prefix;
  while (suffix > 0 && IsDigit(first[first.size() - suffix])) --suffix;
  std::vector<std::string_view> numbers;
  for (const std::string_view name : names) {
    if (name.size() <= prefix + suffix) return std::nullopt;
    numbers.push_back(name.substr(prefix, name.size() - prefix - suffix));
    if (!std::all_of(numbers.back().begin(), numbers.back().end(), IsDigit)) return std::nullopt;
  }
  return numbers;
}

// "0099" -> "100": longer than any integer type allows, as names may be time stamps.
std::string Successor(std::string_view digits) {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  std::string next(digits);
  for (auto digit = next.rbegin(); digit != next.rend(); ++digit) {
    if (*digit != '9') {
      ++*digit;
      return next;
    }
    *digit = '0';
  }
  return "1" + next;
}

void CheckNumbering(const fs::path& folder, const std::vector<std::string>& names) {
  if (names.size() < 2) return;
  const auto numbers = FrameNumbers(names);
  if (!numbers) {
    LogWarning(fmt::format("{}: the files' names ({}, {}, ...) are not numbered; their natural order is taken for time",
                           folder.string(), names[0], names[1]));
    return;
  }
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    std::string_view next = (*numbers)[i + 1];
    next.remove_prefix(std::min(next.find_first_not_of('0'), next.size()));
    if (const std::string expected = Successor((*numbers)[i]); next != expected) {
      throw BadInput(fmt::format("the frames' numbers have a gap: {} is followed by {}, expected the number {}",
                                 names[i], names[i + 1], expected));
    }
  }
}

std::string Describe(const fs::path& file, const ImageFileInfo& info) {
  return fmt::format("{} is {} x {} px of {} bits", file.filename().string(), info.width, info.height, info.bit_depth);
}

class FolderSource final : public SequenceSource {
 public:
  explicit FolderSource(const fs::path& folder) : files_(ListImages(folder)) {
    if (files_.empty()) throw BadInput("the folder holds no images (.png .tif .tiff .pgm .bmp .jpg .jpeg)");
    std::vector<std::string> names;
    for (const fs::path& file : files_) names.push_back(file.filename().string());

    std::vector<ImageFileInfo> headers(files_.size());
    ParallelFor(files_.size(), [&](std::size_t i) { headers[i] = ReadImageInfo(files_[i]); });
    const ImageFileInfo& first = headers.front();
    for (std::size_t i = 1; i < files_.size(); ++i) {
      if (headers[i].width != first.width || headers[i].height != first.height ||
          headers[i].bit_depth != first.bit_depth) {
        throw MixedImagesError(fmt::format("the images are no sequence: {}, but {}", Describe(files_.front(), first),
                                           Describe(files_[i], headers[i])));
      }
    }
    CheckNumbering(folder, names);

    std::vector<std::string> hashes(files_.size());
    ParallelFor(files_.size(), [&](std::size_t i) { hashes[i] = Sha256OfFile(files_[i]); });
    Sha256 hash;
    for (std::size_t i = 0; i < files_.size(); ++i) hash.Update(fmt::format("{} {}\n", names[i], hashes[i]));

    info_.name = SourceName(folder);
    info_.kind = SourceKind::kFolder;
    info_.path = folder;
    info_.width = first.width;
    info_.height = first.height;
    info_.bit_depth = first.bit_depth;
    info_.frame_count = static_cast<int>(files_.size());
    info_.sha256 = hash.Finish();
    info_.frame_names_json = Json(names).dump(-1, ' ', false, Json::error_handler_t::replace);
    ReadFrameRate(folder / "capture.json");
    Read(0, 1);
    if (const fs::path boxes = folder / "boxes.csv"; fs::exists(boxes)) {
      known_targets_ = ReadKnownTargets(boxes, names, info_.width, info_.height);
    }
  }

  std::vector<Frame> Read(int first, int count) const override {
    CheckRange(info_, first, count);
    std::vector<Frame> frames;
    for (int index = first; index < first + count; ++index) {
      const fs::path& file = files_[static_cast<std::size_t>(index)];
      Frame& frame = frames.emplace_back(ReadFrame(file));
      const ImageFileInfo found{frame.pixels.width(), frame.pixels.height(), frame.bit_depth};
      if (found.width != info_.width || found.height != info_.height || found.bit_depth != info_.bit_depth) {
        throw BadInput(fmt::format("{} has changed since it was opened: {}, expected {} x {} px of {} bits",
                                   file.string(), Describe(file, found), info_.width, info_.height, info_.bit_depth));
      }
      frame.index = index;
      frame.time_s = index / info_.frame_rate_hz;
    }
    return frames;
  }

 private:
  // The sidecar of `mirst capture` (datasets/capture.h).
  void ReadFrameRate(const fs::path& sidecar) {
    if (!fs::exists(sidecar)) return;
    const double rate_hz =
        InContext(sidecar.string(), [&] { return GetOr<double>(ParseJson(ReadFile(sidecar)), "frame_rate_hz", 0.0); });
    if (rate_hz <= 0) return;
    info_.frame_rate_hz = rate_hz;
    info_.frame_rate_known = true;
  }

  std::vector<fs::path> files_;
};

}  // namespace

std::vector<fs::path> ListImages(const fs::path& folder) {
  std::vector<fs::path> files = ListFiles(folder);
  files.erase(std::remove_if(files.begin(), files.end(), [](const fs::path& file) { return !IsImageFile(file); }),
              files.end());
  return files;
}

std::unique_ptr<SequenceSource> OpenFolderSource(const fs::path& folder) {
  return InContext(folder.string(), [&] { return std::make_unique<FolderSource>(folder); });
}

}  // namespace mirst
