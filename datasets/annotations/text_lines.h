// Text files of lines and numbers, as lists and annotations of others are written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

/// The lines of a text file without line ends and trailing blanks; empty lines are left out.
std::vector<std::string> ReadLines(const std::filesystem::path& path);

/// A whole number in `text`, nothing else; absent otherwise.
std::optional<long long> WholeNumber(std::string_view text);
/// A finite decimal number in `text`, nothing else; absent otherwise.
std::optional<double> RealNumber(std::string_view text);
/// The parts of `text` between `separator`.
std::vector<std::string> Split(std::string_view text, char separator);

/// Appends to a text file that is being written, and makes its folder. Throws kBadInput.
void AppendText(const std::filesystem::path& path, std::string_view text);

}  // namespace mirst
