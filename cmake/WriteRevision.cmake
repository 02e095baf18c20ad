# cmake -DSOURCE=... -DOUTPUT=... -DVERSION=... -P WriteRevision.cmake: writes the header OUTPUT with the program's version and
# the git revision of SOURCE; leaves it untouched when nothing has changed, so that a build without changes compiles nothing.
function(git result)
  execute_process(COMMAND git -C "${SOURCE}" --no-optional-locks ${ARGN}
                  OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    set(output "failed")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

set(revision "unknown")
git(prefix rev-parse --show-prefix)  # empty at the top of a repository: sources unpacked inside another one do not count
if(prefix STREQUAL "")
  git(head rev-parse --short HEAD)
  if(NOT head STREQUAL "failed")
    set(revision "${head}")
    git(changes status --porcelain --untracked-files=no)
    if(NOT changes STREQUAL "")
      string(APPEND revision "-dirty")
    endif()
  endif()
else()
  file(READ "${SOURCE}/cmake/archive_revision.txt" archived)  # `git archive` writes the revision into it
  string(STRIP "${archived}" archived)
  if(archived MATCHES "^[0-9a-f]+$")
    set(revision "${archived}")
  endif()
endif()

file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [[#pragma once
#define MIRST_VERSION "@VERSION@"
#define MIRST_GIT_REVISION "@revision@"
]])
