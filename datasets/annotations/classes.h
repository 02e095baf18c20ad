// Numbers for names of classes, in the order of their first appearance.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace mirst {

class ClassNumbers {
 public:
  /// From 0. A target without a class is a "target".
  int Of(const std::string& name) {
    const std::string known = name.empty() ? "target" : name;
    const auto found = std::find(names_.begin(), names_.end(), known);
    if (found != names_.end()) return static_cast<int>(found - names_.begin());
    names_.push_back(known);
    return static_cast<int>(names_.size()) - 1;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace mirst
