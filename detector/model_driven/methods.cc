#include "detector/model_driven/methods.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"

namespace mirst {

void Visit(OptionsVisitor& visitor, ModelDrivenOptions& options) {
  visitor.Group("segmentation", options.segmentation, "From responses to masks");
  visitor.Group("top_hat", options.top_hat, "Top-Hat");
  visitor.Group("ipi", options.ipi, "IPI");
  visitor.Group("pstnn", options.pstnn, "PSTNN");
  visitor.Group("wslcm", options.wslcm, "WSLCM");
  visitor.Group("wsnm_stipt", options.wsnm_stipt, "WSNM-STIPT");
  visitor.Group("asttv_ntla", options.asttv_ntla, "ASTTV-NTLA");
  visitor.Group("imnn_lwec", options.imnn_lwec, "IMNN-LWEC");
}

void AddFaults(OptionsReader& reader, const ModelDrivenOptions& options) {
  if (options.top_hat.size_px % 2 == 0) reader.AddFault("top_hat.size_px", "must be odd");
  const WslcmOptions& wslcm = options.wslcm;
  if (wslcm.least_cell_px % 2 == 0) reader.AddFault("wslcm.least_cell_px", "must be odd");
  if (wslcm.largest_cell_px % 2 == 0) reader.AddFault("wslcm.largest_cell_px", "must be odd");
  if (wslcm.largest_cell_px < wslcm.least_cell_px)
    reader.AddFault("wslcm.largest_cell_px", "must not be smaller than wslcm.least_cell_px");
}

const std::vector<std::string>& ModelDrivenMethods() {
  static const std::vector<std::string> names = {"top_hat", "top_hat_dark", "ipi",        "pstnn",
                                                 "wslcm",   "wsnm_stipt",   "asttv_ntla", "imnn_lwec"};
  return names;
}

std::unique_ptr<ModelDrivenDetector> MakeModelDrivenDetector(const std::string& method,
                                                             const ModelDrivenOptions& options) {
  if (method == "top_hat") return std::make_unique<TopHatDetector>(options.top_hat);
  if (method == "top_hat_dark") {
    TopHatOptions dark = options.top_hat;
    dark.polarity = TargetPolarity::kDark;
    return std::make_unique<TopHatDetector>(dark);
  }
  if (method == "ipi") return std::make_unique<IpiDetector>(options.ipi);
  if (method == "pstnn") return std::make_unique<PstnnDetector>(options.pstnn);
  if (method == "wslcm") return std::make_unique<WslcmDetector>(options.wslcm);
  if (method == "wsnm_stipt") return std::make_unique<WsnmStiptDetector>(options.wsnm_stipt);
  if (method == "asttv_ntla") return std::make_unique<AsttvNtlaDetector>(options.asttv_ntla);
  if (method == "imnn_lwec") return std::make_unique<ImnnLwecDetector>(options.imnn_lwec);
  throw UsageError(fmt::format("no method '{}', allowed: {}", method, fmt::join(ModelDrivenMethods(), ", ")));
}

void SetIterations(ModelDrivenOptions& options, const std::string& method, int iterations) {
  if (method == "ipi")
    options.ipi.iterations = iterations;
  else if (method == "pstnn")
    options.pstnn.iterations = iterations;
  else if (method == "wsnm_stipt")
    options.wsnm_stipt.iterations = iterations;
  else if (method == "asttv_ntla")
    options.asttv_ntla.iterations = iterations;
  else if (method == "imnn_lwec")
    options.imnn_lwec.iterations = iterations;
  else
    throw UsageError(fmt::format("{} does not iterate: --iterations has no meaning for it", method));
}

}  // namespace mirst
