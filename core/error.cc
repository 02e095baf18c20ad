#include "core/error.h"

namespace mirst {

Error::Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) { ComposeText(); }

void Error::AddContext(std::string context) {
  context_.push_back(std::move(context));
  ComposeText();
}

void Error::ComposeText() {
  text_.clear();
  for (auto it = context_.rbegin(); it != context_.rend(); ++it) text_ += *it + ": ";
  text_ += message_;
}

Error UsageError(std::string message) { return {ErrorCode::kUsage, std::move(message)}; }
Error BadInput(std::string message) { return {ErrorCode::kBadInput, std::move(message)}; }
Error InternalError(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }

}  // namespace mirst
