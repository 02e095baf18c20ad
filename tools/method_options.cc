#include "tools/method_options.h"

namespace mirst {

void AddMethodOptions(CLI::App& command, CommonFlags& flags) {
  command.add_option("--method-config", flags.config, "Read options of the classical methods from this YAML file")
      ->type_name("FILE");
  command
      .add_option("--set", flags.assignments,
                  "Set one option of a classical method over the file's value, e.g. --set ipi.patch_px=40; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_flag("--print-config", flags.print_config, "Print the methods' resolved options as YAML and stop");
}

ModelDrivenOptions ReadMethodOptions(const CommonFlags& flags) {
  return ReadOptions<ModelDrivenOptions>(LoadConfig(flags));
}

}  // namespace mirst
