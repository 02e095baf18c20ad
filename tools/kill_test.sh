#!/usr/bin/env bash
# Proves that one data set comes out however it is made: threads 1 = threads 2 = 8 shards merged (in one folder, and from
# eight) = runs that are killed at random moments and resumed; and that a full disk and a folder that cannot be written
# end with a clear error after which the run can go on.
#   tools/kill_test.sh MIRST [KILLED_RUNS]    MIRST: the program; 20 killed runs unless told otherwise
# Prints a line a part and the id; exit code 1 at the first difference. The moments are drawn anew each time; SEED=n
# repeats one.
set -euo pipefail
mirst=$(realpath "${1:?usage: tools/kill_test.sh MIRST [KILLED_RUNS]}")
runs=${2:-20}
RANDOM=${SEED:-$$}
work=$(mktemp -d)
clean_up() {
  mountpoint -q "$work/disk" 2>/dev/null && umount "$work/disk"
  rm -rf "$work"
}
trap clean_up EXIT

options=(--quiet --pairs --set sequences=12 --set "frames=[8,10]" --set "target.area_px=[2,20]" --set "scr.range=[1,3]"
  --set "target.count=[1,2]" --set backgrounds.procedural_sources=4 --set backgrounds.procedural.width=128
  --set backgrounds.procedural.height=96 --set backgrounds.procedural.frame_count=12)
generate() { "$mirst" generate "${options[@]}" --out "$@"; }
id_of() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1] + "/manifest.json"))["dataset_id"])' "$1"; }
now_ms() { date +%s%3N; }
fail() {
  echo "kill_test: error: $*" >&2
  exit 1
}
expect_same() {  # NAME WHAT
  [[ $(id_of "$work/$1") == "$id" ]] || fail "$2: id $(id_of "$work/$1"), expected $id"
  cmp -s "$work/$1/manifest.json" "$work/one/manifest.json" || fail "$2: another manifest"
  [[ ! -e $work/$1/.journal && ! -e $work/$1/.partial && ! -e $work/$1/.mirst-unfinished ]] || fail "$2: remains"
  "$mirst" validate "$work/$1" --quiet >/dev/null || fail "$2: the data set is not valid"
  echo "same: $2"
}

start=$(now_ms)
generate "$work/one" --threads 1 >/dev/null
length_ms=$(($(now_ms) - start))
id=$(id_of "$work/one")
echo "id $id ($length_ms ms on one thread)"
generate "$work/two" --threads 2 >/dev/null
expect_same two "2 threads"
rm -rf "$work/two"

for i in {0..7}; do
  generate "$work/shared" --shard "$i/8" >/dev/null
  generate "$work/own-$i" --shard "$i/8" >/dev/null
done
"$mirst" merge "$work/shared" --quiet >/dev/null
expect_same shared "8 shards in one folder, merged"
"$mirst" merge "$work"/own-* --out "$work/own" --quiet >/dev/null
expect_same own "8 shards in folders of their own, merged"
rm -rf "$work/shared" "$work/own"

kills=0
for ((run = 1; run <= runs; ++run)); do
  out=$work/killed
  for ((try = 1; try <= 3; ++try)); do
    "$mirst" generate "${options[@]}" --out "$out" --resume >/dev/null 2>&1 &
    process=$!
    delay_ms=$((RANDOM * length_ms / 32768))
    sleep "$(printf '%d.%03d' $((delay_ms / 1000)) $((delay_ms % 1000)))"
    if kill -KILL "$process" 2>/dev/null; then kills=$((kills + 1)); fi
    wait "$process" 2>/dev/null || true
  done
  generate "$out" --resume >/dev/null || fail "run $run cannot be resumed"
  expect_same killed "run $run, killed up to three times and resumed"
  rm -rf "$out"
done
echo "$kills kills"

mkdir "$work/disk"
if mount -t tmpfs -o size=64m,nr_inodes=300 tmpfs "$work/disk" 2>/dev/null; then
  if generate "$work/disk/out" >/dev/null 2>"$work/error"; then fail "a full disk went unnoticed"; fi
  grep -q "No space left on device" "$work/error" || fail "full disk: $(<"$work/error")"
  [[ ! -e $work/disk/out/manifest.json ]] || fail "a full disk left a manifest"
  mount -o remount,nr_inodes=20000 "$work/disk"
  generate "$work/disk/out" --resume >/dev/null
  cp -r "$work/disk/out" "$work/full"
  expect_same full "the disk was full, then resumed"
  mount -o remount,ro "$work/disk"
  if generate "$work/disk/new" >/dev/null 2>"$work/error"; then fail "a read-only disk went unnoticed"; fi
  grep -q "Read-only file system" "$work/error" || fail "read-only: $(<"$work/error")"
  echo "refused: $(<"$work/error")"
else
  echo "skipped: a full and a read-only disk (mounting a tmpfs needs root)"
fi
echo "kill_test: one data set, id $id"
