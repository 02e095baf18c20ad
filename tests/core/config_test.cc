#include "core/config.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace {

// One field of every kind, and a group.
enum class Colour { kRed, kGreen };

struct InnerOptions {
  double gain = 0.1;
  std::optional<double> limit;
  std::pair<double, double> range = {0.5, 8};
  friend bool operator==(const InnerOptions&, const InnerOptions&) = default;
};

struct OuterOptions {
  bool enabled = true;
  int count = 3;
  std::int64_t seed = 0;
  std::string name = "plain";
  std::vector<std::string> sources;
  Colour colour = Colour::kRed;
  InnerOptions inner;
  friend bool operator==(const OuterOptions&, const OuterOptions&) = default;
};

void Visit(OptionsVisitor& visitor, InnerOptions& options) {
  visitor.Real("gain", options.gain, {0, 1}, "share");
  visitor.OptionalReal("limit", options.limit, {0, 100}, "px, null = none");
  visitor.Interval("range", options.range, {0, 10}, "SCR");
}

void Visit(OptionsVisitor& visitor, OuterOptions& options) {
  visitor.Boolean("enabled", options.enabled, "whether");
  visitor.Integer("count", options.count, {1, 100}, "sequences");
  visitor.Integer("seed", options.seed, {0}, "of all random numbers");
  visitor.Text("name", options.name, "free text");
  visitor.TextList("sources", options.sources, "folders");
  visitor.Choice("colour", options.colour, {"red", "green"}, "of the rim");
  visitor.Group("inner", options.inner, "a group");
}

void AddFaults(OptionsReader& reader, const OuterOptions& options) {
  if (options.colour == Colour::kGreen && options.count > 50)
    reader.AddFault("count", "at most 50 where colour is green");
}

OuterOptions Read(std::string_view yaml, const std::vector<std::string>& assignments = {}) {
  ConfigTree tree = ConfigTree::FromText(yaml, "test.yaml");
  for (const std::string& assignment : assignments) tree.Assign(assignment);
  return ReadOptions<OuterOptions>(tree);
}

std::string UsageMessage(std::string_view yaml, const std::vector<std::string>& assignments = {}) {
  try {
    Read(yaml, assignments);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    return error.message();
  }
  return "no error";
}

OuterOptions AllChanged() {
  return {.enabled = false,
          .count = 7,
          .seed = std::numeric_limits<std::int64_t>::max(),
          .name = "null: \"quoted\" # no comment\n\tété",
          .sources = {"a b", "", "[x]", "1", "~"},
          .colour = Colour::kGreen,
          .inner = {.gain = 1.0 / 3, .limit = 5e-324, .range = {0, 1e-300}}};
}

TEST(Options, AFileGoesOverDefaultsAndAssignmentsGoOverTheFile) {
  const OuterOptions options =
      Read("count: 10\nname: file\ninner:\n  gain: 0.5\n", {"name=flag", "inner.range=[1, 2]"});
  EXPECT_TRUE(options.enabled);                         // default
  EXPECT_EQ(options.count, 10);                         // file
  EXPECT_EQ(options.name, "flag");                      // flag over file
  EXPECT_EQ(options.inner.gain, 0.5);                   // file, untouched by the neighbour's flag
  EXPECT_EQ(options.inner.range, std::pair(1.0, 2.0));  // flag over default
}

TEST(Options, AnEmptyDocumentGivesTheDefaults) {
  EXPECT_EQ(Read(""), OuterOptions());
  EXPECT_EQ(Read("# only a comment\n"), OuterOptions());
  EXPECT_EQ(Read("inner:\n"), OuterOptions());
}

TEST(Options, AssignmentsTakeYamlAndMakeMissingGroups) {
  const OuterOptions options =
      Read("", {"inner.limit=4", "sources=[a, b]", "colour=green", "enabled=false", "name=x=y"});
  EXPECT_EQ(options.inner.limit, 4);
  EXPECT_EQ(options.sources, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.colour, Colour::kGreen);
  EXPECT_FALSE(options.enabled);
  EXPECT_EQ(options.name, "x=y");
  EXPECT_EQ(Read("inner: {limit: 4}", {"inner.limit=null"}).inner.limit, std::nullopt);
}

struct ShapeOptions {
  std::string json = "[1]";
};
void Visit(OptionsVisitor& visitor, ShapeOptions& options) {
  const auto read = [&](std::string_view json) -> std::vector<std::string> {
    if (json == "\"bad\"") return {"found bad", "and worse"};
    options.json = json;
    return {};
  };
  visitor.Structure("shape", options.json, read, R"({"type": "array"})", "of anything");
}
void AddFaults(OptionsReader&, const ShapeOptions&) {}

TEST(Options, AStructureComesAsJsonAndPrintsBack) {
  const auto read = [](std::string_view yaml) { return ReadOptions<ShapeOptions>(ConfigTree::FromText(yaml, "s")); };
  EXPECT_EQ(read("").json, "[1]");
  const std::string json = R"({"a":[1,2.5,-3e-05,true,"7","text",null],"b":{}})";
  const ShapeOptions options = read("shape: {a: [1, 2.5, -3e-5, true, '7', text, ~], b: {}}");
  EXPECT_EQ(options.json, json);
  EXPECT_EQ(read(PrintOptions(options, OptionsFormat::kYaml)).json, json);
  EXPECT_EQ(nlohmann::json::parse(PrintOptions(options, OptionsFormat::kJson)).at("shape"),
            nlohmann::json::parse(json));
  try {
    read("shape: bad");
    FAIL() << "read without a fault";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "shape (s:1): found bad\n  shape (s:1): and worse");
  }
}

TEST(Options, TheLastAssignmentWins) { EXPECT_EQ(Read("", {"count=4", "count=5"}).count, 5); }

TEST(Options, AllFaultsAreReportedAtOnceWithPathAndLine) {
  const std::string message = UsageMessage(
      "enabled: perhaps\n"
      "count: 2.5\n"
      "name: [a]\n"
      "sources: x\n"
      "colour: blue\n"
      "inner:\n"
      "  gain: 1.5\n"
      "  limit: many\n"
      "  range: [3, 2]\n"
      "  colour: red\n"
      "seeed: 1\n");
  EXPECT_EQ(message,
            "enabled (test.yaml:1): found 'perhaps', expected true or false\n"
            "  count (test.yaml:2): found '2.5', expected a whole number\n"
            "  name (test.yaml:3): found '[a]', expected text\n"
            "  sources (test.yaml:4): found 'x', expected a list of texts\n"
            "  colour (test.yaml:5): found 'blue', allowed: red, green\n"
            "  inner.gain (test.yaml:7): found 1.5, allowed: 0 to 1\n"
            "  inner.limit (test.yaml:8): found 'many', expected a number or null\n"
            "  inner.range (test.yaml:9): low 3 exceeds high 2\n"
            "  inner.colour (test.yaml:10): unknown key; known here: gain, limit, range\n"
            "  seeed (test.yaml:11): unknown key; known here: colour, count, enabled, inner, name, seed, sources");
}

TEST(Options, EveryKindOfValueIsHeldAgainstItsRange) {
  EXPECT_EQ(UsageMessage("count: 0"), "count (test.yaml:1): found 0, allowed: 1 to 100");
  EXPECT_EQ(UsageMessage("seed: -1"), "seed (test.yaml:1): found -1, allowed: at least 0");
  EXPECT_EQ(UsageMessage("inner: {limit: 101}"), "inner.limit (test.yaml:1): found 101, allowed: 0 to 100");
  EXPECT_EQ(UsageMessage("inner: {range: [0, 11]}"), "inner.range (test.yaml:1): found 11, allowed: 0 to 10");
  EXPECT_EQ(UsageMessage("inner: {range: [1]}"), "inner.range (test.yaml:1): found 1 numbers, expected [low, high]");
  EXPECT_EQ(UsageMessage("inner: {gain: .nan}"), "inner.gain (test.yaml:1): found nan, allowed: 0 to 1");
  EXPECT_EQ(UsageMessage("inner: {gain: .inf}"), "inner.gain (test.yaml:1): found inf, allowed: 0 to 1");
}

TEST(Options, FaultsOfAssignmentsNameTheFlag) {
  EXPECT_EQ(UsageMessage("", {"count=0"}), "count (--set): found 0, allowed: 1 to 100");
  EXPECT_EQ(UsageMessage("", {"inner={gain: 2}"}), "inner.gain (--set): found 2, allowed: 0 to 1");
  EXPECT_EQ(UsageMessage("", {"inner.gian=1"}), "inner.gian (--set): unknown key; known here: gain, limit, range");
  EXPECT_EQ(UsageMessage("", {"count"}), "--set count: expected key.key=value");
  EXPECT_EQ(UsageMessage("", {"=3"}), "--set =3: expected key.key=value");
  EXPECT_EQ(UsageMessage("", {"inner..gain=3"}), "--set inner..gain=3: an empty key");
  EXPECT_TRUE(UsageMessage("", {"count=[1"}).starts_with("--set count=[1: the value is not valid YAML"));
}

TEST(Options, EmptyValuesDuplicatesAndWrongGroupsAreFaults) {
  EXPECT_EQ(UsageMessage("seed: 1\nname:\n"), "name (test.yaml:2): found '~', expected text");
  EXPECT_EQ(UsageMessage("seed: 1\nname:\n  - a\n  - b\n"), "name (test.yaml:2): found '- a - b', expected text");
  EXPECT_EQ(UsageMessage("count: ~\n"), "count (test.yaml:1): found '~', expected a whole number");
  EXPECT_EQ(UsageMessage("sources: [a, ~]\n"), "sources (test.yaml:1): found '[a, ~]', expected a list of texts");
  EXPECT_EQ(UsageMessage("count: 4\ncount: 5\n"), "count (test.yaml:2): given twice");
  EXPECT_EQ(UsageMessage("inner: 5\n"), "inner (test.yaml:1): found '5', expected a group of keys");
}

TEST(Options, FaultsThatConcernSeveralFieldsJoinTheOthers) {
  EXPECT_EQ(UsageMessage("colour: green\ncount: 60\nx: 1\n"),
            "count: at most 50 where colour is green\n"
            "  x (test.yaml:3): unknown key; known here: colour, count, enabled, inner, name, seed, sources");
}

TEST(ConfigTree, BrokenYamlNamesLineAndColumn) {
  EXPECT_TRUE(UsageMessage("count: 3\nname: [a\n").starts_with("test.yaml:3:1: not valid YAML"))
      << UsageMessage("count: 3\nname: [a\n");
  EXPECT_EQ(UsageMessage("- a\n- b\n"), "test.yaml: options must be 'key: value' pairs");
  EXPECT_EQ(UsageMessage("just text"), "test.yaml: options must be 'key: value' pairs");
}

TEST(ConfigTree, FromFileNamesTheFileInFaultsAndWhenItIsMissing) {
  const TemporaryFolder folder;
  WriteFileAtomically(folder.path() / "été.yaml", "count: 0\n");
  try {
    ReadOptions<OuterOptions>(ConfigTree::FromFile(folder.path() / "été.yaml"));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "count (été.yaml:1): found 0, allowed: 1 to 100");
  }
  try {
    ConfigTree::FromFile(folder.path() / "none.yaml");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBadInput);
  }
}

TEST(PrintOptions, YamlAndJsonReadBackToTheSameStruct) {
  for (const OuterOptions& options : {OuterOptions(), AllChanged()}) {
    EXPECT_EQ(Read(PrintOptions(options, OptionsFormat::kYaml)), options)
        << PrintOptions(options, OptionsFormat::kYaml);
    EXPECT_EQ(Read(PrintOptions(options, OptionsFormat::kJson)), options)
        << PrintOptions(options, OptionsFormat::kJson);
  }
}

TEST(PrintOptions, YamlCarriesTheDescriptions) {
  EXPECT_EQ(PrintOptions(OuterOptions(), OptionsFormat::kYaml),
            "enabled: true  # whether\n"
            "count: 3  # sequences\n"
            "seed: 0  # of all random numbers\n"
            "name: \"plain\"  # free text\n"
            "sources: []  # folders\n"
            "colour: \"red\"  # of the rim\n"
            "inner:  # a group\n"
            "  gain: 0.1  # share\n"
            "  limit: null  # px, null = none\n"
            "  range: [0.5, 8.0]  # SCR\n");
}

TEST(PrintOptions, JsonIsOneLine) {
  EXPECT_EQ(PrintOptions(OuterOptions(), OptionsFormat::kJson).find('\n'), std::string::npos);
}

// Every key of the values stands in the schema, with its default, and the other way round.
void ExpectSameKeys(const nlohmann::json& values, const nlohmann::json& schema) {
  EXPECT_EQ(schema.at("type"), "object");
  EXPECT_EQ(schema.at("additionalProperties"), false);
  EXPECT_EQ(schema.at("properties").size(), values.size());
  for (const auto& [key, value] : values.items()) {
    const nlohmann::json& property = schema.at("properties").at(key);
    EXPECT_TRUE(property.contains("description")) << key;
    if (value.is_object()) {
      ExpectSameKeys(value, property);
    } else {
      EXPECT_EQ(property.at("default"), value) << key;
    }
  }
}

TEST(PrintOptions, SchemaHasExactlyTheKeysOfTheStruct) {
  const auto schema = nlohmann::json::parse(PrintOptions(OuterOptions(), OptionsFormat::kJsonSchema));
  ExpectSameKeys(nlohmann::json::parse(PrintOptions(OuterOptions(), OptionsFormat::kJson)), schema);
  const nlohmann::json& properties = schema.at("properties");
  EXPECT_EQ(properties.at("count").at("maximum"), 100);
  EXPECT_EQ(properties.at("count").at("type"), "integer");
  EXPECT_EQ(properties.at("colour").at("enum"), (nlohmann::json{"red", "green"}));
  EXPECT_EQ(properties.at("inner").at("properties").at("limit").at("type"), (nlohmann::json{"number", "null"}));
  EXPECT_EQ(properties.at("inner").at("properties").at("range").at("minItems"), 2);
}

TEST(PrintOptions, TextThatIsNotUtf8IsRefusedWithASentence) {
  OuterOptions options;
  options.name =
      "gr\xf6\xdf"
      "e";
  for (const OptionsFormat format : {OptionsFormat::kYaml, OptionsFormat::kJson}) {
    EXPECT_THROW(PrintOptions(options, format), Error);
  }
}

}  // namespace
}  // namespace mirst
