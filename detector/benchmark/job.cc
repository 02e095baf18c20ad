#include "detector/benchmark/job.h"

#include "core/json.h"

namespace mirst {

std::string ToJson(const BenchmarkJob& job) {
  return Dump({{"detector", job.detector},
               {"weights", job.weights},
               {"method", job.method},
               {"assignments", job.assignments},
               {"data", job.data},
               {"split", job.split},
               {"validation", job.validation},
               {"single_frame", job.single_frame},
               {"masks", job.masks},
               {"pictures", job.pictures},
               {"speed_frames", job.speed_frames},
               {"device", job.device},
               {"out", job.out}},
              1) +
         "\n";
}

BenchmarkJob ParseBenchmarkJob(const std::string& text) {
  const Json json = ParseJson(text);
  BenchmarkJob job;
  job.detector = Get<std::string>(json, "detector");
  job.weights = Get<std::string>(json, "weights");
  job.method = Get<std::string>(json, "method");
  job.assignments = Get<std::vector<std::string>>(json, "assignments");
  job.data = Get<std::string>(json, "data");
  job.split = Get<std::string>(json, "split");
  job.validation = Get<bool>(json, "validation");
  job.single_frame = Get<bool>(json, "single_frame");
  job.masks = Get<std::string>(json, "masks");
  job.pictures = Get<int>(json, "pictures");
  job.speed_frames = Get<int>(json, "speed_frames");
  job.device = Get<std::string>(json, "device");
  job.out = Get<std::string>(json, "out");
  return job;
}

std::string ToJson(const SpeedRecord& speed) {
  return Dump({{"p50_ms", speed.p50_ms},
               {"p95_ms", speed.p95_ms},
               {"peak_mib", speed.peak_mib},
               {"frames", speed.frames},
               {"width", speed.width},
               {"height", speed.height},
               {"threads", speed.threads},
               {"device", speed.device}});
}

SpeedRecord ParseSpeedRecord(const std::string& text) {
  const Json json = ParseJson(text);
  return {Get<double>(json, "p50_ms"), Get<double>(json, "p95_ms"),     Get<double>(json, "peak_mib"),
          Get<int>(json, "frames"),    Get<int>(json, "width"),         Get<int>(json, "height"),
          Get<int>(json, "threads"),   Get<std::string>(json, "device")};
}

}  // namespace mirst
