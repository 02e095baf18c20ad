// `mirst validate` and `mirst stats` of one and two sets as a user meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/json.h"
#include "tests/support/program.h"
#include "tests/support/textured_set.h"

namespace mirst::test {
namespace {
using testing::HasSubstr;

class ValidateCommand : public testing::Test {
 protected:
  ValidateCommand() { WriteTexturedSet(folder_.path() / "set"); }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  TemporaryFolder folder_{"mirst-validate"};
};

TEST_F(ValidateCommand, EndsWithZeroOnAFaultlessSetAndWithOneOnAFault) {
  const ProgramResult fine = RunProgram({"validate", Path("set"), "--quiet"});
  EXPECT_EQ(fine.exit_code, 0) << fine.err;
  EXPECT_THAT(fine.out, HasSubstr("3 sequences, 18 frames, 54 images decoded; 0 faults, 0 warnings"));
  std::filesystem::remove(Path("set/mask/a/000001.png"));
  const ProgramResult broken = RunProgram({"validate", Path("set"), "--quiet", "--json"});
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.err, HasSubstr("set has"));
  EXPECT_EQ(ParseJson(broken.out)["findings"][0]["file"], "mask/a/000001.png");
}

TEST_F(ValidateCommand, EndsWithThreeWhereThereIsNoDataSet) {
  const ProgramResult result = RunProgram({"validate", Path("none"), "--quiet"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("none is no folder"));
  EXPECT_EQ(result.out, "");
}

TEST_F(ValidateCommand, StatsOfASetAgainstItselfAreNoDistanceApart) {
  const ProgramResult result =
      RunProgram({"stats", Path("set"), Path("set"), "--quiet", "--json", "--out", Path("new")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Json json = ParseJson(result.out);
  EXPECT_GT(json["quantities"].size(), 10U);
  for (const Json& quantity : json["quantities"]) {
    EXPECT_EQ(quantity["wasserstein"], 0) << quantity;
    EXPECT_NEAR(quantity["overlap"].get<double>(), 1, 1e-9) << quantity;
  }
  EXPECT_EQ(ParseJson(ReadFile(Path("new/comparison.json"))), json);
  const ProgramResult again = RunProgram({"stats", Path("set"), Path("set"), "--quiet", "--out", Path("new")});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.err, HasSubstr("comparison.json exists; --force replaces it"));
}

TEST_F(ValidateCommand, StatsWriteIntoPlainFoldersOnRequestOnly) {
  for (const char* name : {"annotations", "coverage", "manifest.json"})
    std::filesystem::remove_all(std::filesystem::path(Path("set")) / name);
  const ProgramResult result = RunProgram({"stats", Path("set"), "--quiet"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("images and masks"));
  EXPECT_FALSE(std::filesystem::exists(Path("set/stats")));
}

}  // namespace
}  // namespace mirst::test
