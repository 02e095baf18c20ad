// Hard quotas on size x SCR: how many targets each cell gets, and which ones. The cells are dealt over the background
// sources so that every source sees small and large, faint and bright targets alike; speed, class, polarity and motion
// keep their Latin hypercubes.
#pragma once

#include <span>
#include <vector>

#include "generator/options.h"
#include "generator/scenario.h"

namespace mirst {

/// `total` items shared out by `weights` (any sum): whole shares first, then the largest remainders, earlier ones where
/// these are equal.
std::vector<int> LargestRemainder(std::span<const double> weights, int total);

/// counts[area bin][SCR bin] of `targets` targets, which they add up to. Throws kUsage when no cell has any weight.
std::vector<std::vector<int>> QuotaCounts(const GenerateOptions& options, int targets);

/// Gives every target of `requests` a cell, and an area and an SCR inside of it: stratified by their laws within each
/// bin, uniform (area: log-uniform) where the law gives the bin nothing. Sequence i stands before source i % sources.
/// Nothing changes where no quota is asked for.
void AssignCells(const GenerateOptions& options, int sources, std::vector<SequenceRequest>& requests);

}  // namespace mirst
