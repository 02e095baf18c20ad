// What travels with a published data set: croissant.json (Croissant 1.1 with its RAI and PROV terms), README.md (the
// data set's card) and DATASHEET.md (after Gebru et al., Datasheets for Datasets, 2021). Only what the set itself
// tells; what its maker alone knows is left as a marked blank where it was not given.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/layouts/convert.h"
#include "datasets/layouts/layout.h"

namespace mirst {

struct Described {
  std::string name;  ///< of the set
  const ConvertReport& report;
  const Publication& publication;
  const LayoutReader& reader;
  const std::vector<std::size_t>& chosen;  ///< the reader's sequences that the set holds
};

/// Describes the finished files in `folder`; equal sets give equal bytes. Throws kBadInput.
void WriteMetadata(const std::filesystem::path& folder, const Described& set);

/// croissant.json: each file directly in `folder` with its SHA-256, each sub-folder as a FileSet.
std::string CroissantJson(const std::filesystem::path& folder, const Described& set);
/// README.md, with the front matter that data hubs read.
std::string DatasetCard(const Described& set);
std::string Datasheet(const Described& set);

}  // namespace mirst
