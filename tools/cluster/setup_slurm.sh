#!/usr/bin/env bash
# A Slurm of one node on this computer, for trying array jobs: its own munge, slurmctld and slurmd, all below one folder;
# nothing of the system's own configuration is touched. Needs root and Debian's slurm-wlm (with munge).
#   tools/cluster/setup_slurm.sh start FOLDER    then: export SLURM_CONF=FOLDER/slurm.conf; sbatch ...
#   tools/cluster/setup_slurm.sh stop FOLDER
set -euo pipefail
if (($# != 2)); then
  echo "usage: tools/cluster/setup_slurm.sh start|stop FOLDER" >&2
  exit 2
fi
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)

stop() {
  for name in slurmd slurmctld munged; do
    if [[ -s $folder/$name.pid ]]; then kill "$(<"$folder/$name.pid")" 2>/dev/null || true; fi
  done
}

if [[ $action == stop ]]; then
  stop
  exit 0
fi
for program in munged slurmctld slurmd sinfo; do
  if ! PATH=$PATH:/usr/sbin command -v "$program" >/dev/null; then
    echo "setup_slurm: error: $program is missing; apt-get install slurm-wlm munge" >&2
    exit 3
  fi
done
if ((EUID != 0)); then
  echo "setup_slurm: error: slurmd needs root" >&2
  exit 3
fi
PATH=$PATH:/usr/sbin
trap 'stop' ERR

mkdir -p "$folder/state" "$folder/spool"
chmod 700 "$folder"
head -c 1024 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"
# --force: folders below /tmp may be written by others, which munged would refuse.
munged --force --num-threads=2 --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
  --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"

host=$(hostname -s)
base=$((20000 + $$ % 20000))
cat >"$folder/slurm.conf" <<CONF
ClusterName=mirst
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPort=$base
SlurmdPort=$((base + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MaxArraySize=100001
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=one Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in {1..60}; do
  if sinfo --noheader --format=%T 2>/dev/null | grep -q '^idle'; then
    echo "setup_slurm: one node is idle; export SLURM_CONF=$SLURM_CONF"
    exit 0
  fi
  sleep 1
done
echo "setup_slurm: error: the node did not become idle within a minute; see $folder/*.log" >&2
stop
exit 3
