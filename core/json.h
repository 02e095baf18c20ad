// Reading JSON without surprises: access that names the key at fault. Included by .cc files only (it shows the JSON
// library's type).
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace mirst {

using Json = nlohmann::ordered_json;

/// Throws kBadInput "not valid JSON: ..." with the byte position.
inline Json ParseJson(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw BadInput(fmt::format("not valid JSON: {}", error.what()));
  }
}

/// One line, or indented. Throws kBadInput when a text (a file's name, say) is not UTF-8.
inline std::string Dump(const Json& json, int indent = -1) {
  try {
    return json.dump(indent);
  } catch (const Json::exception& error) {
    throw BadInput(fmt::format("cannot be written as JSON: {}", error.what()));
  }
}

/// Whether `value` is a T without loss: the library itself would cut 2.5 to 2 and 2^40 to 0, and take true as 1.
template <class T>
struct Holds {
  static bool In(const Json& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value.is_boolean();
    } else if constexpr (std::is_integral_v<T>) {
      return value.is_number_unsigned() ? std::in_range<T>(value.get<std::uint64_t>())
                                        : value.is_number_integer() && std::in_range<T>(value.get<std::int64_t>());
    } else if constexpr (std::is_floating_point_v<T>) {
      return value.is_number();
    } else {
      return true;  // the library checks
    }
  }
};
template <class T, std::size_t N>
struct Holds<std::array<T, N>> {
  static bool In(const Json& value) {
    return value.is_array() && value.size() == N && std::all_of(value.begin(), value.end(), Holds<T>::In);
  }
};

/// The value of `key` as T. Throws kBadInput when it is missing or of another type.
template <class T>
T Get(const Json& object, std::string_view key) {
  if (!object.is_object())
    throw BadInput(fmt::format("found {}, expected an object with the key '{}'", object.type_name(), key));
  const auto it = object.find(key);
  if (it == object.end()) throw BadInput(fmt::format("the key '{}' is missing", key));
  try {
    if (Holds<T>::In(*it)) return it->template get<T>();
  } catch (const Json::exception&) {  // reported below
  }
  throw BadInput(fmt::format("the key '{}' has a value of the wrong type: {}", key, it->dump().substr(0, 60)));
}

/// The same with a default where the key is missing.
template <class T>
T GetOr(const Json& object, std::string_view key, T fallback) {
  return object.is_object() && object.contains(key) ? Get<T>(object, key) : fallback;
}

/// JSON knows no infinities and the library would print null.
inline double Finite(double value, std::string_view name) {
  if (!std::isfinite(value)) throw InternalError(fmt::format("{} is not a finite number", name));
  return value;
}

}  // namespace mirst
