// Whatever bytes a model or a material map holds, loading ends with a model that renders, or with mirst::Error. One
// entry point for libFuzzer and for the seeded driver beside it; the first byte chooses the kind of file.
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/error.h"
#include "core/file.h"
#include "renderer/render_template.h"
#include "tests/fuzz/model_fuzz.h"

namespace {

const std::filesystem::path& Folder() {
  static const std::filesystem::path folder = [] {
    const auto path = std::filesystem::temp_directory_path() / ("mirst_fuzz_" + std::to_string(::getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  return folder;
}

// The good model beside which a material map is read.
const std::string kTriangle = "v 0 0 0\nv 4 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n";

}  // namespace

// Assimp 5.2 loses a mesh where it gives up on a file half-way; nothing of ours is concerned.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libassimp"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string extension = mirst::fuzz::kExtensions[data[0] % mirst::fuzz::kExtensions.size()];
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto model_path = Folder() / ("model" + (extension == ".yaml" ? ".obj" : extension));
  const auto map_path = Folder() / "map.yaml";
  mirst::WriteFileAtomically(model_path, extension == ".yaml" ? kTriangle : bytes);
  mirst::WriteFileAtomically(map_path, extension == ".yaml" ? bytes : "");
  try {
    const auto model = mirst::TargetModel::Load(model_path.string(), map_path);
    const mirst::View view{
        .attitude = {10, 20, 30}, .range_m = 600 * model.radius_m(), .time_s = 0.01, .integration_time_s = 0.002};
    mirst::RenderTemplate(model, view, {}, 2);
  } catch (const mirst::Error& error) {
    if (error.code() == mirst::ErrorCode::kInternal) throw;
  }
  return 0;
}
