// What a model consists of, as a table for people and as JSON.
#pragma once

#include "core/json.h"
#include "renderer/render_template.h"

namespace mirst {

/// A line a part: triangles, temperature and its rule, emissivity in the band, place in metres.
void PrintParts(const TargetModel& model, const Surroundings& surroundings);
Json DescribeParts(const TargetModel& model, const Surroundings& surroundings);

}  // namespace mirst
