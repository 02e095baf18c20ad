// Messages for people, on standard error (spdlog): "mirst: warning: ...". Results never go here.
#pragma once

#include <string_view>

namespace mirst {

enum class LogLevel { kQuiet, kNormal, kVerbose };

void SetLogLevel(LogLevel level);
void LogDebug(std::string_view message);    ///< shown by --verbose only
void LogInfo(std::string_view message);     ///< hidden by --quiet
void LogWarning(std::string_view message);  ///< always shown

}  // namespace mirst
