#include "core/manifest.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace mirst {
namespace {

Manifest Full() {
  Manifest manifest;
  manifest.program_version = "0.1.0";
  manifest.program_git = "abc1234-dirty";
  manifest.config_json = R"({"seed":5,"scr":{"range":[0.5,8.0]}})";
  manifest.seed = 18446744073709551615ull;
  manifest.inputs = {{"background", {{"été", "cafe"}}},
                     {"model", {{"builtin:quadrotor", "1234"}, {"uav.glb", "5678"}}}};
  manifest.dataset_id = "f00d";
  ManifestSequence sequence;
  sequence.name = "000";
  sequence.split = "test";
  sequence.background = {"été", "folder", "a/b", "cafe", 10, 60};
  sequence.models = {{"builtin:quadrotor", "1234"}, {"uav.glb", "5678"}};
  sequence.frames = 60;
  sequence.width = 640;
  sequence.height = 512;
  sequence.bit_depth = 16;
  sequence.scenario_json = R"({"speed_px":1.5})";
  manifest.sequences = {sequence};
  manifest.files = {{"image/000/000000.png", "beef"}, {"test.txt", "dead"}};
  return manifest;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t position = text.find(from);
  EXPECT_NE(position, std::string::npos) << from;
  return text.replace(position, from.size(), to);
}

std::string MessageOfBadInput(const std::string& text) {
  try {
    ParseManifest(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
    return error.what();
  }
  return "no error";
}

TEST(Manifest, ReadsBackWhatWasWritten) {
  EXPECT_EQ(ParseManifest(ToJson(Full())), Full());
  EXPECT_EQ(ToJson(ParseManifest(ToJson(Full()))), ToJson(Full()));
}

TEST(Manifest, ASequencesEntryReadsBackAlone) {
  const ManifestSequence entry = Full().sequences.front();
  EXPECT_EQ(ParseManifestSequence(ToJson(entry)), entry);
}

TEST(Manifest, HashesThatAreNoTextAreRefused) {
  for (const char* value : {"7", "null", "{\"a\": \"b\"}", "[]"}) {
    EXPECT_NE(MessageOfBadInput(Replaced(ToJson(Full()), "\"dead\"", value)).find("the hash of 'test.txt' is no text"),
              std::string::npos)
        << value;
  }
  EXPECT_NE(MessageOfBadInput(R"({"schema_version": 1, "program": {"version": "1"}, "dataset_id": "", "sequences": [],
                                  "files": []})")
                .find("files is no object"),
            std::string::npos);
}

TEST(Manifest, ListsTheSequencesOfEachSplit) {
  const std::string text = ToJson(Full());
  EXPECT_NE(text.find("\"train\": [],\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\"test\": [\n   \"000\"\n  ]"), std::string::npos) << text;
}

TEST(Manifest, AnotherSchemaVersionIsRefused) {
  EXPECT_EQ(MessageOfBadInput(Replaced(ToJson(Full()), "\"schema_version\": 1", "\"schema_version\": 2")),
            "schema_version 2 is not supported; this program reads version 1");
}

TEST(Manifest, MissingKeysAreNamedWithTheirSequence) {
  EXPECT_EQ(MessageOfBadInput("{}"), "the key 'schema_version' is missing");
  EXPECT_EQ(MessageOfBadInput(Replaced(ToJson(Full()), "\"dataset_id\"", "\"dataset\"")),
            "the key 'dataset_id' is missing");
  EXPECT_EQ(MessageOfBadInput(Replaced(ToJson(Full()), "\"bit_depth\"", "\"depth\"")),
            "sequence 000: the key 'bit_depth' is missing");
}

TEST(Manifest, ImpossibleSequencesAreRefused) {
  const std::string text = ToJson(Full());
  EXPECT_EQ(MessageOfBadInput(Replaced(text, "\"split\": \"test\"", "\"split\": \"exam\"")),
            "sequence 000: unknown split 'exam'; allowed: train, val, test");
  EXPECT_EQ(MessageOfBadInput(Replaced(text, "\"bit_depth\": 16", "\"bit_depth\": 12")),
            "sequence 000: found bit_depth 12, allowed: 8, 16");
  EXPECT_EQ(MessageOfBadInput(Replaced(text, "640", "0")),
            "sequence 000: found the frame size 0 x 512, allowed: at least 1 x 1");
  EXPECT_EQ(MessageOfBadInput(Replaced(text, "\"frames\": 60", "\"frames\": -1")),
            "sequence 000: found -1 frames, allowed: at least 0");
  for (const char* name : {"", "../up", "a/b", ".hidden"}) {
    EXPECT_NE(MessageOfBadInput(Replaced(text, "\"name\": \"000\"", "\"name\": \"" + std::string(name) + "\"")),
              "no error")
        << name;
  }
}

TEST(Manifest, EveryTruncationIsRefused) {
  const std::string text = ToJson(Full());
  const std::size_t last_brace = text.rfind('}');
  for (std::size_t length = 0; length <= last_brace; ++length) {
    ASSERT_NE(MessageOfBadInput(text.substr(0, length)), "no error") << length << " bytes";
  }
}

}  // namespace
}  // namespace mirst
