// Does a written data set betray its pasted targets? The checks (a) and (c) to (h) of docs/audit.md, each with its
// numbers, its limit and a verdict. (b), the control with a gain of zero, needs a trained detector: `mirst evaluate`.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "datasets/sample_store.h"

namespace mirst {

enum class Verdict {
  kPass,
  kOpen,     ///< within the limit, but too few cases to bound it
  kFail,     ///< beyond the limit
  kSkipped,  ///< what it needs is not at hand; the note says what
};
std::string ToString(Verdict verdict);

struct AuditCheck {
  char id = 'a';
  std::string title;
  Verdict verdict = Verdict::kSkipped;
  std::string limit;                                    ///< in words and numbers
  std::vector<std::pair<std::string, double>> numbers;  ///< in the order of printing
  std::string note;
};

struct AuditOptions {
  std::filesystem::path real;    ///< sequences with real targets (boxes.csv); empty: (c), (f) and (h) have no measure
  std::filesystem::path groups;  ///< CSV "video,group" of sequences (real ones, or background sources) that show
                                 ///< one scene; empty: each for itself
  bool patches = false;          ///< fill AuditReport::patches
};

struct AuditReport {
  std::string folder, dataset_id;
  std::vector<AuditCheck> checks;
  std::string patches;  ///< CSV: the numbers that (f) looks at, patch by patch
  bool failed() const;
};

/// Throws kBadInput: a set without targets, unreadable files, `real` without boxes.
AuditReport Audit(const SampleStoreReader& reader, const AuditOptions& options);

}  // namespace mirst
