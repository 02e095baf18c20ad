// Rendered templates kept by a hash of all that they depend on, so that a view asked for again is not rendered again.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "core/template.h"
#include "renderer/render_template.h"

namespace mirst {

/// SHA-256 of all that RenderTemplate's result depends on: the model's content (mesh, parts, material rules), every
/// field of the view and of the surroundings (of the atmosphere: its transmission over the range), and the
/// supersampling.
std::string TemplateKey(const TargetModel& model, const View& view, const Surroundings& surroundings,
                        int supersampling);

/// The templates used last, within a bound of memory. Thread-safe. A template is the same to the last bit whether it is
/// found or rendered; two threads that ask for a new one at the same time both render it.
class TemplateCache {
 public:
  /// 0 keeps nothing.
  explicit TemplateCache(std::size_t capacity_bytes = std::size_t{256} << 20);
  ~TemplateCache();
  TemplateCache(const TemplateCache&) = delete;
  TemplateCache& operator=(const TemplateCache&) = delete;

  /// RenderTemplate of the same arguments; throws as that does. Never null.
  std::shared_ptr<const Template> Render(const TargetModel& model, const View& view, const Surroundings& surroundings,
                                         int supersampling);

  struct Statistics {
    std::size_t hits = 0, misses = 0;  ///< requests so far; one that throws is a miss
    std::size_t templates = 0;         ///< kept now
    std::size_t bytes = 0;             ///< of their pixels and bookkeeping, <= the capacity
  };
  Statistics statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mirst
