// The few names of Gloo that LibTorch's ProcessGroupGloo.hpp mentions, for LibTorch packages that come without Gloo's
// own headers (Debian's libtorch-dev, the archives of pytorch.org). mirst only holds pointers to these types;
// everything behind them lives in LibTorch's library. Where Gloo's headers are installed, they are taken instead.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace gloo {

class Context;

namespace transport {
class Device;
class UnboundBuffer;
}  // namespace transport

namespace rendezvous {

/// Base of a class inside ProcessGroupGloo that is never made here.
class Store {
 public:
  static constexpr std::chrono::milliseconds kDefaultTimeout = std::chrono::seconds(30);
  virtual ~Store() = default;
  virtual void set(const std::string& key, const std::vector<char>& data) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous
}  // namespace gloo
