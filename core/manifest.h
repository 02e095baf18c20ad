// What a data set is made of and how it was made: manifest.json of the native layout (docs/formats.md).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

inline constexpr int kManifestSchemaVersion = 1;
inline constexpr std::array<std::string_view, 3> kSplitNames = {"train", "val", "test"};

struct ManifestBackground {
  std::string source;  ///< unique name of the source; two sequences of one source never lie in two splits
  std::string kind;    ///< "folder", "video", "procedural"
  std::string path;    ///< relative to the source root named in the config; empty for procedural
  std::string sha256;  ///< of the source's content (docs/formats.md)
  int first_frame = 0;
  int frame_count = 0;
  friend bool operator==(const ManifestBackground&, const ManifestBackground&) = default;
};

struct ManifestModel {
  std::string path;  ///< relative to its root; "builtin:quadrotor" for mirst's own
  std::string sha256;
  friend bool operator==(const ManifestModel&, const ManifestModel&) = default;
};

struct ManifestSequence {
  std::string name;
  std::string split;  ///< one of kSplitNames
  ManifestBackground background;
  std::vector<ManifestModel> models;
  int frames = 0;
  int width = 0;
  int height = 0;
  int bit_depth = 8;
  std::string scenario_json = "{}";  ///< all random decisions of the sequence, as data
  friend bool operator==(const ManifestSequence&, const ManifestSequence&) = default;
};

struct Manifest {
  int schema_version = kManifestSchemaVersion;
  std::string program_version;
  std::string program_git;
  std::string config_json = "{}";  ///< the resolved options
  std::uint64_t seed = 0;
  /// kind ("background", "model", "materials", ...) -> name -> SHA-256 of each input that may reach a pixel or a label
  std::map<std::string, std::map<std::string, std::string>> inputs;
  std::string dataset_id;
  std::string mask_convention = "half_max";
  std::vector<ManifestSequence> sequences;   ///< in the order of their names
  std::map<std::string, std::string> files;  ///< path relative to the data set -> SHA-256 of the file
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// Indented JSON, keys in a fixed order.
std::string ToJson(const Manifest& manifest);

/// Throws kBadInput: not JSON, missing keys, unknown schema version, a split that is none.
Manifest ParseManifest(std::string_view text);

/// One entry of `sequences`, on one line. Throws as above.
std::string ToJson(const ManifestSequence& sequence);
ManifestSequence ParseManifestSequence(std::string_view text);

}  // namespace mirst
