// From any layout to any other, frame by frame. What the new layout has no place for is listed, never passed over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "datasets/layouts/layout.h"
#include "datasets/sample_store.h"

namespace mirst {

/// What only the set's maker knows; empty where it was not told.
struct Publication {
  std::string license;  ///< SPDX identifier or URL
  std::string creator, url;
  std::string published;  ///< YYYY-MM-DD
  friend bool operator==(const Publication&, const Publication&) = default;
};

struct ConvertOptions {
  std::string from;   ///< layout; empty: found out
  std::string to;     ///< layout
  std::string split;  ///< one of kSplitNames: these sequences only; empty: all
  Existing existing = Existing::kRefuse;
  std::uint64_t shard_bytes = WriterOptions{}.shard_bytes;
  std::optional<Publication> metadata;  ///< given: croissant.json, README.md and DATASHEET.md are written, too
};

struct ConvertReport {
  std::string from, to;  ///< layouts
  std::int64_t sequences = 0, frames = 0, targets = 0;
  std::vector<std::string> losses;  ///< what `to` has no place for, of what the set really holds
  std::vector<std::string> notes;   ///< what was mended while reading, and what is not as it seems
};

/// Writes beside `out` and moves it into place when it is complete, with conversion.json: origin, losses, names of the
/// sequences in their order. `out` may be missing, empty, or with kReplace a
/// former conversion. Throws kBadInput as the reader; `out` in use or inside `in`; no sequence in the
/// split; kUsage for a layout that is none.
ConvertReport Convert(const std::filesystem::path& in, const std::filesystem::path& out, const ConvertOptions& options);

}  // namespace mirst
