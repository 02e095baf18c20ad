# The warnings that every mirst target is compiled with; -Werror in presets only (MIRST_WERROR).
add_library(mirst_warnings INTERFACE)
target_compile_options(mirst_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Wunused -Woverloaded-virtual -Wdouble-promotion -Wformat=2 -Wimplicit-fallthrough
  $<$<BOOL:${MIRST_WERROR}>:-Werror>)
