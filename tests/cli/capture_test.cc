// `mirst capture` from streams that ffmpeg sends over the loopback, and from files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "datasets/capture.h"
#include "datasets/frame_io.h"
#include "datasets/sequence_source.h"
#include "tests/support/program.h"

namespace mirst::test {
namespace {

using testing::HasSubstr;

constexpr const char* kFfmpeg = "/usr/bin/ffmpeg";

#define MIRST_REQUIRE_FFMPEG() \
  if (!std::filesystem::exists(kFfmpeg)) GTEST_SKIP() << "missing: " << kFfmpeg

/// A port of the loopback that is free now.
std::string FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(socket);
  return std::to_string(ntohs(address.sin_port));
}

/// Grey frames of one level each, 25 Hz: frame k holds 40 + 4 k in every pixel, so that order and losses can be read.
std::vector<std::string> Sender(const std::string& seconds, const std::vector<std::string>& output) {
  std::vector<std::string> arguments = {
      "-loglevel", "error",
      "-y",        "-re",
      "-f",        "lavfi",
      "-i",        "color=black:size=64x48:rate=25:duration=" + seconds + ",format=gray,geq=lum='40+4*mod(N,50)'"};
  arguments.insert(arguments.end(), output.begin(), output.end());
  return arguments;
}

ProgramResult CaptureWhenReady(const std::vector<std::string>& arguments) {
  ProgramResult result;
  for (int attempt = 0; attempt < 40; ++attempt) {  // until ffmpeg listens
    result = RunProgram(arguments);
    if (result.exit_code != 3) break;
    ::usleep(250000);
  }
  return result;
}

TEST(Capture, TakesEveryFrameOfAStreamOverTheLoopback) {
  MIRST_REQUIRE_FFMPEG();
  const TemporaryFolder folder;
  const std::string url = "tcp://127.0.0.1:" + FreePort();
  RunningProgram sender(Sender("30", {"-c:v", "ffv1", "-f", "nut", url + "?listen=1"}), {.program = kFfmpeg});
  const auto out = folder.path() / "out";
  const ProgramResult result =
      CaptureWhenReady({"capture", url, "--out", out.string(), "--count", "20", "--lens", "50 mm f/1", "--quiet"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("20 frames of 64 x 48 px, 8 bit"));
  const auto sidecar = nlohmann::json::parse(ReadFile(out / "capture.json"));
  EXPECT_EQ(sidecar["frames"], 20);
  EXPECT_EQ(sidecar["ended_by"], "count");
  EXPECT_EQ(sidecar["stated"]["lens"], "50 mm f/1");
  EXPECT_EQ(sidecar["time_s"].size(), 20u);
  EXPECT_NEAR(sidecar["frame_rate_hz"].get<double>(), 25, 0.1);  // the stream's own times, in whole milliseconds
  const auto source = OpenFolderSource(out);
  EXPECT_TRUE(source->info().frame_rate_known);
  ASSERT_EQ(source->info().frame_count, 20);
  for (const Frame& frame : source->Read(0, 20)) {
    for (const float value : frame.pixels) ASSERT_EQ(value, static_cast<float>(40 + 4 * frame.index));
  }
}

TEST(Capture, CtrlCLeavesWholeFramesAndAValidSidecar) {
  MIRST_REQUIRE_FFMPEG();
  const TemporaryFolder folder;
  const std::string url = "udp://127.0.0.1:" + FreePort();
  RunningProgram sender(Sender("60", {"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-g", "5", "-f", "mpegts", url}),
                        {.program = kFfmpeg});
  const auto out = folder.path() / "out";
  RunningProgram capture({"capture", url, "--out", out.string()});
  for (int wait = 0; wait < 200 && !std::filesystem::exists(out / "000008.png"); ++wait) ::usleep(100000);
  ASSERT_TRUE(std::filesystem::exists(out / "000008.png"));
  capture.Send(SIGINT);
  const ProgramResult result = capture.Wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;  // the regular end where no count was asked for
  EXPECT_THAT(result.out, HasSubstr("ended by: interrupted"));
  const auto sidecar = nlohmann::json::parse(ReadFile(out / "capture.json"));
  EXPECT_EQ(sidecar["ended_by"], "interrupted");
  const auto source = OpenFolderSource(out);
  EXPECT_EQ(sidecar["frames"], source->info().frame_count);
  EXPECT_EQ(source->Read(0, source->info().frame_count).size(), sidecar["frames"].get<std::size_t>());  // each decodes
}

TEST(Capture, ReplacesAnOlderCaptureOnlyWhenToldAndNeverOtherImages) {
  MIRST_REQUIRE_FFMPEG();
  const TemporaryFolder folder;
  const std::string video = (folder.path() / "in.mkv").string(), out = (folder.path() / "out").string();
  ASSERT_EQ(RunProgram(Sender("0.4", {"-c:v", "ffv1", video}), {.program = kFfmpeg}).exit_code, 0);
  ASSERT_EQ(RunProgram({"capture", video, "--out", out}).exit_code, 0);
  const ProgramResult again = RunProgram({"capture", video, "--out", out});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_THAT(again.err, HasSubstr("is there already"));
  EXPECT_EQ(RunProgram({"capture", video, "--out", out, "--force", "--count", "3"}).exit_code, 0);
  EXPECT_EQ(OpenFolderSource(out)->info().frame_count, 3);
  std::filesystem::remove(std::filesystem::path(out) / "capture.json");
  EXPECT_EQ(RunProgram({"capture", video, "--out", out, "--force"}).exit_code, 3);
}

TEST(Capture, SaysInOneSentenceThatASourceCannotBeOpened) {
  const TemporaryFolder folder;
  const ProgramResult result = RunProgram({"capture", "/nowhere.mkv", "--out", (folder.path() / "out").string()});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("mirst: error: /nowhere.mkv: no camera, stream or pipeline"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "out"));
}

TEST(Capture, CountsTheFramesThatGapsInTheTimeStampsLack) {
  EXPECT_EQ(MissingFrames({0, 1, 2, 3, 4}), 0);
  EXPECT_EQ(MissingFrames({0, 1, 2, 5, 6, 7, 9}), 3);  // 3 and 4, 8
  EXPECT_EQ(MissingFrames({0, 7}), 0);
}

}  // namespace
}  // namespace mirst::test
