// The same pixels and labels whatever the compiler may use: tests/isa/embed_scene.cc and the sources of fusion and
// metrics that reach them, built for SSE2, AVX2 with FMA, AVX-512, and once with contraction to show that the
// comparison would notice.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/program.h"

namespace mirst::test {
namespace {

struct Hashes {
  std::string written, bits;
  friend bool operator==(const Hashes&, const Hashes&) = default;
};

Hashes RunBuild(const std::string& name, std::map<std::string, std::string> environment = {}) {
  const ProgramResult result =
      RunProgram({}, {.program = std::string(MIRST_ISA_FOLDER) + "/embed_scene_" + name, .environment = environment});
  EXPECT_EQ(result.exit_code, 0) << name << ": " << result.err;
  std::istringstream text(result.out);
  std::string word;
  Hashes hashes;
  text >> word >> hashes.written >> word >> hashes.bits;
  EXPECT_EQ(hashes.bits.size(), 64U) << result.out;
  return hashes;
}

TEST(InstructionSets, Avx2WithFmaGivesEveryBitOfSse2) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) GTEST_SKIP() << "this CPU has no AVX2 or FMA";
  EXPECT_EQ(RunBuild("avx2"), RunBuild("sse2"));
}

TEST(InstructionSets, Avx512GivesEveryBitOfSse2) {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
    GTEST_SKIP() << "this CPU has no AVX-512";
  EXPECT_EQ(RunBuild("avx512"), RunBuild("sse2"));
}

TEST(InstructionSets, AContractedBuildWouldBeNoticed) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) GTEST_SKIP() << "this CPU has no AVX2 or FMA";
  EXPECT_NE(RunBuild("contracted").bits, RunBuild("sse2").bits);
}

TEST(InstructionSets, AMathLibraryWithoutFmaWritesTheSameCountsAndLabels) {
  // glibc takes exp and erf of its own for CPUs with FMA; templates are rounded to 16 bits before they can matter.
  EXPECT_EQ(RunBuild("sse2", {{"GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"}}).written,
            RunBuild("sse2").written);
}

}  // namespace
}  // namespace mirst::test
