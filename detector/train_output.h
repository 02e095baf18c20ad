// The files of a training's folder: which there are, and the two logs, whose rows appear as they are added. No
// LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "detector/train.h"

namespace mirst {

/// Throws kBadInput where `out` cannot take a training: a file, somebody else's files, or an older training that is to
/// be kept.
void CheckTrainingFolder(const std::filesystem::path& out, ExistingTraining existing);

/// Creates the folder and removes the files of an older training in it.
void ClearTrainingFolder(const std::filesystem::path& out);

class CsvLog {
 public:
  /// A new file with its head.
  CsvLog(std::filesystem::path path, std::string_view columns);
  /// Goes on after the first `bytes` of a file and drops the rest. Throws kBadInput where it is shorter.
  CsvLog(std::filesystem::path path, std::uintmax_t bytes);

  void Add(std::string_view row);
  std::uintmax_t bytes() const { return bytes_; }

 private:
  std::filesystem::path path_;
  std::ofstream file_;
  std::uintmax_t bytes_ = 0;
};

}  // namespace mirst
