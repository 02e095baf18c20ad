// What is wrong with a data set: every file decoded, every label held against its neighbours, every hash against the
// manifest. All problems are collected, each with its file and reason; the native layout is checked fully, plain
// folders (set_files.h) as far as they say something.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/set_files.h"

namespace mirst {

enum class Severity {
  kFault,    ///< the set contradicts itself or cannot be read as it claims
  kWarning,  ///< worth a look; may be meant
};

struct Finding {
  Severity severity = Severity::kFault;
  std::string check;   ///< one of kChecks
  std::string file;    ///< relative to the set, with a line where one is at fault ("annotations/a.jsonl:3")
  std::string reason;  ///< one clause: what, the value found, the value expected
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// What the checks look at, in the order of docs/formats.md.
inline constexpr std::array<std::string_view, 14> kChecks = {"manifest", "split", "hash",       "name",     "order",
                                                             "decode",   "size",  "annotation", "mask",     "instance",
                                                             "coverage", "track", "offset",     "duplicate"};

struct ValidationReport {
  std::string folder;
  SetLayout layout = SetLayout::kNative;
  std::int64_t sequences = 0, frames = 0, images_decoded = 0;
  std::vector<Finding> findings;  ///< of the whole set, of each sequence in turn, of pairs of sequences
  std::int64_t faults() const;
  std::int64_t warnings() const;
};

/// Holds two frames a thread and some 4 KB for every frame of the set. Throws kBadInput only where `folder` holds no
/// data set at all.
ValidationReport ValidateDataSet(const std::filesystem::path& folder);

/// Indented JSON without a last line break.
std::string ValidationJson(const ValidationReport& report);

}  // namespace mirst
