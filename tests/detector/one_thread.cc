// Tests of the detector run LibTorch on one thread: several test programs share the machine, and waiting threads of one
// slow all others down.
#include <gtest/gtest.h>
#include <torch/torch.h>

namespace {

class OneThread : public testing::Environment {
 public:
  void SetUp() override { torch::set_num_threads(1); }
};

[[maybe_unused]] const testing::Environment* const one_thread = testing::AddGlobalTestEnvironment(new OneThread);

}  // namespace
