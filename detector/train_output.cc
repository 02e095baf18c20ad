#include "detector/train_output.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/error.h"
#include "core/file.h"

namespace mirst {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 8> kFiles = {"config.yaml",      "train_log.csv",    "val_log.csv",
                                                    "best.safetensors", "best.json",        "last.safetensors",
                                                    "last.json",        "state.safetensors"};

}  // namespace

void CheckTrainingFolder(const fs::path& out, ExistingTraining existing) {
  std::error_code error;
  if (!fs::exists(out, error)) return;
  if (!fs::is_directory(out, error)) throw BadInput(fmt::format("{} is a file, expected a folder", out.string()));
  if (fs::is_empty(out, error)) return;
  if (!fs::exists(out / "train_log.csv", error) && !fs::exists(out / "config.yaml", error)) {
    throw BadInput(
        fmt::format("{} holds files that are no training of mirst; name an empty or a new folder", out.string()));
  }
  if (existing == ExistingTraining::kRefuse) {
    throw BadInput(fmt::format("{} already holds a training; name another folder, go on with it or allow replacing it",
                               out.string()));
  }
}

void ClearTrainingFolder(const fs::path& out) {
  CreateFolder(out);
  for (const std::string_view file : kFiles) {
    std::error_code error;
    fs::remove(out / file, error);
    if (error) throw BadInput(fmt::format("cannot remove {}: {}", (out / file).string(), error.message()));
  }
}

CsvLog::CsvLog(fs::path path, std::string_view columns) : path_(std::move(path)), file_(path_, std::ios::binary) {
  Add(columns);
}

CsvLog::CsvLog(fs::path path, std::uintmax_t bytes) : path_(std::move(path)), bytes_(bytes) {
  std::error_code error;
  const std::uintmax_t found = fs::file_size(path_, error);
  if (error || found < bytes) {
    throw BadInput(fmt::format("{} is missing or shorter than the training's state says", path_.string()));
  }
  fs::resize_file(path_, bytes, error);
  if (error) throw BadInput(fmt::format("cannot write {}: {}", path_.string(), error.message()));
  file_.open(path_, std::ios::binary | std::ios::app);
}

void CsvLog::Add(std::string_view row) {
  file_ << row << '\n';
  if (!file_.flush()) throw BadInput(fmt::format("cannot write {}", path_.string()));
  bytes_ += row.size() + 1;
}

}  // namespace mirst
