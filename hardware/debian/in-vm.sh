#!/bin/bash
# Runs inside the virtual machine of try-in-vm.sh: says step by step what was seen, and switches off.
set -u
trap 'systemctl poweroff' EXIT
failed=0
seen() {
    local what=$1
    shift
    if "$@" > /tmp/out 2>&1; then echo "seen: $what"; else echo "NOT SEEN: $what"; cat /tmp/out; failed=1; fi
}
within() {
    local seconds=$1
    shift
    for _ in $(seq "$seconds"); do
        if "$@"; then return 0; fi
        sleep 1
    done
    return 1
}
main_pid() { systemctl show -p MainPID --value gateway-agent; }
is_another() { [ "$(main_pid)" != "$1" ] && [ "$(main_pid)" != 0 ] && systemctl is-active --quiet gateway-agent; }

seen "the package is installed" dpkg -i /opt/gateway-agent.deb
seen "the unit is enabled" systemctl is-enabled gateway-agent
seen "without a claim it does not run" bash -c '! systemctl is-active --quiet gateway-agent'
# A disk driver with a serial port of its own name would stand here on real hardware.
echo 'OPTIONS="--modem /dev/ttyS1"' > /etc/default/gateway-agent
read -r server code < /opt/claim
seen "the network is up" within 60 bash -c 'ip route | grep -q default'
seen "the box is claimed" runuser -u gateway-agent -- gateway-agent claim "$server" "$code" --data /var/lib/gateway-agent
seen "systemd starts it and hears READY" systemctl restart gateway-agent
seen "it is active" within 10 systemctl is-active --quiet gateway-agent
seen "it reaches its broker" within 40 bash -c 'journalctl -u gateway-agent | grep -qi "connected"'
seen "a message goes out by the serial port" within 60 bash -c \
    'id=$(runuser -u gateway-agent -- gateway-agent send --data /var/lib/gateway-agent --to 13800138000 --text "vm" 2>&1) || exit 1; sleep 15; runuser -u gateway-agent -- gateway-agent queue --data /var/lib/gateway-agent | grep -Eq "delivered|sent"'
before=$(main_pid)
kill -KILL "$before"
seen "killed, it is started again" within 15 is_another "$before"
before=$(main_pid)
kill -STOP "$before"
seen "hanging, it is ended by the watchdog and started again" within 60 is_another "$before"
seen "its folder is closed to others" bash -c '[ "$(stat -c %a /var/lib/gateway-agent)" = 700 ] && [ -z "$(find /var/lib/gateway-agent -type f -perm /077)" ]'
systemd-analyze security gateway-agent --no-pager 2>/dev/null | tail -n 1
systemctl show gateway-agent -p NRestarts -p Result -p StatusText --no-pager
seen "removal stops it and keeps the credential" bash -c 'dpkg -r gateway-agent && ! systemctl is-active --quiet gateway-agent && test -e /var/lib/gateway-agent/claim.json'
seen "purging takes the folder" bash -c 'dpkg -P gateway-agent && ! test -e /var/lib/gateway-agent'
if [ "$failed" = 0 ]; then echo "ALL SEEN"; else journalctl -u gateway-agent --no-pager | tail -n 40; fi
