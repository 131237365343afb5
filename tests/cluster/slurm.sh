#!/usr/bin/env bash
# A whole Slurm on this machine, for tests: munge, a controller and two nodes, all below one folder. Needs no root.
#   slurm.sh start FOLDER    makes FOLDER and waits until both nodes are idle; its commands are in FOLDER/bin
#   slurm.sh stop FOLDER     stops every daemon and removes FOLDER
# /etc/slurm stays as it is and ports are free ones, so that another Slurm on the machine, a test's or a true one, goes on.
set -euo pipefail
command=$1
folder=$(readlink -m "$2")
export SLURM_CONF=$folder/slurm.conf

start() {
  mkdir -p "$folder"/{bin,log,socket,spool/{state,n1,n2}}
  chmod 755 "$folder" "$folder/socket"
  mkdir -m 700 "$folder/key"
  (umask 077 && head -c 1024 /dev/urandom > "$folder/key/munge.key")
  munged --key-file="$folder/key/munge.key" --socket="$folder/socket/munge" --pid-file="$folder/munged.pid" \
    --log-file="$folder/key/munged.log" --seed-file="$folder/key/seed" --force
  configure $(free_ports)
  wrap_commands
  slurmctld -c
  slurmd -c -N n1
  slurmd -c -N n2
  for _ in $(seq 60); do
    [ "$(sinfo --noheader --Node --states idle 2>/dev/null | wc -l)" = 2 ] && exit 0
    sleep 0.5
  done
  tail "$folder"/log/*.log >&2
  exit 1
}

# Three ports that nobody listens on. They lie below those that the kernel hands out for connections.
free_ports() {
  local found=() port
  while [ ${#found[@]} -lt 3 ]; do
    port=$((20000 + RANDOM % 10000))
    case " ${found[*]} " in *" $port "*) continue ;; esac
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2>/dev/null || found+=("$port")
  done
  echo "${found[@]}"
}

configure() {
  local host
  host=$(hostname -s)
  cat > "$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$1
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$folder/socket/munge
CredType=cred/munge
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
StateSaveLocation=$folder/spool/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobs.txt
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$2 CPUs=8 RealMemory=64000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$3 CPUs=8 RealMemory=64000 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
}

# Snakemake takes SLURM_CONF out of the environment before it calls Slurm; its commands put it back.
wrap_commands() {
  local name
  for name in sbatch scancel scontrol sinfo squeue srun; do
    printf '#!/bin/sh\nSLURM_CONF=%q exec %q "$@"\n' "$SLURM_CONF" "$(command -v "$name")" > "$folder/bin/$name"
    chmod +x "$folder/bin/$name"
  done
}

stop() {
  local pids alive
  pids=$(cat "$folder"/{slurmctld,slurmd-n1,slurmd-n2,munged}.pid 2>/dev/null || true)
  scancel --quiet --user "$(id -un)" 2>/dev/null || true
  for _ in $(seq 20); do # a node that goes first leaves its jobs running
    [ -n "$(squeue --noheader 2>/dev/null)" ] || break
    sleep 0.25
  done
  [ -z "$pids" ] || kill $pids 2>/dev/null || true
  for _ in $(seq 40); do
    alive=$(for pid in $pids; do if kill -0 "$pid" 2>/dev/null; then echo "$pid"; fi; done)
    [ -n "$alive" ] || break
    sleep 0.25
  done
  [ -z "$alive" ] || kill -9 $alive 2>/dev/null || true
  rm -rf "$folder"
}

"$command"
