#include "datasets/stage_sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "datasets/frame_io.h"
#include "datasets/store_folder.h"

namespace mirst {
namespace fs = std::filesystem;

// The invariants of a Sample that its files rely on.
void CheckSample(const Sample& sample) {
  const auto require = [](bool condition, std::string_view what) {
    if (!condition) throw InternalError(std::string(what));
  };
  require(IsPlainName(sample.name), "the sequence's name must be a plain folder name");
  require(!sample.frames.empty(), "the sequence has no frames");
  const Frame& first = sample.frames.front().frame;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < sample.frames.size(); ++i) {
    InContext(fmt::format("frame {}", i), [&] {
      const LabelledFrame& labelled = sample.frames[i];
      const Frame& frame = labelled.frame;
      const auto fits = [&](const auto& image) {
        return image.height() == first.pixels.height() && image.width() == first.pixels.width();
      };
      require(IsPlainName(frame.name) && frame.name.ends_with(".png"),
              "the name must be a plain file name that ends in .png");
      require(names.insert(frame.name).second, "two frames have one name");
      require(frame.bit_depth == first.bit_depth, "the bit depth differs from the first frame's");
      require(frame.index == static_cast<int>(i), "the index is not the place in the sequence");
      require(labelled.annotation.frame == frame.name && labelled.annotation.index == frame.index,
              "the annotation belongs to another frame");
      require(!frame.pixels.empty() && fits(frame.pixels) && fits(labelled.mask) &&
                  (labelled.coverage.empty() || fits(labelled.coverage)) &&
                  (!labelled.ignore || fits(*labelled.ignore)) && (!labelled.instance || fits(*labelled.instance)) &&
                  (!labelled.background || fits(*labelled.background)) &&
                  (!labelled.linear || fits(labelled.linear->pixels)) &&
                  (!labelled.display || fits(labelled.display->pixels)),
              "an image is empty or differs in size from the first frame");
      const auto is_binary = [](const Mask& mask) {
        return std::all_of(mask.begin(), mask.end(), [](std::uint8_t value) { return value == 0 || value == 255; });
      };
      require(is_binary(labelled.mask) && (!labelled.ignore || is_binary(*labelled.ignore)),
              "a mask holds values other than 0 and 255");
      require(labelled.instance || labelled.annotation.targets.size() < 2, "several targets without an instance mask");
    });
  }
}

std::map<std::string, FileHashes> StageSample(const Sample& sample, const fs::path& staging) {
  for (const std::string_view kind : kImageFolders) {
    const auto is_kept = [&](const LabelledFrame& labelled) {
      return kind == "image" || kind == "mask" || (kind == "ignore" && labelled.ignore) ||
             (kind == "instance" && labelled.instance) || (kind == "coverage" && !labelled.coverage.empty()) ||
             (kind == "background" && labelled.background) || (kind == "linear" && labelled.linear) ||
             (kind == "display" && labelled.display);
    };
    if (std::any_of(sample.frames.begin(), sample.frames.end(), is_kept)) CreateFolder(staging / kind);
  }

  std::vector<std::map<std::string, FileHashes>> hashes_of_frame(sample.frames.size());
  ParallelFor(sample.frames.size(), [&](std::size_t i) {
    const LabelledFrame& labelled = sample.frames[i];
    const std::string& name = labelled.frame.name;
    const auto write = [&](std::string_view kind, const std::string& png, std::string pixel_hash) {
      WriteFileAtomically(staging / kind / name, png);
      hashes_of_frame[i][PathOf(kind, sample.name, name)] = {std::move(pixel_hash), Sha256OfText(png)};
    };
    const auto write_counts = [&](std::string_view kind, const Image<std::uint16_t>& pixels, int bit_depth) {
      write(kind, EncodePng(pixels, bit_depth), PixelHash(pixels, bit_depth));
    };
    const auto write_mask = [&](std::string_view kind, const Mask& mask) {
      write(kind, EncodePng(mask), PixelHash(mask));
    };

    InContext(fmt::format("frame {}", name), [&] {
      write_counts("image", CountsOf(labelled.frame), labelled.frame.bit_depth);
      write_mask("mask", labelled.mask);
      if (labelled.ignore) write_mask("ignore", *labelled.ignore);
      if (labelled.instance) write_counts("instance", *labelled.instance, 16);
      if (!labelled.coverage.empty()) write_counts("coverage", labelled.coverage, 16);
      if (labelled.linear) write_counts("linear", CountsOf(*labelled.linear), labelled.linear->bit_depth);
      if (labelled.display) write_counts("display", CountsOf(*labelled.display), labelled.display->bit_depth);
      if (labelled.background) {
        Frame background = labelled.frame;
        background.pixels = *labelled.background;
        write_counts("background", CountsOf(background), background.bit_depth);
      }
    });
  });

  // Never record a part as the whole, whatever ended the loop.
  for (std::size_t i = 0; i < sample.frames.size(); ++i) {
    if (hashes_of_frame[i].empty()) throw BadInput(fmt::format("frame {} was not written", i));
  }
  std::map<std::string, FileHashes> all;
  for (auto& hashes_here : hashes_of_frame) all.merge(hashes_here);
  std::string lines;
  for (const LabelledFrame& labelled : sample.frames) lines += ToJsonLine(labelled.annotation) + "\n";
  WriteFileAtomically(staging / "annotations.jsonl", lines);
  const std::string hash = Sha256OfText(lines);
  all[AnnotationsPath(sample.name)] = {hash, hash};
  return all;
}

}  // namespace mirst
