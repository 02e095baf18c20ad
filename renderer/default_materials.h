// The text of configs/materials.yaml as it was when the program was built.
#pragma once

#include <string_view>

namespace mirst {

extern const std::string_view kDefaultMaterials;

}  // namespace mirst
