#include "renderer/template_cache.h"

#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/hash.h"
#include "renderer/target_data.h"

namespace mirst {
namespace {

struct Entry {
  std::string key;
  std::shared_ptr<const Template> rendered;
  std::size_t bytes;
};

std::size_t BytesOf(const std::string& key, const Template& rendered) {
  constexpr std::size_t kNodes = 128;  // of list and index
  return (rendered.opacity.size() + rendered.contrast.size()) * sizeof(float) + sizeof(Template) + sizeof(Entry) +
         2 * key.size() + rendered.unit.size() + rendered.band.size() + rendered.model.size() +
         rendered.model_sha256.size() + kNodes;
}

class KeyHash {
 public:
  void Add(double value) { hash_.Update(&value, sizeof value); }
  void Add(const std::optional<double>& value) {
    Add(value ? 1.0 : 0.0);
    Add(value.value_or(0));
  }
  void Add(const std::string& text) {
    Add(static_cast<double>(text.size()));
    hash_.Update(text);
  }
  std::string Finish() { return hash_.Finish(); }

 private:
  Sha256 hash_;
};

}  // namespace

std::string TemplateKey(const TargetModel& model, const View& view, const Surroundings& surroundings,
                        int supersampling) {
  KeyHash hash;
  hash.Add(model.data().content_sha256);
  for (const double value : {view.attitude.roll_deg, view.attitude.pitch_deg, view.attitude.yaw_deg, view.range_m,
                             view.focal_length_mm, view.pixel_pitch_um, view.off_axis_px.x, view.off_axis_px.y,
                             view.time_s, view.integration_time_s, static_cast<double>(supersampling)}) {
    hash.Add(value);
  }
  for (const double value : {surroundings.band.low_um, surroundings.band.high_um, surroundings.air_temperature_k,
                             surroundings.background_temperature_k, surroundings.camera_elevation_deg}) {
    hash.Add(value);
  }
  hash.Add(surroundings.mach);
  hash.Add(surroundings.sky_temperature_k);
  hash.Add(surroundings.ground_temperature_k);
  hash.Add(surroundings.sun ? 1.0 : 0.0);
  const Sun sun = surroundings.sun.value_or(Sun{});
  for (const double value : {sun.azimuth_deg, sun.elevation_deg, sun.transmission, sun.irradiance_w_m2}) {
    hash.Add(value);
  }
  // A range that rendering will refuse has no transmission.
  hash.Add(view.range_m >= 0 ? surroundings.atmosphere.Transmission(view.range_m) : 0);
  return hash.Finish();
}

struct TemplateCache::State {
  explicit State(std::size_t bytes) : capacity_bytes(bytes) {}

  std::shared_ptr<const Template> Find(const std::string& key) {
    const std::scoped_lock lock(mutex);
    const auto found = index.find(key);
    if (found == index.end()) {
      ++statistics.misses;
      return nullptr;
    }
    ++statistics.hits;
    entries.splice(entries.begin(), entries, found->second);
    return found->second->rendered;
  }

  void Keep(const std::string& key, const std::shared_ptr<const Template>& rendered) {
    const std::size_t bytes = BytesOf(key, *rendered);
    const std::scoped_lock lock(mutex);
    if (bytes > capacity_bytes || index.contains(key)) return;
    while (statistics.bytes + bytes > capacity_bytes) {
      statistics.bytes -= entries.back().bytes;
      index.erase(entries.back().key);
      entries.pop_back();
    }
    entries.push_front({key, rendered, bytes});
    index.emplace(key, entries.begin());
    statistics.bytes += bytes;
  }

  const std::size_t capacity_bytes;
  mutable std::mutex mutex;
  std::list<Entry> entries;  // the one used last first
  std::unordered_map<std::string, std::list<Entry>::iterator> index;
  Statistics statistics;
};

TemplateCache::TemplateCache(std::size_t capacity_bytes) : state_(std::make_unique<State>(capacity_bytes)) {}
TemplateCache::~TemplateCache() = default;

std::shared_ptr<const Template> TemplateCache::Render(const TargetModel& model, const View& view,
                                                      const Surroundings& surroundings, int supersampling) {
  const std::string key = TemplateKey(model, view, surroundings, supersampling);
  if (auto found = state_->Find(key)) return found;
  // Not under the lock: others go on meanwhile.
  auto rendered = std::make_shared<const Template>(RenderTemplate(model, view, surroundings, supersampling));
  state_->Keep(key, rendered);
  return rendered;
}

TemplateCache::Statistics TemplateCache::statistics() const {
  const std::scoped_lock lock(state_->mutex);
  Statistics statistics = state_->statistics;
  statistics.templates = state_->entries.size();
  return statistics;
}

}  // namespace mirst
