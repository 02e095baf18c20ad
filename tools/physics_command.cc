// `mirst physics`: the numbers behind the templates, to be checked by hand or against other programs.
#include "tools/physics_command.h"

namespace mirst {

void AddPhysicsCommand(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("physics", "Print what the physics says: radiance, atmosphere, point spread");
  command->footer(
      "Examples:\n  mirst physics radiance --band 3-5 --temperature 300\n"
      "  mirst physics atmosphere --profile us76 --band 8-12 --range-km 5\n"
      "  mirst physics psf --f-number 2 --band 3-5 --pitch-um 15");
  command->require_subcommand(1);
  AddPhysicsRadiance(*command);
  AddPhysicsAtmosphere(*command);
  AddPhysicsPsf(*command);
}

}  // namespace mirst
