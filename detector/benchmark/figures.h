// The figures of a benchmark's page: ROC curves as SVG, and examples as small pictures with what each detector found.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "detector/benchmark/results.h"

namespace mirst {

/// Pixel ROC of every row on the first set, false rate (logarithmic, 1e-7 to 1) against true rate, each row's first
/// scored cell; where a source is left out, its first fold. Empty where there is no curve.
std::string RocFigure(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows,
                      const std::filesystem::path& folder);

/// A table of crops round the first target of some frames of the first set: the frame, the truth, each detector's mask
/// (green hit, yellow missed, red false). Empty where the set or the masks are not there.
std::string ExampleFigure(const BenchmarkRecord& record, const std::vector<BenchmarkRow>& rows,
                          const std::filesystem::path& folder);

/// Text as it may stand in HTML.
std::string EscapeHtml(const std::string& text);

}  // namespace mirst
