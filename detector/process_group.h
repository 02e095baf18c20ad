// The processes that train one network together: which of them this one is, and sums over all of them (LibTorch's c10d:
// Gloo on CPUs, NCCL on GPUs). Everything here is the identity in a program that runs alone.
#pragma once

#include <torch/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mirst {

struct ProcessPlace {
  int rank = 0;  ///< 0 .. size - 1; 0 writes files and speaks
  int size = 1;
  int local_rank = 0;   ///< among those on the same machine: the number of its GPU
  std::string address;  ///< of the process with rank 0
  int port = 0;
  friend bool operator==(const ProcessPlace&, const ProcessPlace&) = default;
};

/// From the environment that torchrun (RANK, WORLD_SIZE, LOCAL_RANK), Open MPI's mpirun (OMPI_COMM_WORLD_*), srun
/// (SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID) or Hydra's mpiexec (PMI_*) give their processes, the first that
/// is set; MASTER_ADDR and MASTER_PORT say where rank 0 is found and may be left out on one machine and under srun.
/// `get` returns a variable's value, null where it is not set. Throws kUsage for what does not agree.
ProcessPlace PlaceFromEnvironment(const std::function<const char*(const char*)>& get);

class ProcessGroup {
 public:
  /// Meets the others, all of which must come within `timeout`, and becomes the group of this program while it lives.
  /// Later, a process that gives no answer for `timeout` counts as dead. Throws kBadInput (nobody there, another group
  /// alive) and kUsage where this build of LibTorch has no backend for `device`.
  ProcessGroup(const ProcessPlace& place, c10::Device device, std::chrono::milliseconds timeout);
  ~ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  int rank() const { return place_.rank; }
  int size() const { return place_.size; }

  /// Takes the place of `values` (on the group's device, contiguous) by their sum over all processes. The same bits in
  /// all of them, and at every run with as many. All processes must call in the same order. Throws kBadInput when
  /// another process has died.
  void Sum(torch::Tensor& values);

  /// The same without waiting; the order counts among the calls of StartSum only.
  class Pending {
   public:
    virtual ~Pending() = default;
    virtual void Wait() = 0;  ///< throws as Sum
  };
  std::unique_ptr<Pending> StartSum(torch::Tensor& values);

  /// What rank 0 told under `key`, once it has: waits as long as rank 0 lives. Rank 0 gives a text, the others nothing.
  /// A key serves once.
  std::string Tell(const std::string& key, const std::optional<std::string>& text);

 private:
  struct State;
  ProcessPlace place_;
  std::unique_ptr<State> state_;
};

/// The group of this program; null where it runs alone.
ProcessGroup* CurrentProcessGroup();
/// 1 where it runs alone.
int ProcessCount();
/// The sum over all processes, no part of any gradient.
torch::Tensor SumOverProcesses(const torch::Tensor& values);

}  // namespace mirst
