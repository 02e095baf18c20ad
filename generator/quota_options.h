// How many targets of a data set fall into each cell of size x mean SCR, by what is measured on the finished frames.
#pragma once

#include <vector>

#include "core/config.h"

namespace mirst {

struct QuotaOptions {
  std::vector<double> area_edges_px;         ///< of the mean mask area; rising; none: no quota
  std::vector<double> scr_edges;             ///< of the mean SCR; rising; none: no quota
  std::vector<double> area_weights;          ///< one a bin; none: what the law of the areas gives each bin
  std::vector<double> scr_weights;           ///< likewise
  std::vector<std::vector<double>> weights;  ///< [area bin][SCR bin], in place of the products of the two above
  int corrections = 4;

  bool enabled() const { return !area_edges_px.empty() && !scr_edges.empty(); }
};

void Visit(OptionsVisitor& visitor, QuotaOptions& options);
void AddFaults(OptionsReader& reader, const QuotaOptions& options);

}  // namespace mirst
