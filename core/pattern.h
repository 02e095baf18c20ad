// Names by wildcards.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mirst {

/// True when `pattern` ('*' any run, '?' any character) covers all of `text`; upper and lower case are one.
bool MatchesPattern(std::string_view pattern, std::string_view text);

/// True when one of `patterns` does.
bool MatchesAny(const std::vector<std::string>& patterns, std::string_view text);

}  // namespace mirst
