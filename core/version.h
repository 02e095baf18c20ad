// Which program made a file: its version and the revision of the sources it was built from.
#pragma once

#include <string_view>

namespace mirst {

/// "0.1.0".
std::string_view ProgramVersion();

/// The short git revision, with "-dirty" behind it when the sources differed from it; "unknown" outside git.
std::string_view GitRevision();

}  // namespace mirst
