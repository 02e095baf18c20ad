#!/usr/bin/env bash
# What PSTFNet learns in an hour on two cores: makes a set over real backgrounds, trains the network and its own backbone
# with the same steps, and scores both on the test split beside classical methods at one false-alarm rate, the network also
# with frames in random order, and on real clips of other videos. The table is the last thing printed, and OUT/table.md.
#   tools/train_small.sh --mirst build/release/bin/mirst --data DIR [--out DIR] [--tiny]
# DIR holds backgrounds/hdd-* (sequences), models/ and benchmarks/hdd-* (clips with boxes.csv). --tiny: a few steps on a few
# frames, to see that everything runs; its numbers mean nothing. THREADS (default 2); METHODS: the classical methods.
# Run again, it goes on where it was: finished parts are kept, a training that was cut off is resumed.
set -euo pipefail

usage() {
  echo "usage: tools/train_small.sh --mirst PROGRAM --data DIR [--out DIR] [--tiny]" >&2
  exit 2
}
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=out/train_small
mirst= data= tiny=
while (($# > 0)); do
  case $1 in
    --mirst | --data | --out)
      [[ -n ${2:-} ]] || usage
      declare "${1#--}=$2"
      shift
      ;;
    --tiny) tiny=1 ;;
    *) usage ;;
  esac
  shift
done
[[ -n $mirst && -n $data ]] || usage
data=$(realpath "$data")
threads=${THREADS:-2}
read -r -a methods <<<"${METHODS:-top_hat pstnn wslcm imnn_lwec}"
set_options=() train_options=()
if [[ -n $tiny ]]; then
  set_options=(--set sequences=12 --set 'frames=[8,8]' --set scr.placements=8 --set 'quota.area_edges_px=[1,81]'
    --set 'quota.scr_edges=[0.5,8]')
  train_options=(--set steps=4 --set log_every_steps=1 --set validation.every_steps=2)
  methods=(top_hat)
fi
mkdir -p "$out"

step() {  # WHAT COMMAND...: says what it does and how long it took
  local what=$1 start=$SECONDS
  shift
  echo "train_small: $what" >&2
  "$@"
  echo "train_small: $what: $((SECONDS - start)) s" >&2
}
run() { "$mirst" "$@" --threads "$threads" --quiet; }

if [[ ! -e $out/set/manifest.json ]]; then
  step "make the set" run generate --config "$repository/configs/pstfnet_small_set.yaml" \
    --backgrounds "$data"/backgrounds/hdd-* --models "$data"/models --out "$out/set" --resume "${set_options[@]}"
fi
train() {  # NAME OPTIONS...
  local name=$1
  shift
  step "train $name" run train --config "$repository/configs/train/pstfnet_small.yaml" --data "$out/set" \
    --out "$out/$name" --resume "${train_options[@]}" "$@" >"$out/$name.txt"
}
train network
# The backbone is faster: the network's steps, not its time.
steps=$(/usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["steps"])' "$out/network/last.json")
train backbone --set network.first_ptam_level=5 --set network.msfm=false --set "steps=$steps" --set limit_minutes=null

evaluate() {  # NAME ARGUMENTS...
  local name=$1
  shift
  [[ -e $out/scores/$name/scores.json ]] ||
    step "score $name" run evaluate --out "$out/scores/$name" --pictures 0 "$@" >/dev/null
}
on_test=(--data "$out/set" --fa 2e-5 --fa 1e-5)
evaluate network "${on_test[@]}" --weights "$out/network/best.safetensors"
evaluate shuffled "${on_test[@]}" --weights "$out/network/best.safetensors" --shuffle-frames 1
evaluate backbone "${on_test[@]}" --weights "$out/backbone/best.safetensors"
for method in "${methods[@]}"; do evaluate "$method" "${on_test[@]}" --method "$method"; done

# Clips of other videos than the set's backgrounds, as one data set; their loose boxes are what P5 asks for.
if [[ ! -e $out/clips/manifest.json ]]; then
  clips=("$data"/benchmarks/hdd-{clips/*,airliner-cloud,birds-multi,helicopter-cloud,quadrotor}/)
  if [[ -n $tiny ]]; then clips=("${clips[@]:0:2}"); fi
  mkdir -p "$out/clip_links"
  ln -sfn -t "$out/clip_links" "${clips[@]%/}"
  step "convert the clips" run convert "$out/clip_links" "$out/clips" --to native --force
fi
for name in network backbone; do
  evaluate "clips-$name" --data "$out/clips" --split train --weights "$out/$name/best.safetensors"
done
evaluate clips-top_hat --data "$out/clips" --split train --method top_hat

/usr/bin/python3 "$repository/tools/train_small_table.py" "$out/scores" | tee "$out/table.md"
