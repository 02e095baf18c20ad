// The form of a SamplingLaw in YAML and JSON, and its faults.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "generator/sampling_law.h"

namespace mirst {
namespace {

constexpr std::string_view kForms =
    "[low, high], or one of {uniform: [low, high]}, {log_uniform: [low, high]}, {normal: {mean, sigma, min, max}}, "
    "{log_normal: {median, sigma, min, max}}, {histogram: {edges, weights}}, {list: [...]}, {as_in: STATS.json}, "
    "{percentiles: {shares, values}}";

// Where the statistics of a set (docs/statistics.md) hold the distribution of a quantity.
std::optional<Json::json_pointer> PlaceOf(SampledQuantity quantity) {
  switch (quantity) {
    case SampledQuantity::kAreaPx:
      return Json::json_pointer("/all/size/area_px");
    case SampledQuantity::kScr:
      return Json::json_pointer("/all/scr/mscr_present");
    case SampledQuantity::kSpeedPxPerFrame:
      return Json::json_pointer("/all/speed_px_per_frame");
    case SampledQuantity::kContrastCounts:
      break;
  }
  return std::nullopt;
}

class LawParser {
 public:
  LawParser(SampledQuantity quantity, Range allowed, std::vector<std::string>& faults)
      : quantity_(quantity), allowed_(allowed), faults_(faults) {}

  std::optional<SamplingLaw> Parse(const Json& json) {
    if (json.is_array()) return Interval(json, "");
    if (!json.is_object() || json.size() != 1) return Fault("found {}, expected {}", json.dump().substr(0, 60), kForms);
    const std::string form = json.begin().key();
    const Json& value = json.begin().value();
    if (form == "uniform" || form == "log_uniform") return Flat(value, form);
    if (form == "normal" || form == "log_normal") return Bell(value, form);
    if (form == "histogram") return Histogram(value);
    if (form == "list") return List(value);
    if (form == "percentiles") return Percentiles(value);
    if (form == "as_in") return AsIn(value);
    return Fault("found the form '{}', expected {}", form, kForms);
  }

 private:
  template <class... Values>
  std::nullopt_t Fault(fmt::format_string<Values...> format, Values&&... values) {
    faults_.push_back(fmt::format(format, std::forward<Values>(values)...));
    return std::nullopt;
  }

  bool IsAllowed(double value) const { return value >= allowed_.low && value <= allowed_.high; }

  // Numbers within the allowed range, at least `least` of them.
  std::optional<std::vector<double>> Values(const Json& json, std::string_view name, std::size_t least) {
    const auto numbers = Numbers(json, name, least);
    if (!numbers) return std::nullopt;
    for (const double number : *numbers) {
      if (!IsAllowed(number))
        return Fault("{}found {}, allowed: {} to {}", Prefix(name), number, allowed_.low, allowed_.high);
    }
    return numbers;
  }

  std::optional<std::vector<double>> Numbers(const Json& json, std::string_view name, std::size_t least) {
    const auto is_number = [](const Json& item) { return item.is_number(); };
    if (!json.is_array() || json.size() < least || !std::all_of(json.begin(), json.end(), is_number)) {
      return Fault("{}found {}, expected a list of {} or more numbers", Prefix(name), json.dump().substr(0, 60), least);
    }
    return json.get<std::vector<double>>();
  }

  static std::string Prefix(std::string_view name) { return name.empty() ? "" : fmt::format("{}: ", name); }

  std::optional<SamplingLaw> Interval(const Json& json, std::string_view name) {
    const auto ends = Values(json, name, 2);
    if (!ends) return std::nullopt;
    if (ends->size() != 2) return Fault("{}found {} numbers, expected [low, high]", Prefix(name), ends->size());
    if (ends->front() > ends->back())
      return Fault("{}low {} exceeds high {}", Prefix(name), ends->front(), ends->back());
    return SamplingLaw(ends->front(), ends->back());
  }

  std::optional<SamplingLaw> Flat(const Json& json, const std::string& form) {
    const auto interval = Interval(json, form);
    if (!interval) return std::nullopt;
    if (form == "uniform") return interval->As(SamplingLaw::Kind::kUniform);
    if (interval->low() <= 0) return Fault("log_uniform: found low {}, expected more than 0", interval->low());
    return interval->As(SamplingLaw::Kind::kLogUniform);
  }

  std::optional<SamplingLaw> Bell(const Json& json, const std::string& form) {
    const bool is_log = form == "log_normal";
    const std::array<std::string, 4> keys = {is_log ? "median" : "mean", "sigma", "min", "max"};
    if (!HasKeys(json, form, {keys.begin(), keys.end()})) return std::nullopt;
    std::array<double, 4> numbers{};
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const Json& value = json.at(keys[i]);
      if (!value.is_number()) return Fault("{}.{}: found {}, expected a number", form, keys[i], value.dump());
      numbers[i] = value.get<double>();
    }
    const auto [centre, sigma, low, high] = numbers;
    if (!Interval(Json::array({low, high}), form + " [min, max]")) return std::nullopt;
    if (!(sigma > 0)) return Fault("{}.sigma: found {}, expected more than 0", form, sigma);
    if (is_log && !(centre > 0 && low > 0)) {
      return Fault("log_normal: found median {} and min {}, expected more than 0", centre, low);
    }
    const double below = is_log ? std::log(centre / high) : centre - high;
    const double above = is_log ? std::log(low / centre) : low - centre;
    constexpr double kFarthest = 6;  // beyond, a double holds too few digits of the share that is left
    if (std::max(below, above) > kFarthest * sigma)
      return Fault("{}: [{}, {}] lies more than {} sigma from {}", form, low, high, kFarthest, centre);
    return is_log ? SamplingLaw::LogNormal(centre, sigma, low, high) : SamplingLaw::Normal(centre, sigma, low, high);
  }

  std::optional<SamplingLaw> Histogram(const Json& json) {
    if (!HasKeys(json, "histogram", {"edges", "weights"})) return std::nullopt;
    const auto edges = Values(json.at("edges"), "histogram.edges", 2);
    const auto weights = Numbers(json.at("weights"), "histogram.weights", 1);
    if (!edges || !weights) return std::nullopt;
    if (edges->size() != weights->size() + 1) {
      return Fault("histogram: found {} edges and {} weights, expected one edge more than weights", edges->size(),
                   weights->size());
    }
    if (!Rises(*edges)) return Fault("histogram.edges: found {}, expected rising numbers", fmt::join(*edges, ", "));
    double sum = 0;
    for (const double weight : *weights) {
      if (weight < 0) return Fault("histogram.weights: found {}, expected 0 or more", weight);
      sum += weight;
    }
    if (!(sum > 0)) return Fault("histogram.weights: all are 0, expected one that is not");
    return SamplingLaw::Histogram(*edges, *weights);
  }

  std::optional<SamplingLaw> List(const Json& json) {
    const auto values = Values(json, "list", 1);
    if (!values) return std::nullopt;
    return SamplingLaw::List(*values);
  }

  std::optional<SamplingLaw> Percentiles(const Json& json) {
    if (!HasKeys(json, "percentiles", {"shares", "values"})) return std::nullopt;
    const auto shares = Numbers(json.at("shares"), "percentiles.shares", 2);
    const auto values = Values(json.at("values"), "percentiles.values", 2);
    if (!shares || !values) return std::nullopt;
    if (shares->size() != values->size() || shares->front() != 0 || shares->back() != 1 || !Rises(*shares) ||
        !std::is_sorted(values->begin(), values->end())) {
      return Fault("percentiles: expected shares that rise from 0 to 1 and as many values that do not fall");
    }
    return SamplingLaw::Percentiles(*shares, *values);
  }

  std::optional<SamplingLaw> AsIn(const Json& json) {
    if (!json.is_string()) return Fault("as_in: found {}, expected the path of a stats.json", json.dump());
    const std::string path = json.get<std::string>();
    const auto place = PlaceOf(quantity_);
    if (!place) return Fault("as_in: statistics hold no contrast, give another law");
    try {
      const Json statistics = ParseJson(ReadFile(path));
      if (!statistics.contains(*place) || GetOr<std::int64_t>(statistics.at(*place), "count", 0) == 0)
        return Fault("as_in: {} knows no {} (statistics of `mirst stats` do)", path, place->to_string());
      const Json& found = statistics.at(*place);
      std::vector<double> values;
      for (const char* key : {"min", "p5", "p25", "median", "p75", "p95", "p99", "max"})
        values.push_back(std::clamp(Get<double>(found, key), allowed_.low, allowed_.high));
      if (!std::is_sorted(values.begin(), values.end()))
        return Fault("as_in: {}: the percentiles of {} fall", path, place->to_string());
      return SamplingLaw::Percentiles({0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1}, std::move(values));
    } catch (const Error& error) {
      return Fault("as_in: {}: {}", path, error.what());
    }
  }

  bool HasKeys(const Json& json, std::string_view form, const std::vector<std::string>& keys) {
    bool fits = json.is_object() && json.size() == keys.size();
    for (const std::string& key : keys) fits = fits && json.contains(key);
    if (!fits)
      Fault("{}: found {}, expected the keys {}", form, json.dump().substr(0, 60),
            fmt::format("{}", fmt::join(keys, ", ")));
    return fits;
  }

  static bool Rises(const std::vector<double>& values) {
    return std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) == values.end();
  }

  SampledQuantity quantity_;
  Range allowed_;
  std::vector<std::string>& faults_;
};

}  // namespace

SamplingLaw SamplingLaw::Parse(std::string_view json, SampledQuantity quantity, Range allowed,
                               std::vector<std::string>& faults) {
  return LawParser(quantity, allowed, faults).Parse(ParseJson(json)).value_or(SamplingLaw(0, 0));
}

std::string SamplingLaw::ToJson() const {
  Json json;
  switch (kind_) {
    case Kind::kInterval:
      json = {low_, high_};
      break;
    case Kind::kUniform:
      json["uniform"] = {low_, high_};
      break;
    case Kind::kLogUniform:
      json["log_uniform"] = {low_, high_};
      break;
    case Kind::kNormal:
      json["normal"] = {{"mean", centre_}, {"sigma", sigma_}, {"min", low_}, {"max", high_}};
      break;
    case Kind::kLogNormal:
      json["log_normal"] = {{"median", centre_}, {"sigma", sigma_}, {"min", low_}, {"max", high_}};
      break;
    case Kind::kHistogram:
      json["histogram"] = {{"edges", values_}, {"weights", shares_}};
      break;
    case Kind::kList:
      json["list"] = values_;
      break;
    case Kind::kPercentiles:
      json["percentiles"] = {{"shares", shares_}, {"values", values_}};
      break;
  }
  return Dump(json);
}

std::string LawSchema(Range allowed) {
  const Json value = {{"type", "number"}, {"minimum", allowed.low}, {"maximum", allowed.high}};
  const Json number = {{"type", "number"}};
  const auto list = [](const Json& items, int least) {
    return Json{{"type", "array"}, {"items", items}, {"minItems", least}};
  };
  Json interval = list(value, 2);
  interval["maxItems"] = 2;
  const auto group = [](const Json& properties) {
    Json required = Json::array();
    for (const auto& [key, property] : properties.items()) required.push_back(key);
    return Json{
        {"type", "object"}, {"additionalProperties", false}, {"required", required}, {"properties", properties}};
  };
  const Json forms_by_key = {
      {"uniform", interval},
      {"log_uniform", interval},
      {"normal", group({{"mean", number}, {"sigma", number}, {"min", value}, {"max", value}})},
      {"log_normal", group({{"median", number}, {"sigma", number}, {"min", value}, {"max", value}})},
      {"histogram", group({{"edges", list(value, 2)}, {"weights", list(number, 1)}})},
      {"list", list(value, 1)},
      {"as_in", {{"type", "string"}}},
      {"percentiles", group({{"shares", list(number, 2)}, {"values", list(value, 2)}})}};
  Json forms = Json::array({interval});
  for (const auto& [key, form] : forms_by_key.items()) {
    Json property;
    property[key] = form;
    forms.push_back(group(property));
  }
  return Dump({{"anyOf", forms}});
}

}  // namespace mirst
