#!/usr/bin/env bash
# One data set by a Slurm array job: each task makes a shard in one folder that all nodes share;
# `mirst merge` then puts them together. A task that is killed or requeued goes on where it was when it runs again.
#   sbatch --array=0-7 tools/cluster/generate_array.sh configs/shu_mirst.yaml /shared/set [more arguments of generate]
# Then: sbatch --dependency=afterok:JOBID --wrap 'mirst merge /shared/set'
# To run some tasks again: sbatch --array=3,5 --export=ALL,SHARDS=8 tools/cluster/generate_array.sh ... as before.
#SBATCH --job-name=mirst
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=mirst-%A_%a.log
set -euo pipefail
if (($# < 2)); then
  echo "usage: sbatch --array=0-LAST tools/cluster/generate_array.sh CONFIG OUT [arguments of mirst generate]" >&2
  exit 2
fi
config=$1
out=$2
shift 2
# Slurm sends SIGTERM before it kills: mirst then ends after the sequences in hand are dropped, whole ones stay.
exec "${MIRST:-mirst}" generate --config "$config" --out "$out" --shard "auto${SHARDS:+/$SHARDS}" \
  --threads "${SLURM_CPUS_PER_TASK:-1}" "$@"
