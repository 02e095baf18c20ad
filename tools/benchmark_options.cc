#include "tools/benchmark_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "core/manifest.h"
#include "datasets/layouts/layout.h"
#include "detector/model_driven/methods.h"
#include "metrics/mask_convention.h"

namespace mirst {

void Visit(OptionsVisitor& visitor, BenchmarkOptions& o) {
  visitor.Text("data", o.data, "Folder of the data set; empty: --data or --truth names it");
  visitor.Text("layout", o.layout, "Layout of the folder, a name of `mirst convert --help`; empty: found out");
  visitor.Text("split", o.split, "train, val or test; empty: test with data, all with --truth");
  visitor.TextList("sequences", o.sequences, "Only these sequences of the split are scored; empty: all");
  visitor.TextList("methods", o.methods, "Classical methods; --method, --weights or --pred replace the list");
  visitor.Text("masks", o.masks, "Second mask convention where the set has coverage: coverage:T or energy:T");
}

void AddFaults(OptionsReader& reader, const BenchmarkOptions& o) {
  const auto report = [&](std::string_view path, const auto& check) {
    try {
      check();
    } catch (const Error& error) {
      reader.AddFault(path, error.what());
    }
  };
  if (!o.layout.empty()) report("layout", [&] { FindLayout(o.layout); });
  report("masks", [&] { ParseMaskConvention(o.masks); });
  if (!o.split.empty() && std::find(kSplitNames.begin(), kSplitNames.end(), o.split) == kSplitNames.end())
    reader.AddFault("split", fmt::format("is '{}', allowed: {}", o.split, fmt::join(kSplitNames, ", ")));
  const auto& known = ModelDrivenMethods();
  for (const std::string& method : o.methods) {
    if (std::find(known.begin(), known.end(), method) == known.end())
      reader.AddFault("methods", fmt::format("holds '{}', allowed: {}", method, fmt::join(known, ", ")));
  }
}

}  // namespace mirst
