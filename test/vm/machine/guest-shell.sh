#!/bin/bash
# Runs what comes over the machine's virtio-serial port. A line in: ID and a script in base64. A line out: ID, the script's exit status, and
# its standard output and error in base64 (a dot before each, so that an empty one is a word, too). At first, a line that says "ready".
name=org.opendcre.shell
until port=$(grep -lx "$name" /sys/class/virtio-ports/*/name 2>/dev/null); do sleep 0.1; done
port=/dev/$(basename "$(dirname "$port")")
exec 3<>"$port"
echo ready >&3
while read -r -u 3 id script; do
  base64 -d <<< "$script" > /run/guest-shell.script
  timeout 120 bash /run/guest-shell.script > /run/guest-shell.out 2> /run/guest-shell.err < /dev/null 3>&-
  status=$?
  echo "$id $status .$(base64 -w 0 < /run/guest-shell.out) .$(base64 -w 0 < /run/guest-shell.err)" >&3
done
