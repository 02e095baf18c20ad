// What a cell's own process is told to do: score a detector on a data set, or time it. A file of JSON between
// `mirst bench` and the process that it starts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mirst {

struct BenchmarkJob {
  std::string detector;                  ///< id in the scores
  std::string weights;                   ///< a checkpoint ...
  std::string method;                    ///< ... or a classical method
  std::vector<std::string> assignments;  ///< options of the method, KEY=VALUE
  std::string data, split;               ///< native set; split empty: all
  bool validation = false;               ///< thresholds from the val split
  bool single_frame = false;             ///< each frame is a sequence of its own
  std::string masks;                     ///< second mask convention
  int pictures = 0;                      ///< frames whose masks are written into out/examples
  int speed_frames = 0;                  ///< > 0: time so many frames in place of scoring
  std::string device = "auto";
  std::string out;  ///< folder of the scores
};

std::string ToJson(const BenchmarkJob& job);
/// Throws kBadInput.
BenchmarkJob ParseBenchmarkJob(const std::string& text);

/// What a timing found.
struct SpeedRecord {
  double p50_ms = 0, p95_ms = 0;  ///< of a frame; of a method of several frames its window's time by their number
  double peak_mib = 0;            ///< largest resident memory of the process
  int frames = 0, width = 0, height = 0, threads = 0;
  std::string device;
};
std::string ToJson(const SpeedRecord& speed);
SpeedRecord ParseSpeedRecord(const std::string& text);

}  // namespace mirst
