// What the files of validation.h share.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/manifest.h"
#include "datasets/duplicates.h"
#include "datasets/validation.h"

namespace mirst {

/// `path` relative to the set.
std::string InSet(const std::filesystem::path& folder, const std::filesystem::path& path);

/// The manifest's files against those on disk, with renamed, swapped and changed ones called so; split lists; sources
/// in several splits.
std::vector<Finding> CheckManifest(const SetFiles& set, const Manifest& manifest);

struct SequenceCheck {
  std::vector<Finding> findings;
  std::vector<std::string> files;                     ///< the image of each fingerprint
  std::vector<Fingerprint> fingerprints;              ///< one a frame that could be decoded, in order
  std::map<std::string, std::string> content_hashes;  ///< as SampleStoreWriter's, for the dataset_id
  std::int64_t images_decoded = 0;
};

/// Everything about one sequence. `entry`: what the manifest says of it, where there is one.
SequenceCheck CheckSequence(const SetFiles& set, const SequenceFiles& files, const ManifestSequence* entry);

/// Names: twins, gaps and repetitions in the numbers, images without masks and the reverse.
std::vector<Finding> CheckNames(const SetFiles& set, const SequenceFiles& files);

}  // namespace mirst
