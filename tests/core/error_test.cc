#include "core/error.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace mirst {
namespace {

TEST(Error, TextGoesFromTheOuterContextToTheMessage) {
  try {
    InContext("sequence 17", [] { InContext("fusing frame 3", [] { throw BadInput("no room for the target"); }); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "sequence 17: fusing frame 3: no room for the target");
    EXPECT_EQ(error.message(), "no room for the target");
    EXPECT_EQ(error.context(), (std::vector<std::string>{"fusing frame 3", "sequence 17"}));
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  }
}

TEST(InContext, PassesValuesReferencesAndForeignExceptionsThrough) {
  int value = 3;
  EXPECT_EQ(&InContext("x", [&]() -> int& { return value; }), &value);
  EXPECT_EQ(InContext("x", [] { return 5; }), 5);
  EXPECT_THROW(InContext("x", [] { throw std::runtime_error("foreign"); }), std::runtime_error);
}

TEST(Error, CodesAreTheExitCodesOfTheProgram) {
  EXPECT_EQ(static_cast<int>(ErrorCode::kDiffers), 1);
  EXPECT_EQ(static_cast<int>(UsageError("").code()), 2);
  EXPECT_EQ(static_cast<int>(BadInput("").code()), 3);
  EXPECT_EQ(static_cast<int>(InternalError("").code()), 4);
  EXPECT_EQ(static_cast<int>(ErrorCode::kInterrupted), 130);
}

}  // namespace
}  // namespace mirst
