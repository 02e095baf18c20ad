#!/usr/bin/env bash
# From nothing to a report: installs what is missing, builds, makes a small data set and its contact sheet, trains PSTFNet
# on it for some minutes, and evaluates it beside Top-Hat. The last line is the report's path.
#   tools/demo.sh                                        procedural backgrounds and built-in models
#   tools/demo.sh --backgrounds DIR --models DIR         your own sequences and 3-D models (either alone, too)
#   tools/demo.sh --out DIR                              where the results go (default out/demo)
# A second run uses the build again and makes the results anew. JOBS sets the number of parallel compilations and threads
# (default 2), TRAIN_MINUTES the limit of the training (default 5).
set -euo pipefail

usage() {
  echo "usage: tools/demo.sh [--backgrounds DIR] [--models DIR] [--out DIR]" >&2
  exit 2
}
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$repository/out/demo
sources=()
while (($# > 0)); do
  case $1 in
    --backgrounds | --models | --out) [[ -n ${2:-} ]] || usage ;;&
    --backgrounds | --models)
      [[ -e $2 ]] || { echo "demo: error: $1 $2: no such file or folder" >&2; exit 3; }
      sources+=("$1" "$(realpath "$2")")
      ;;
    --out) out=$(realpath -m "$2") ;;
    *) usage ;;
  esac
  shift 2
done
cd "$repository"
jobs=${JOBS:-2}
mkdir -p "$out"
log=$out/build.log
: >"$log"

# step WHAT COMMAND...: says what it does, does it, and says how long it took.
step() {
  local what=$1 start=$SECONDS
  shift
  echo "demo: $what"
  "$@"
  echo "demo: $what: $((SECONDS - start)) s"
}
# The compiler's output goes to the log; it is shown where a build fails.
logged() {
  "$@" >>"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    echo "demo: error: '$*' failed; all of its output is in $log" >&2
    exit 3
  }
}
build() {
  logged cmake --preset release "-DMIRST_WITH_TORCH=$1"
  logged cmake --build --preset release --parallel "$jobs" --target mirst
}
mirst() { build/release/bin/mirst "$@" --threads "$jobs"; }

step "install missing packages" tools/setup.sh
begin=$SECONDS
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
# The first data set need not wait for the networks: what uses LibTorch is built afterwards, in the same folder.
if grep -qs '^MIRST_WITH_TORCH:BOOL=ON' build/release/CMakeCache.txt && [[ -x build/release/bin/mirst ]]; then
  step "build" build ON
else
  step "build all but the networks" build OFF
fi

step "make a data set" mirst generate --config configs/smoke.yaml "${sources[@]}" --out "$out/data" --force
step "draw its contact sheet" mirst preview "$out/data" --out "$out/contact_sheet.png" --force
echo "demo: data set and contact sheet $((SECONDS - begin)) s after the packages"

step "build the networks" build ON
step "measure the data set" mirst stats "$out/data" --out "$out/stats" --force
step "train PSTFNet, ${TRAIN_MINUTES:-5} minutes at most" mirst train --config configs/train/pstfnet_smoke.yaml \
  --set "limit_minutes=${TRAIN_MINUTES:-5}" --data "$out/data" --out "$out/pstfnet" --force
weights=$out/pstfnet/best.safetensors
[[ -e $weights ]] || weights=$out/pstfnet/last.safetensors
step "evaluate it beside Top-Hat on the test split" mirst evaluate --data "$out/data" --split test \
  --weights "$weights" --method top_hat --out "$out/scores" --force
mapfile -t test_sequences < <(sed "s|^|--input=$out/data/image/|" "$out/data/test.txt")
step "find the targets there frame by frame" mirst detect --weights "$weights" "${test_sequences[@]}" \
  --out "$out/pstfnet_masks" --force
step "write the report" mirst report "$out/data" --results "$out/scores" "$out/pstfnet_masks" --train "$out/pstfnet" \
  --out "$out/report" --force
echo "demo: done in $((SECONDS - begin)) s after the packages"
echo "$out/report/index.html"
