// Tar archives (POSIX ustar): writing with nothing in the headers but names and sizes, so that equal content gives
// equal bytes; reading with the long names of pax and GNU. Links, devices and names that leave the folder are refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace mirst {

/// mtime, uid and gid 0, mode 0644, no owner.
class TarWriter {
 public:
  explicit TarWriter(std::filesystem::path path);
  /// Throws kBadInput: the name does not fit a header (100 bytes, with folders 255), no space left.
  void Add(std::string_view name, std::string_view bytes);
  /// Bytes so far.
  std::uint64_t size() const { return size_; }
  void Close();

 private:
  void Put(std::string_view bytes);

  std::filesystem::path path_;
  std::ofstream file_;
  std::uint64_t size_ = 0;
};

struct TarMember {
  std::string name;
  std::uint64_t offset = 0, size = 0;  ///< of its bytes in the archive
};

/// The regular files of an archive in their order. Throws kBadInput naming archive and member: a checksum or number
/// that is none, a size beyond the file's end, an absolute name or one with "..", a link or a device.
std::vector<TarMember> ListTar(const std::filesystem::path& path);

/// Throws kBadInput when the archive ends before the member does.
std::string ReadMember(const std::filesystem::path& path, const TarMember& member);

}  // namespace mirst
