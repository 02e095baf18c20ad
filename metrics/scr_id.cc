// The names of the SCR's definitions.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "metrics/scr.h"

namespace mirst {
namespace {

constexpr int kLargestMarginPx = 1000;

// The whole number that `text` is, without sign or leading zeros; -1 for all else.
int NumberIn(std::string_view text) {
  int number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = fault == std::errc() && end == text.data() + text.size() && text.front() != '-';
  return whole && (text.size() == 1 || text.front() != '0') ? number : -1;
}

std::optional<ScrRule> Parse(std::string_view id, Box20Rule domain, int polarity) {
  ScrRule rule = domain;
  if (id == "box20") return rule;
  if (id == "peak") {
    rule.statistic = polarity < 0 ? ScrRule::Statistic::kLowest : ScrRule::Statistic::kHighest;
    return rule;
  }
  if (id == "db") {
    rule.decibel = true;
    return rule;
  }
  rule.zeros_are_background = true;
  rule.sigma_floor = rule.sigma_offset = 0;
  if (id == "global") {
    rule.background = ScrRule::Background::kGlobal;
    return rule;
  }
  if (id.starts_with("bbox")) {
    rule.background = ScrRule::Background::kBox;
    rule.margin_px = NumberIn(id.substr(4));
  } else if (const auto bar = id.find('_'); id.starts_with("guard") && bar != std::string_view::npos) {
    rule.background = ScrRule::Background::kGuard;
    rule.guard_px = NumberIn(id.substr(5, bar - 5));
    rule.margin_px = NumberIn(id.substr(bar + 1));
    if (rule.guard_px < 0 || rule.guard_px >= rule.margin_px) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (rule.margin_px < 1 || rule.margin_px > kLargestMarginPx) return std::nullopt;
  return rule;
}

}  // namespace

std::span<const std::string_view> ScrIds() {
  static constexpr std::array<std::string_view, 8> kIds = {"box20",  "guard3_10", "bbox5", "bbox10",
                                                           "bbox20", "global",    "peak",  "db"};
  return kIds;
}

bool IsScrId(std::string_view id) { return Parse(id, {}, 1).has_value(); }

ScrRule ScrRule::Named(std::string_view id, Box20Rule domain, int polarity) {
  const std::optional<ScrRule> rule = Parse(id, domain, polarity);
  if (!rule) throw BadInput(fmt::format("found SCR id '{}', allowed: {}", id, kScrIdsAllowed));
  return *rule;
}

}  // namespace mirst
