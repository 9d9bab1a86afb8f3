#!/bin/bash
# Runs one container to its end, in mounts and control groups of its own, and takes the groups away: systemd-nspawn leaves
# them, and would share them with every other container. Dies with the process that started it, and the container with it.
#
#   supervise.sh NAME MOUNTPOINT MOUNT-ARGUMENTS... -- NSPAWN-ARGUMENTS...
set -eu
name=$1 tree=$2
shift 2
mount_arguments=()
while [[ $1 != -- ]]; do
	mount_arguments+=("$1")
	shift
done
shift

# Locks and sockets that it keeps for machinectl, which knows nothing of these machines.
mkdir -p /run/systemd/nspawn
mount -t tmpfs -o mode=0755 unit-lab /run/systemd/nspawn
mount "${mount_arguments[@]}" "$tree"

groups=()
while read -r _ target type options _; do
	case $type,$options in cgroup2,* | cgroup,*name=systemd*) groups+=("$target/$name") ;; esac
done </proc/mounts

# Units have version 2 of control groups whatever this host has, and their own network's parameters to write.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network
# systemd-nspawn ends with this code where the container wants to be booted anew.
readonly restart=133
code=$restart container=
# Who listened is dead by then, most often: a word more would be the end of this script too (SIGPIPE).
trap 'exec &>/dev/null; code=143; [[ -z $container ]] || kill -KILL "$container"' TERM INT

run_container() {
	mkdir "${groups[@]}"
	(
		for group in "${groups[@]}"; do echo "$BASHPID" >"$group/cgroup.procs"; done
		exec setpriv --pdeathsig KILL systemd-nspawn --directory "$tree" "$@"
	) &
	container=$!
	ended=0
	wait "$container" || ended=$?
	# A signal ends the wait, not what is waited for.
	while kill -0 "$container" 2>/dev/null; do wait "$container" || ended=$?; done
	container=
	for group in "${groups[@]}"; do
		[[ ! -e $group/cgroup.kill ]] || echo 1 >"$group/cgroup.kill"
	done
	for group in "${groups[@]}"; do
		# Groups can be removed once their last process has been reaped.
		for _ in {1..300}; do
			find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
			[[ -d $group ]] || break
			sleep 0.1
		done
	done
}

while [[ $code == "$restart" ]]; do
	run_container "$@"
	# By a signal that came meanwhile it is another one already.
	[[ $code != "$restart" ]] || code=$ended
done
exit "$code"
