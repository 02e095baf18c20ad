#include "detector/process_group.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/version.h>

#include "core/error.h"

namespace mirst {
namespace {

#if TORCH_VERSION_MAJOR >= 2
using Backend = c10d::Backend;
#else
using Backend = c10d::ProcessGroup;
#endif

// NOLINTNEXTLINE: one group a program, as its processes were started together
ProcessGroup* current_group = nullptr;

std::string Reason(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

/// c10d and Gloo throw a number of unrelated types.
template <class Function>
decltype(auto) AmongProcesses(const ProcessPlace& place, Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw BadInput(fmt::format(
        "process {} of {}: another process of this training has ended or gives no answer; start all of them "
        "again with --resume ({})",
        place.rank, place.size, Reason(error)));
  }
}

c10::intrusive_ptr<Backend> MakeGloo(const c10::intrusive_ptr<c10d::Store>& store, const ProcessPlace& place,
                                     std::chrono::milliseconds timeout) {
  using Gloo = c10d::ProcessGroupGloo;
  const auto options = Gloo::Options::create(timeout);
  options->threads = 2;
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");  // the name that PyTorch gave it
  const bool one_machine = place.address == "127.0.0.1" || place.address == "localhost" || place.address == "::1";
  options->devices.push_back(interface != nullptr ? Gloo::createDeviceForInterface(interface)
                             : one_machine        ? Gloo::createDeviceForHostname(place.address)
                                                  : Gloo::createDefaultDevice());
  return c10::make_intrusive<Gloo>(store, place.rank, place.size, options);
}

c10::intrusive_ptr<Backend> MakeBackend(const c10::intrusive_ptr<c10d::Store>& store, const ProcessPlace& place,
                                        c10::Device device, std::chrono::milliseconds timeout) {
  if (device.is_cpu()) return MakeGloo(store, place, timeout);
#ifdef USE_C10D_NCCL
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = timeout;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, place.rank, place.size, options);
#else
  throw UsageError("this build of LibTorch has no NCCL, so several processes can train on CPUs only; use --device cpu");
#endif
}

class PendingWork final : public ProcessGroup::Pending {
 public:
  PendingWork(const ProcessPlace& place, c10::intrusive_ptr<c10d::Work> work) : place_(place), work_(std::move(work)) {}
  void Wait() override {
    AmongProcesses(place_, [&] { work_->wait(); });
  }

 private:
  const ProcessPlace& place_;
  c10::intrusive_ptr<c10d::Work> work_;
};

}  // namespace

struct ProcessGroup::State {
  c10::intrusive_ptr<c10d::TCPStore> store;
  c10::intrusive_ptr<Backend> at_once, pending;  // the order of calls matters within each alone
};

ProcessGroup::ProcessGroup(const ProcessPlace& place, c10::Device device, std::chrono::milliseconds timeout)
    : place_(place), state_(std::make_unique<State>()) {
  if (current_group != nullptr) throw InternalError("this program already belongs to a group of processes");
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(place.port);
  options.isServer = place.rank == 0;
  options.numWorkers = static_cast<std::size_t>(place.size);
  options.timeout = timeout;
  try {
    state_->store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
    const c10::intrusive_ptr<c10d::Store> store = state_->store;
    state_->at_once = MakeBackend(c10::make_intrusive<c10d::PrefixStore>("at_once", store), place, device, timeout);
    state_->pending = MakeBackend(c10::make_intrusive<c10d::PrefixStore>("pending", store), place, device, timeout);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw BadInput(fmt::format("process {} of {} did not meet the others at {}:{} within {} s ({})", place.rank,
                               place.size, place.address, place.port,
                               std::chrono::duration_cast<std::chrono::seconds>(timeout).count(), Reason(error)));
  }
  current_group = this;
}

ProcessGroup::~ProcessGroup() { current_group = nullptr; }

void ProcessGroup::Sum(torch::Tensor& values) {
  AmongProcesses(place_, [&] {
    std::vector<torch::Tensor> tensors{values};
    state_->at_once->allreduce(tensors)->wait();
  });
}

std::unique_ptr<ProcessGroup::Pending> ProcessGroup::StartSum(torch::Tensor& values) {
  return AmongProcesses(place_, [&]() -> std::unique_ptr<Pending> {
    std::vector<torch::Tensor> tensors{values};
    return std::make_unique<PendingWork>(place_, state_->pending->allreduce(tensors));
  });
}

std::string ProcessGroup::Tell(const std::string& key, const std::optional<std::string>& text) {
  constexpr std::chrono::hours kLong{24 * 30};
  return AmongProcesses(place_, [&] {
    if (text) {
      state_->store->set(key, std::vector<std::uint8_t>(text->begin(), text->end()));
      return *text;
    }
    state_->store->wait({key}, kLong);
    const std::vector<std::uint8_t> told = state_->store->get(key);
    return std::string(told.begin(), told.end());
  });
}

ProcessGroup* CurrentProcessGroup() { return current_group; }

int ProcessCount() { return current_group != nullptr ? current_group->size() : 1; }

torch::Tensor SumOverProcesses(const torch::Tensor& values) {
  if (current_group == nullptr) return values.detach();
  torch::Tensor sum = values.detach().clone(at::MemoryFormat::Contiguous);
  current_group->Sum(sum);
  return sum;
}

}  // namespace mirst
