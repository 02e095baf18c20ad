#include "tests/support/data_folder.h"

#include <cstdlib>
#include <string_view>

namespace mirst::test {
namespace {

std::filesystem::path FromEnvironment(const char* variable, const std::filesystem::path& fallback) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? std::filesystem::path(value) : fallback;
}

}  // namespace

std::filesystem::path SourceFolder() { return MIRST_SOURCE_DIR; }

std::filesystem::path DataFolder() {
  return FromEnvironment("MIRST_DATA", SourceFolder().parent_path() / "shared/data");
}

std::filesystem::path GoldenFolder() {
  return FromEnvironment("MIRST_GOLDENS", SourceFolder().parent_path() / "shared/goldens");
}

bool InContinuousIntegration() {
  const char* value = std::getenv("CI");
  return value != nullptr && std::string_view(value) == "true";
}

}  // namespace mirst::test
