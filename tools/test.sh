#!/usr/bin/env bash
# Sets up, builds (preset release) and runs the tests; the last line is 'N passed, N failed, N skipped'.
#   tools/test.sh                all tests but the long ones (labels slow, browser, cluster, fuzz)
#   tools/test.sh --all          the long ones too (tools/test_all.sh); browser needs the Debian package chromium, which is
#                                not installed for it: without it that test is skipped
# JOBS sets the number of parallel compilations and tests (default 2).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${JOBS:-2}
selection=(--label-exclude '^(slow|browser|cluster|fuzz)$')
case "${1:-}" in
  "") ;;
  --all) selection=() ;;
  *) echo "usage: tools/test.sh [--all]" >&2; exit 2 ;;
esac

tools/setup.sh
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
cmake --preset release
cmake --build --preset release --parallel "$jobs"

results=$PWD/build/release/ctest.xml
rm -f "$results"
status=0
ctest --preset release --parallel "$jobs" "${selection[@]}" --no-tests=error --output-junit "$results" || status=$?

# A test that could not be run at all counts as failed; only what skipped itself is skipped.
count() { grep -Ec "$1" "$results" 2>/dev/null || true; }
passed=$(count '^	<testcase .* status="run">$')
skipped=$(count '^		<skipped message="SKIP_')
failed=$(($(count '^	<testcase ') - passed - skipped))
if [[ ! -s $results || (status -ne 0 && failed -eq 0) ]]; then failed=$((failed + 1)); fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$((status != 0 || failed != 0))"
