// What the sequence sources share and nobody else needs.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "datasets/sequence_source.h"

namespace mirst {

/// The folder's images are no sequence: they differ in size or depth. OpenSources passes over such a folder.
class MixedImagesError : public Error {
 public:
  explicit MixedImagesError(std::string message) : Error(ErrorCode::kBadInput, std::move(message)) {}
};

/// The images directly inside `folder`, in natural order.
std::vector<std::filesystem::path> ListImages(const std::filesystem::path& folder);

/// The last part of a path that may end in a slash, or be "." or "..".
std::string SourceName(const std::filesystem::path& path);

/// Throws kInternal unless [first, first + count) lies inside the source.
void CheckRange(const SourceInfo& info, int first, int count);

/// Reads boxes.csv (columns frame,class,x,y,width,height; 1-based upper left corner, real numbers). The boxes are
/// rounded outwards to whole pixels and clipped at the image; one that lies wholly outside is left out. Sorted by
/// frame. Throws kBadInput naming file and line.
std::vector<KnownTarget> ReadKnownTargets(const std::filesystem::path& csv, const std::vector<std::string>& frame_names,
                                          int width, int height);

}  // namespace mirst
