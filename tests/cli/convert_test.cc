// `mirst convert` and `mirst diff` as a user meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"
#include "core/json.h"
#include "tests/support/layout_sets.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {
using testing::HasSubstr;

class ConvertCommand : public testing::Test {
 protected:
  ConvertCommand() { WriteNativeSet(folder_.path() / "set"); }
  std::string Path(const std::string& name) const { return (folder_.path() / name).string(); }
  TemporaryFolder folder_{"mirst-convert"};
};

TEST_F(ConvertCommand, EqualSetsEndWithZeroAndDifferentOnesWithOneAndTheWorstPlace) {
  const ProgramResult converted = RunProgram({"convert", Path("set"), Path("mot"), "--to", "mot", "--quiet"});
  EXPECT_EQ(converted.exit_code, 0) << converted.err;
  EXPECT_THAT(converted.out, HasSubstr("3 sequences, 9 frames, 9 targets in frames, from native to mot"));
  EXPECT_THAT(converted.err, HasSubstr("mirst: warning: the layout mot does not hold exact masks"));
  const ProgramResult equal = RunProgram({"diff", Path("set"), Path("mot"), "--quiet", "--json"});
  EXPECT_EQ(equal.exit_code, 0) << equal.err;
  EXPECT_EQ(ParseJson(equal.out)["equal"], true);
  WriteFileAtomically(Path("mot/val/b/gt/gt.txt"), "1,1,6,7,2,1,1,1,1\n2,1,5,7,2,1,1,1,1\n2,2,9,7,2,1,1,1,1\n");
  const ProgramResult differs = RunProgram({"diff", Path("set"), Path("mot"), "--quiet"});
  EXPECT_EQ(differs.exit_code, 1);
  EXPECT_THAT(differs.out, HasSubstr("pixels 0, masks 0, boxes 1"));
  EXPECT_EQ(differs.err,
            "mirst: error: the sets differ: sequence b, frame 000000, box [4, 6, 2, 1] against [5, 6, 2, 1]\n");
}

TEST_F(ConvertCommand, BadRequestsEndWithTheirOwnCode) {
  EXPECT_EQ(RunProgram({"convert", Path("set"), Path("out"), "--to", "kitti"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"convert", Path("set"), Path("out"), "--to", "coco", "--license", "MIT"}).exit_code, 2);
  EXPECT_EQ(RunProgram({"convert", Path("none"), Path("out"), "--to", "coco"}).exit_code, 3);
  EXPECT_EQ(RunProgram({"convert", Path("set"), Path("out"), "--to", "coco", "--from", "mot"}).exit_code, 3);
  EXPECT_EQ(RunProgram({"diff", Path("set"), Path("none")}).exit_code, 3);
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
}

}  // namespace
}  // namespace mirst::test
