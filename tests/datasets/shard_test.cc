// Which share of a data set a process makes, from text and from what schedulers tell.
#include "datasets/shard.h"

#include <gtest/gtest.h>

#include <map>

#include "core/error.h"

namespace mirst {
namespace {

using Variables = std::map<std::string, std::string>;

Environment EnvironmentOf(const Variables& variables) {
  return [variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

std::string Refusal(const std::string& text, const Variables& variables = {}) {
  try {
    ParseShard(text, EnvironmentOf(variables));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(Shard, EverySequenceIsInExactlyOneShareOfAnyCount) {
  for (const int count : {1, 2, 7, 8}) {
    for (int sequence = 0; sequence < 50; ++sequence) {
      int holders = 0;
      for (int index = 0; index < count; ++index) holders += Shard{index, count}.Holds(sequence) ? 1 : 0;
      EXPECT_EQ(holders, 1) << sequence << " of " << count;
    }
  }
}

TEST(Shard, ReadsIndexAndCount) {
  EXPECT_EQ(ParseShard("3/8"), (Shard{3, 8}));
  EXPECT_TRUE(ParseShard("0/1").IsWhole());
  EXPECT_EQ(ToString(ParseShard("3/8")), "3/8");
}

TEST(Shard, RefusesWhatIsNoShareWithTheValueAndWhatIsAllowed) {
  EXPECT_EQ(Refusal("8/8"), "--shard: found shard '8' of 8, allowed: 0 to 7");
  EXPECT_EQ(Refusal("-1/8"), "--shard: found shard '-1' of 8, allowed: 0 to 7");
  EXPECT_EQ(Refusal("1/0"), "--shard: found '0' shards, allowed: 1 to 100000");
  EXPECT_EQ(Refusal("3"), "--shard: found '3', allowed: i/N, auto, auto/N");
  for (const char* text : {"", "/", "1/", "/2", "a/2", "1/2x", "1.5/2", "0/99999999999"})
    EXPECT_NE(Refusal(text).find("allowed"), std::string::npos) << text;
}

TEST(Shard, FollowsTheSchedulersVariables) {
  const Variables array = {{"SLURM_ARRAY_TASK_ID", "7"},
                           {"SLURM_ARRAY_TASK_MIN", "3"},
                           {"SLURM_ARRAY_TASK_MAX", "9"},
                           {"SLURM_ARRAY_TASK_STEP", "2"},
                           {"SLURM_ARRAY_TASK_COUNT", "4"}};
  EXPECT_EQ(ParseShard("auto", EnvironmentOf(array)), (Shard{2, 4}));
  EXPECT_EQ(ParseShard("auto/8", EnvironmentOf(array)), (Shard{7, 8}));  // the id itself, for tasks that run again
  EXPECT_EQ(ParseShard("auto/6", EnvironmentOf({{"JOB_COMPLETION_INDEX", "5"}})), (Shard{5, 6}));
  EXPECT_EQ(ParseShard("auto", EnvironmentOf({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}})),
            (Shard{1, 4}));
  EXPECT_EQ(ParseShard("auto", EnvironmentOf({{"PMI_RANK", "0"}, {"PMI_SIZE", "2"}})), (Shard{0, 2}));
  EXPECT_EQ(ParseShard("auto/3", EnvironmentOf({{"PMIX_RANK", "2"}})), (Shard{2, 3}));
}

TEST(Shard, RefusesVariablesThatDoNotTellTheShare) {
  EXPECT_NE(Refusal("auto").find("none of SLURM_ARRAY_TASK_ID"), std::string::npos);
  EXPECT_NE(Refusal("auto", {{"JOB_COMPLETION_INDEX", "5"}}).find("--shard auto/N"), std::string::npos);
  EXPECT_NE(Refusal("auto", {{"PMI_RANK", "0"}}).find("PMI_SIZE is not"), std::string::npos);
  EXPECT_NE(Refusal("auto", {{"PMI_RANK", "x"}}).find("PMI_RANK is 'x', expected a whole number"), std::string::npos);
  EXPECT_NE(Refusal("auto/4", {{"JOB_COMPLETION_INDEX", "4"}}).find("allowed: 0 to 3"), std::string::npos);
  // --array=1,5: two tasks, and no way to tell how many there were at first.
  EXPECT_NE(Refusal("auto", {{"SLURM_ARRAY_TASK_ID", "5"},
                             {"SLURM_ARRAY_TASK_MIN", "1"},
                             {"SLURM_ARRAY_TASK_MAX", "5"},
                             {"SLURM_ARRAY_TASK_COUNT", "2"}})
                .find("leave gaps"),
            std::string::npos);
}

}  // namespace
}  // namespace mirst
