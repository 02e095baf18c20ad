// Truth from a folder in any layout that `mirst convert` reads.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/file.h"
#include "datasets/truth_set.h"

namespace mirst {

struct AnyTruth {
  std::unique_ptr<TemporaryFolder> copy;  ///< of a foreign layout: the set in the native one, gone with this
  TruthSet truth;
};

/// `layout` empty: a native set or a plain folder mask/ is taken as it is, anything else found out. `split` empty: all;
/// `prefer_test`: of a foreign set, test where it has one. Throws kBadInput as OpenTruth and Convert; kUsage for no
/// layout's name.
AnyTruth OpenAnyTruth(const std::filesystem::path& folder, const std::string& layout, const std::string& split,
                      bool prefer_test);

}  // namespace mirst
