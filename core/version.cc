#include "core/version.h"

#include "mirst_revision.h"  // written by cmake/WriteRevision.cmake at every build, touched only when it changes

namespace mirst {

std::string_view ProgramVersion() { return MIRST_VERSION; }
std::string_view GitRevision() { return MIRST_GIT_REVISION; }

}  // namespace mirst
