// SHA-256 (OpenSSL) of bytes, files and lists, as lower-case hexadecimal text.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, std::size_t bytes);
  void Update(std::string_view text) { Update(text.data(), text.size()); }
  /// Ends the calculation; 64 hexadecimal digits.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256OfText(std::string_view text);
/// Throws kBadInput when the file cannot be read.
std::string Sha256OfFile(const std::filesystem::path& path);

/// Root of the binary Merkle tree of RFC 6962 (leaf = SHA-256(0x00 text), node = SHA-256(0x01 left right), an odd last
/// node moves up unchanged) over `leaves` in their order; of no leaves: the hash of the empty text.
std::string MerkleRoot(const std::vector<std::string>& leaves);

}  // namespace mirst
