// Options as YAML with comments, as JSON, and as a JSON schema.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <utility>

#include "core/config.h"
#include "core/json.h"

namespace mirst {

struct OptionsPrinter::State {
  OptionsFormat format;
  Json root = Json::object();
  std::vector<Json*> levels{&root};
  std::string yaml;

  std::string Indent() const { return std::string(2 * (levels.size() - 1), ' '); }

  // `schema` describes the type; the value's default and the description are added here.
  void Field(std::string_view name, Json value, Json schema, std::string_view description) {
    if (format == OptionsFormat::kYaml) {
      yaml += fmt::format("{}{}: {}  # {}\n", Indent(), name, FlowText(value), description);
    } else if (format == OptionsFormat::kJson) {
      (*levels.back())[std::string(name)] = std::move(value);
    } else {
      schema["description"] = description;
      schema["default"] = std::move(value);
      (*levels.back())["properties"][std::string(name)] = std::move(schema);
    }
  }
  // JSON is YAML's flow form; names without special characters read better bare, so only strings are changed.
  static std::string FlowText(const Json& value) {
    if (value.is_array()) {
      std::vector<std::string> items;
      for (const Json& item : value) items.push_back(FlowText(item));
      return fmt::format("[{}]", fmt::join(items, ", "));
    }
    if (value.is_object()) {
      std::vector<std::string> items;
      for (const auto& [key, item] : value.items()) items.push_back(fmt::format("{}: {}", key, FlowText(item)));
      return fmt::format("{{{}}}", fmt::join(items, ", "));
    }
    return Dump(value);
  }
  static Json Limits(const char* type, Range range) {
    Json schema = {{"type", type}};
    if (std::isfinite(range.low)) schema["minimum"] = range.low;
    if (std::isfinite(range.high)) schema["maximum"] = range.high;
    return schema;
  }
};

OptionsPrinter::OptionsPrinter(OptionsFormat format) : state_(std::make_unique<State>()) {
  state_->format = format;
  if (format == OptionsFormat::kJsonSchema) {
    state_->root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"type", "object"},
                    {"additionalProperties", false},
                    {"properties", Json::object()}};
  }
}
OptionsPrinter::~OptionsPrinter() = default;

void OptionsPrinter::BeginGroup(std::string_view name, std::string_view description) {
  State& s = *state_;
  const std::string key(name);
  if (s.format == OptionsFormat::kYaml) {
    s.yaml += fmt::format("{}{}:  # {}\n", s.Indent(), name, description);
    s.levels.push_back(s.levels.back());
  } else if (s.format == OptionsFormat::kJson) {
    (*s.levels.back())[key] = Json::object();
    s.levels.push_back(&(*s.levels.back())[key]);
  } else {
    (*s.levels.back())["properties"][key] = {{"type", "object"},
                                             {"description", description},
                                             {"additionalProperties", false},
                                             {"properties", Json::object()}};
    s.levels.push_back(&(*s.levels.back())["properties"][key]);
  }
}
void OptionsPrinter::EndGroup() { state_->levels.pop_back(); }

void OptionsPrinter::Boolean(std::string_view name, bool& value, std::string_view description) {
  state_->Field(name, value, {{"type", "boolean"}}, description);
}
void OptionsPrinter::Integer(std::string_view name, std::int64_t& value, Range range, std::string_view description) {
  state_->Field(name, value, State::Limits("integer", range), description);
}
void OptionsPrinter::Real(std::string_view name, double& value, Range range, std::string_view description) {
  state_->Field(name, value, State::Limits("number", range), description);
}
void OptionsPrinter::OptionalReal(std::string_view name, std::optional<double>& value, Range range,
                                  std::string_view description) {
  Json schema = State::Limits("number", range);
  schema["type"] = {"number", "null"};
  state_->Field(name, value ? Json(*value) : Json(nullptr), schema, description);
}
void OptionsPrinter::Text(std::string_view name, std::string& value, std::string_view description) {
  state_->Field(name, value, {{"type", "string"}}, description);
}
void OptionsPrinter::TextList(std::string_view name, std::vector<std::string>& value, std::string_view description) {
  state_->Field(name, value, {{"type", "array"}, {"items", {{"type", "string"}}}}, description);
}
void OptionsPrinter::Choice(std::string_view name, int& index, const std::vector<std::string>& names,
                            std::string_view description) {
  state_->Field(name, names.at(static_cast<std::size_t>(index)), {{"type", "string"}, {"enum", names}}, description);
}
void OptionsPrinter::Interval(std::string_view name, std::pair<double, double>& value, Range range,
                              std::string_view description) {
  state_->Field(name, Json::array({value.first, value.second}),
                {{"type", "array"}, {"items", State::Limits("number", range)}, {"minItems", 2}, {"maxItems", 2}},
                description);
}

void OptionsPrinter::Structure(std::string_view name, std::string_view json, const ReadJson&, std::string_view schema,
                               std::string_view description) {
  state_->Field(name, ParseJson(json), ParseJson(schema), description);
}

std::string OptionsPrinter::text() const {
  if (state_->format == OptionsFormat::kYaml) return state_->yaml;
  return state_->format == OptionsFormat::kJson ? Dump(state_->root) : Dump(state_->root, 2) + "\n";
}

}  // namespace mirst
