// Files of named tensors in the safetensors format: 8 bytes header length (little endian), a JSON header with type,
// shape and byte range of each tensor, then the values, little endian. They hold data only, so reading one runs no
// code.
#pragma once

#include <torch/types.h>

#include <filesystem>
#include <map>
#include <string>

namespace mirst {

struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Replaces an older file. Equal content gives equal bytes. Types: float16, bfloat16, float32, float64, int8, uint8,
/// int16, int32, int64, bool. Throws kBadInput (cannot be written), kInternal (another type).
void WriteSafetensors(const std::filesystem::path& path, const TensorFile& file);

/// Tensors on the CPU that own their memory. Throws kBadInput with the reason where the file is truncated, its header
/// is broken, or sizes and ranges do not agree.
TensorFile ReadSafetensors(const std::filesystem::path& path);

}  // namespace mirst
