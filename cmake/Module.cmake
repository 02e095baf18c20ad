# mirst_module(NAME HEADERS ... SOURCES ... [PUBLIC targets...] [PRIVATE targets...])
# One folder = one static library mirst_NAME with the alias mirst::NAME. Headers and sources lie side by side; every
# header must compile alone (target all_verify_interface_header_sets). Pixels must not depend on the instruction set:
# no contraction of a * b + c into one rounding.
function(mirst_module NAME)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(mirst_${NAME} STATIC ${ARG_SOURCES})
  add_library(mirst::${NAME} ALIAS mirst_${NAME})
  set_target_properties(mirst_${NAME} PROPERTIES EXPORT_NAME ${NAME} VERIFY_INTERFACE_HEADER_SETS ON)
  target_compile_features(mirst_${NAME} PUBLIC cxx_std_20)
  target_sources(mirst_${NAME} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${ARG_HEADERS})
  target_compile_options(mirst_${NAME} PRIVATE -ffp-contract=off)
  target_link_libraries(mirst_${NAME} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:mirst_warnings>)
  set_property(GLOBAL APPEND PROPERTY MIRST_MODULES mirst_${NAME})
endfunction()
