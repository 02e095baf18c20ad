#!/usr/bin/env bash
# Runs tools/cluster/generate_array.sh as a real array job on a Slurm of one node: four shards, one of them
# missing at first, then `mirst merge`; the manifest must be a single run's.
#   tools/cluster/slurm_test.sh MIRST
# Exit code 77 (skipped) where Slurm is not installed or root is not at hand.
set -euo pipefail
mirst=$(realpath "${1:?usage: tools/cluster/slurm_test.sh MIRST}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin
for program in munged slurmctld slurmd sbatch; do
  command -v "$program" >/dev/null || { echo "skipped: $program is missing (Debian: slurm-wlm, munge)"; exit 77; }
done
((EUID == 0)) || { echo "skipped: slurmd needs root"; exit 77; }

work=$(mktemp -d)
clean_up() {
  "$here/setup_slurm.sh" stop "$work/slurm"
  sleep 1
  rm -rf "$work"
}
trap clean_up EXIT
"$here/setup_slurm.sh" start "$work/slurm"
export SLURM_CONF=$work/slurm/slurm.conf MIRST=$mirst

cat >"$work/set.yaml" <<YAML
sequences: 12
frames: [16, 20]
target: {area_px: [2, 20]}
scr: {range: [1, 3]}
backgrounds:
  procedural_sources: 4
  procedural: {width: 128, height: 96, frame_count: 24}
YAML
"$mirst" generate --config "$work/set.yaml" --out "$work/single" --quiet >/dev/null

cd "$work"
# The array: shard 3 is left out, as if its node had failed.
first=$(sbatch --parsable --wait --array=0-2 --export=ALL,SHARDS=4 "$here/generate_array.sh" "$work/set.yaml" "$work/set")
cat mirst-"$first"_*.log
if "$mirst" merge "$work/set" 2>error.txt; then
  echo "slurm_test: error: a missing shard went unnoticed" >&2
  exit 1
fi
cat error.txt
second=$(sbatch --parsable --wait --array=0-3 "$here/generate_array.sh" "$work/set.yaml" "$work/set")
cat mirst-"$second"_*.log
third=$(sbatch --parsable --wait --output=merge.log --wrap "$mirst merge $work/set")
cat merge.log
cmp "$work/single/manifest.json" "$work/set/manifest.json"
echo "slurm_test: jobs $first, $second and $third made the data set of a single run"
