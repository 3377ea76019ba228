#!/bin/bash
# boot.sh ROOT: boots the system in that folder with systemd as its process 1, also where this machine's own process 1 is another. This
# process becomes systemd-nspawn. In mount and cgroup name spaces of its own, so that nothing of it stays.
set -euo pipefail
root=$1
for hierarchy in systemd unified; do
  [ -d "/sys/fs/cgroup/$hierarchy" ] || continue
  # Of its own: the systemd of another one would take our processes for its own, and kill them.
  group=/sys/fs/cgroup/$hierarchy/opendcre-nspawn-$$
  mkdir -p "$group"
  echo $$ >"$group/cgroup.procs"
done
exec unshare --mount --propagation private env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 \
  systemd-nspawn --quiet --directory "$root" --boot --register=no --keep-unit --machine="opendcre-$$" --private-network --console=pipe
