#!/usr/bin/env bash
# A whole Slurm on this machine, for tests: munge, a controller and two nodes, all below one folder. Needs root.
#   slurm.sh start FOLDER    writes FOLDER/slurm.conf and waits until both nodes are idle
#   slurm.sh stop FOLDER     stops every daemon, gives back the slurm.conf that was there before, removes FOLDER
set -euo pipefail
command=$1
folder=$(readlink -m "$2")
export SLURM_CONF=$folder/slurm.conf
system=/etc/slurm/slurm.conf # jobs look here: their environment has lost SLURM_CONF

daemons() { cat "$folder"/{slurmctld,slurmd-n1,slurmd-n2,munged}.pid 2>/dev/null || true; }

start() {
  mkdir -p "$folder"/{spool,log}
  chmod 755 "$folder"
  mkdir -m 700 "$folder/key"
  mkdir -m 755 "$folder/socket"
  (umask 077 && head -c 1024 /dev/urandom > "$folder/key/munge.key")
  munged --key-file="$folder/key/munge.key" --socket="$folder/socket/munge" --pid-file="$folder/munged.pid" \
    --log-file="$folder/key/munged.log" --seed-file="$folder/key/seed" --force
  local host
  host=$(hostname -s)
  cat > "$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=26817
SlurmUser=root
SlurmdUser=root
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
JobAcctGatherType=jobacct_gather/none
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
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=27101 CPUs=8 RealMemory=64000 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=27102 CPUs=8 RealMemory=64000 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
CONF
  mkdir -p /etc/slurm "$folder"/spool/{state,n1,n2}
  if [ -e "$system" ] || [ -L "$system" ]; then mv "$system" "$system.before-test"; fi
  ln -s "$SLURM_CONF" "$system"
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

stop() {
  scancel --quiet --user root 2>/dev/null || true
  local pids
  pids=$(daemons)
  [ -z "$pids" ] || kill $pids 2>/dev/null || true
  for _ in $(seq 40); do
    local alive=0
    for pid in $pids; do kill -0 "$pid" 2>/dev/null && alive=1; done
    [ $alive = 0 ] && break
    sleep 0.25
  done
  [ $alive = 0 ] || kill -9 $pids 2>/dev/null || true
  [ "$(readlink "$system")" != "$SLURM_CONF" ] || rm "$system"
  [ ! -e "$system.before-test" ] || mv "$system.before-test" "$system"
  rm -rf "$folder"
}

"$command"
