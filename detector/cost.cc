#include "detector/cost.h"

#include <ATen/record_function.h>
#include <torch/torch.h>

#include <memory>
#include <set>
#include <string_view>

#include "detector/network/window_convolution.h"

namespace mirst {
namespace {

/// One count in progress. The observer's callbacks carry no data of their own, so they find it by the thread.
struct Counting {
  MacCount count;
  std::set<const void*> weights;  // where their values begin
};
thread_local Counting* counting = nullptr;

std::unique_ptr<at::ObserverContext> Begin(const at::RecordFunction& /*function*/) { return nullptr; }

void AddProduct(const torch::Tensor& left, const torch::Tensor& right) {
  const std::int64_t macs = left.numel() * right.size(-1);
  const auto is_weight = [](const torch::Tensor& factor) { return counting->weights.count(factor.data_ptr()) != 0; };
  const bool linear_layer = is_weight(left) || is_weight(right);
  (linear_layer ? counting->count.layers : counting->count.products) += macs;
}

/// Adds an operator's MACs when it has run: its inputs, and for convolutions the size of its output, tell them.
void End(const at::RecordFunction& function, at::ObserverContext* /*context*/) {
  const std::string_view name = function.name();
  const auto input = [&](std::size_t i) { return function.inputs()[i].toTensor(); };
  if (name == "aten::convolution") {
    const torch::Tensor weight = input(1);
    const bool transposed = function.inputs()[6].toBool();
    const torch::Tensor anchor = transposed ? input(0) : function.outputs()[0].toTensor();
    counting->count.layers += anchor.numel() * (weight.numel() / weight.size(0));
  } else if (name == "aten::mm" || name == "aten::bmm") {
    AddProduct(input(0), input(1));
  } else if (name == "aten::addmm" || name == "aten::baddbmm") {
    AddProduct(input(1), input(2));
  }
}

/// Listens to the thread's operators while it lives.
class Observer {
 public:
  explicit Observer(Counting& state)
      : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(&Begin, &End)
                                               .needsInputs(true)
                                               .needsOutputs(true)
                                               .scopes({at::RecordScope::FUNCTION}))) {
    counting = &state;
  }
  ~Observer() {
    at::removeCallback(handle_);
    counting = nullptr;
  }
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

 private:
  at::CallbackHandle handle_;
};

}  // namespace

MacCount CountMacs(const std::vector<torch::Tensor>& weights, const std::function<void()>& run) {
  Counting state;
  for (const torch::Tensor& weight : weights) state.weights.insert(weight.data_ptr());
  const WithoutDirectKernels observed;  // the observer sees LibTorch's operators only
  const Observer observer(state);
  run();
  return state.count;
}

}  // namespace mirst
