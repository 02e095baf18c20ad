// The model-driven methods by name, with all their options: published parameters are the defaults.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config.h"
#include "detector/model_driven/asttv_ntla.h"
#include "detector/model_driven/detector.h"
#include "detector/model_driven/imnn_lwec.h"
#include "detector/model_driven/ipi.h"
#include "detector/model_driven/pstnn.h"
#include "detector/model_driven/segmentation.h"
#include "detector/model_driven/top_hat.h"
#include "detector/model_driven/wslcm.h"
#include "detector/model_driven/wsnm_stipt.h"

namespace mirst {

struct ModelDrivenOptions {
  SegmentationOptions segmentation;
  TopHatOptions top_hat;
  IpiOptions ipi;
  PstnnOptions pstnn;
  WslcmOptions wslcm;
  WsnmStiptOptions wsnm_stipt;
  AsttvNtlaOptions asttv_ntla;
  ImnnLwecOptions imnn_lwec;
  friend bool operator==(const ModelDrivenOptions&, const ModelDrivenOptions&) = default;
};
void Visit(OptionsVisitor& visitor, ModelDrivenOptions& options);
void AddFaults(OptionsReader& reader, const ModelDrivenOptions& options);

/// "top_hat", "top_hat_dark", "ipi", "pstnn", "wslcm", "wsnm_stipt", "asttv_ntla", "imnn_lwec".
const std::vector<std::string>& ModelDrivenMethods();

/// Throws kUsage for an unknown name.
std::unique_ptr<ModelDrivenDetector> MakeModelDrivenDetector(const std::string& method,
                                                             const ModelDrivenOptions& options = {});

/// Sets the number of iterations of `method`. Throws kUsage for a method that does not iterate.
void SetIterations(ModelDrivenOptions& options, const std::string& method, int iterations);

}  // namespace mirst
