// A TCP port of this machine that was free a moment ago.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mirst::test {

inline int FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  void* raw = &address;
  EXPECT_EQ(::bind(socket, static_cast<sockaddr*>(raw), size), 0);
  EXPECT_EQ(::getsockname(socket, static_cast<sockaddr*>(raw), &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

}  // namespace mirst::test
