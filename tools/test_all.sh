#!/usr/bin/env bash
# All tests, the long ones too (labels slow, browser, cluster, fuzz).
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/test.sh" --all
