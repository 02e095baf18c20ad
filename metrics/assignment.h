// The matching of greatest total weight in a bipartite graph (the assignment problem), by shortest augmenting paths
// with potentials: Kuhn, Naval Research Logistics Quarterly 2 (1955); Jonker and Volgenant, Computing 38 (1987).
#pragma once

#include <vector>

#include "core/image.h"

namespace mirst {

/// `weights` has shape (rows, columns), >= 0; 0 = no edge. Gives for each row its column, or -1. The total weight is
/// the greatest possible; columns and rows are used at most once, and never by an edge of weight 0. O(n^3).
std::vector<int> HeaviestMatching(const Image<double>& weights);

}  // namespace mirst
