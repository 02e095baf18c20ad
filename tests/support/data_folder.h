// Real sequences and reference values that lie outside the repository: where they are, and what a test does without
// them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

namespace mirst::test {

/// $MIRST_DATA, otherwise shared/data beside the source tree.
std::filesystem::path DataFolder();

/// $MIRST_GOLDENS, otherwise shared/goldens beside the source tree.
std::filesystem::path GoldenFolder();

/// The repository's root.
std::filesystem::path SourceFolder();

/// True where the environment says CI=true.
bool InContinuousIntegration();

}  // namespace mirst::test

/// Ends the running test when `path` does not exist: as a failure where CI=true, elsewhere as a visible skip.
#define MIRST_REQUIRE_PATH(required)                                                                \
  do {                                                                                              \
    const std::filesystem::path mirst_required = (required);                                        \
    if (std::filesystem::exists(mirst_required)) break;                                             \
    if (::mirst::test::InContinuousIntegration()) FAIL() << "missing: " << mirst_required.string(); \
    GTEST_SKIP() << "missing: " << mirst_required.string();                                         \
  } while (false)
