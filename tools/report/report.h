// The report of a data set: a folder with a page that opens from the disk without network, and the frames, labels and
// detections that it loads when they are looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

struct ReportSources {
  std::filesystem::path data;                  ///< any data set that LabelledSet opens
  std::filesystem::path training;              ///< folder of `mirst train`; empty: left out
  std::vector<std::filesystem::path> results;  ///< OpenResults
};

struct WrittenReport {
  std::filesystem::path page;  ///< index.html
  std::int64_t sequences = 0, frames = 0;
};

enum class ExistingReport { kRefuse, kReplace };

/// Writes `out`/index.html and `out`/data/; everything lies under a temporary name until it is whole. Holds the labels
/// of one sequence at a time. Throws kBadInput: a part is missing or broken, `out` holds other files, or a report
/// without kReplace.
WrittenReport WriteReport(const ReportSources& sources, const std::filesystem::path& out, ExistingReport existing);

/// Text as HTML shows it, quotation marks too.
std::string Escaped(std::string_view text);

}  // namespace mirst
