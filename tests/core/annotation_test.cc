#include "core/annotation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"

namespace mirst {
namespace {

FrameAnnotation Full() {
  Annotation target;
  target.id = 2;
  target.class_name = "quadrotor";
  target.box = {10, 20, 3, 4};
  target.centroid_xy = {10.1, 21.0 / 3};
  target.area_px = 9;
  target.visibility = 0.75;
  target.polarity = -1;
  target.scr_id = "box20";
  target.scr_requested = 3;
  target.scr = {{"box20", 2.99}, {"guard3_10", 3.4}};
  target.scr_float = {{"box20", 1.0 / 3}};
  target.scr_empty = 0.2;
  target.scr_delta = -2.8;
  target.sigma_b = 4.5;
  target.flags = {{"quantised", 0.04}, {"clipped", 0.01}};
  target.attitude = {1, -2, 179.5};
  target.range_m = 1500;
  target.model = "builtin:quadrotor";
  target.gain = 5e-324;
  target.velocity_px_per_frame = {0.5, -1e300};
  return {.frame = "000007.png",
          .index = 7,
          .time_s = 0.28,
          .targets = {target, Annotation()},
          .decoys = {{3, "glint", {5, 6, 2, 1}, {5.5, 1.0 / 3}, -12.5}}};
}

std::string MessageOfBadInput(std::string_view line) {
  try {
    ParseFrameAnnotation(line);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    return error.message();
  }
  return "no error";
}

TEST(FrameAnnotation, ReadsBackWhatWasWritten) {
  EXPECT_EQ(ParseFrameAnnotation(ToJsonLine(Full())), Full());
  const FrameAnnotation empty = {.frame = "000000.png", .targets = {}};
  EXPECT_EQ(ParseFrameAnnotation(ToJsonLine(empty)), empty);
}

TEST(FrameAnnotation, IsOneLineWithEqualBytesForEqualValues) {
  const std::string line = ToJsonLine(Full());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(ToJsonLine(ParseFrameAnnotation(line)), line);
}

TEST(FrameAnnotation, HasTheKeysOfTheNativeLayout) {
  const FrameAnnotation one = {.frame = "000000.png", .index = 0, .time_s = 0, .targets = {}};
  EXPECT_EQ(ToJsonLine(one), R"({"frame":"000000.png","index":0,"time_s":0.0,"targets":[],"decoys":[]})");
  const std::string line = ToJsonLine(Full());
  for (const char* part :
       {R"("id":2)", R"("class":"quadrotor")", R"("box_xywh":[10,20,3,4])", R"("centroid_xy":[10.1,7.0])",
        R"("pose_rpy_deg":[1.0,-2.0,179.5])", R"({"name":"quantised","bound":0.04})",
        R"({"id":3,"kind":"glint","box_xywh":[5,6,2,1],"centre_xy":[5.5,0.3333333333333333],"amplitude":-12.5})",
        R"({"name":"clipped","value":0.01})", R"("scr":{"box20":2.99,"guard3_10":3.4})"}) {
    EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
  }
}

TEST(FrameAnnotation, NumbersThatAreNotFiniteAreNeverWritten) {
  const std::vector<std::function<void(Annotation&, double)>> fields = {
      [](Annotation& a, double v) { a.centroid_xy.x = v; },
      [](Annotation& a, double v) { a.centroid_xy.y = v; },
      [](Annotation& a, double v) { a.visibility = v; },
      [](Annotation& a, double v) { a.scr_requested = v; },
      [](Annotation& a, double v) { a.scr["box20"] = v; },
      [](Annotation& a, double v) { a.scr_float["box20"] = v; },
      [](Annotation& a, double v) { a.scr_empty = v; },
      [](Annotation& a, double v) { a.scr_delta = v; },
      [](Annotation& a, double v) { a.sigma_b = v; },
      [](Annotation& a, double v) {
        a.flags = {{"clipped", v}};
      },
      [](Annotation& a, double v) { a.attitude.roll_deg = v; },
      [](Annotation& a, double v) { a.attitude.pitch_deg = v; },
      [](Annotation& a, double v) { a.attitude.yaw_deg = v; },
      [](Annotation& a, double v) { a.range_m = v; },
      [](Annotation& a, double v) { a.gain = v; },
      [](Annotation& a, double v) { a.velocity_px_per_frame.x = v; },
      [](Annotation& a, double v) { a.velocity_px_per_frame.y = v; }};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
      FrameAnnotation annotation = Full();
      fields[i](annotation.targets.front(), value);
      EXPECT_THROW(ToJsonLine(annotation), Error) << "field " << i;
    }
  }
  FrameAnnotation annotation = Full();
  annotation.time_s = std::nan("");
  EXPECT_THROW(ToJsonLine(annotation), Error);
}

TEST(FrameAnnotation, TextThatIsNotUtf8IsRefused) {
  FrameAnnotation annotation = Full();
  annotation.targets.front().model =
      "gr\xf6\xdf"
      "e.glb";
  EXPECT_THROW(ToJsonLine(annotation), Error);
}

TEST(FrameAnnotation, MissingAndWrongKeysAreNamed) {
  EXPECT_EQ(MessageOfBadInput(R"({"index": 0, "targets": []})"), "the key 'frame' is missing");
  EXPECT_EQ(MessageOfBadInput(R"({"frame": "a", "targets": []})"), "the key 'index' is missing");
  EXPECT_EQ(MessageOfBadInput(R"({"frame": "a", "index": 0})"), "the key 'targets' is missing");
  EXPECT_EQ(MessageOfBadInput(R"({"frame": "a", "index": 0, "targets": [{"id": 1}]})"),
            "the key 'box_xywh' is missing");
  EXPECT_EQ(MessageOfBadInput(R"({"frame": 3, "index": 0, "targets": []})"),
            "the key 'frame' has a value of the wrong type: 3");
  EXPECT_EQ(MessageOfBadInput(R"({"frame": "a", "index": 0, "targets": null})"),
            "the key 'targets' has a value of the wrong type: null");
  EXPECT_EQ(MessageOfBadInput(R"({"frame": "a", "index": 0, "targets": [5]})"),
            "found number, expected an object with the key 'id'");
  EXPECT_EQ(MessageOfBadInput("[]"), "found array, expected an object with the key 'frame'");
  EXPECT_TRUE(MessageOfBadInput("").starts_with("not valid JSON"));
  EXPECT_TRUE(MessageOfBadInput(ToJsonLine(Full()).substr(0, 100)).starts_with("not valid JSON"));
}

TEST(FrameAnnotation, WholeNumbersAreNeverCut) {
  const auto with_index = [](const char* index) {
    return MessageOfBadInput(R"({"frame": "a", "targets": [], "index": )" + std::string(index) + "}");
  };
  for (const char* index : {"2.5", "1099511627776", "18446744073709551615", "-2147483649", "true", "1e300", "null"}) {
    EXPECT_TRUE(with_index(index).starts_with("the key 'index' has a value of the wrong type")) << index;
  }
  EXPECT_EQ(with_index("-5"), "no error");
  for (const char* box : {"[1, 2, 3]", "[1, 2, 3, 4, 5]", "[1, 2, 3, 4.5]", "[1, 2, 3, \"4\"]", "7"}) {
    const std::string line =
        R"({"frame": "a", "index": 0, "targets": [{"id": 1, "box_xywh": )" + std::string(box) + "}]}";
    EXPECT_TRUE(MessageOfBadInput(line).starts_with("the key 'box_xywh' has a value of the wrong type")) << box;
  }
}

TEST(FrameAnnotation, UnknownKeysAreLeftOut) {
  EXPECT_EQ(ParseFrameAnnotation(R"({"frame": "a", "index": 3, "targets": [], "later": {"x": 1}})"),
            (FrameAnnotation{.frame = "a", .index = 3, .targets = {}}));
}

TEST(Annotation, FindFlagGivesTheFlagOrNothing) {
  const FrameAnnotation annotation = Full();
  ASSERT_NE(annotation.targets[0].FindFlag("clipped"), nullptr);
  EXPECT_EQ(annotation.targets[0].FindFlag("clipped")->value, 0.01);
  EXPECT_EQ(annotation.targets[0].FindFlag("lowered"), nullptr);
}

}  // namespace
}  // namespace mirst
