// The report of a data set, a training and an evaluation: one HTML file that needs no other file and no network.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace mirst {

struct ReportSources {
  std::filesystem::path data;    ///< data set in the native layout
  std::filesystem::path stats;   ///< folder of `mirst stats`; empty: left out
  std::filesystem::path train;   ///< folder of `mirst train`; empty: left out
  std::filesystem::path scores;  ///< folder of `mirst evaluate --out`; empty: left out
  int sequences = 12;            ///< cards on the contact sheet
};

/// A training that saw fewer windows of five frames than this is called a smoke run: the default 48 epochs over as few
/// as 20 sequences of 100 frames see about as many.
inline constexpr long long kSmokeRunWindows = 100000;

/// Throws kBadInput: a part is named but missing or broken.
std::string HtmlReport(const ReportSources& sources);

/// Text as HTML shows it.
std::string Escaped(std::string_view text);

}  // namespace mirst
