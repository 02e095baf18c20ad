// Which files a data set on disk consists of, in any layout that can be measured: names only, nothing is decoded and
// nothing is required to fit. labelled_set.h reads them strictly, validation.h asks what is wrong with them.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

enum class SetLayout {
  kNative,  ///< manifest.json, image/<seq>, mask/<seq>, annotations/<seq>.jsonl (docs/formats.md)
  kMasks,   ///< image/<seq>/ and mask/<seq>/, or images/NAME and masks/NAME without sequences (single pictures)
  kBoxes,   ///< frames with a boxes.csv beside them, in DIR or in its sub-folders
};
std::string_view NameOf(SetLayout layout);

/// The kinds of images of a frame; each is a folder of the set ("images" and "masks" are taken, too).
inline constexpr std::array<std::string_view, 6> kImageKinds = {"image",    "mask",     "ignore",
                                                                "instance", "coverage", "background"};

struct SequenceFiles {
  std::string name;
  bool is_ordered = true;  ///< false: single pictures, no order in time
  /// kind -> frame name without extension -> file
  std::map<std::string, std::map<std::string, std::filesystem::path>, std::less<>> kinds;
  /// Further files for a frame that has one of the kind already ("a.bmp" beside "a.png").
  std::vector<std::filesystem::path> twins;
  std::filesystem::path boxes;  ///< boxes.csv; empty where there is none

  /// Frames that have an image or a mask, in natural order of their names.
  std::vector<std::string> Stems() const;
  /// Empty where the frame has no such file.
  std::filesystem::path Find(std::string_view kind, const std::string& stem) const;
};

struct SetFiles {
  SetLayout layout = SetLayout::kNative;
  std::filesystem::path folder;
  std::vector<SequenceFiles> sequences;              ///< in natural order of their names
  std::map<std::string, std::string> split_of_name;  ///< sequence -> split, from train.txt, val.txt, test.txt
};

/// Throws kBadInput: no such folder, or nothing in it that is a data set.
SetFiles ListSet(const std::filesystem::path& folder);

}  // namespace mirst
