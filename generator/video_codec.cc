#include "generator/video_codec.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "core/error.h"
#include "core/file.h"

extern char** environ;

namespace mirst {
namespace {

// Runs a program to its end; its standard error goes to `log`. Throws kBadInput.
void RunProgram(std::vector<std::string> arguments, const std::filesystem::path& log) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t process = 0;
  const int fault = posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (fault != 0) {
    throw BadInput(fmt::format("codec.enabled needs the program {}, which cannot be started: {}", arguments.front(),
                               std::generic_category().message(fault)));
  }
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string words = ReadFile(log);
  std::replace(words.begin(), words.end(), '\n', ' ');
  throw BadInput(fmt::format("{} failed: {}", arguments.front(),
                             words.substr(words.size() - std::min<std::size_t>(words.size(), 300))));
}

}  // namespace

std::vector<Image<float>> PassThroughCodec(const std::vector<Image<float>>& frames, const CodecOptions& options) {
  static constexpr std::array<const char*, 3> kPresets = {"veryfast", "medium", "slow"};
  if (frames.empty()) return {};
  const int height = frames.front().height(), width = frames.front().width();
  const TemporaryFolder folder;
  const std::string raw = (folder.path() / "in.gray").string(), video = (folder.path() / "video.mkv").string(),
                    decoded = (folder.path() / "out.gray").string();
  std::string bytes;
  for (const Image<float>& frame : frames) {
    for (const float value : frame) bytes.push_back(static_cast<char>(static_cast<unsigned char>(value)));
  }
  WriteFileAtomically(raw, bytes);
  const std::vector<std::string> start = {"ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-threads", "1"};
  const auto run = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> all = start;
    all.insert(all.end(), arguments.begin(), arguments.end());
    RunProgram(std::move(all), folder.path() / "log.txt");
  };
  // Full range: without it the decoder would stretch 16 ... 235 to 0 ... 255.
  run({"-f",           "rawvideo",
       "-pix_fmt",     "gray",
       "-s",           fmt::format("{}x{}", width, height),
       "-r",           "25",
       "-i",           raw,
       "-c:v",         "libx264",
       "-pix_fmt",     "gray",
       "-color_range", "pc",
       "-preset",      kPresets[static_cast<std::size_t>(options.preset)],
       "-crf",         fmt::format("{}", options.crf),
       "-threads",     "1",
       video});
  run({"-i", video, "-f", "rawvideo", "-pix_fmt", "gray", "-vsync", "passthrough", decoded});
  bytes = ReadFile(decoded);
  if (bytes.size() != frames.size() * frames.front().size()) {
    throw BadInput(fmt::format("ffmpeg gave back {} bytes, expected {} frames of {} x {} px", bytes.size(),
                               frames.size(), width, height));
  }
  std::vector<Image<float>> result(frames.size(), Image<float>(height, width));
  std::size_t next = 0;
  for (Image<float>& frame : result) {
    for (float& value : frame) value = static_cast<float>(static_cast<unsigned char>(bytes[next++]));
  }
  return result;
}

}  // namespace mirst
