#!/bin/bash
# Installs the package in a Debian 12 virtual machine that systemd has booted, and tries the unit there:
#   hardware/debian/try-in-vm.sh PACKAGE.deb SERVER AGENT
#
# SERVER and AGENT are the programs of this machine, for a demo company and for a simulated modem; the modem is the
# guest's serial port. Wants root, debootstrap, qemu-system-x86, e2fsprogs, curl and 3 GB in $TMPDIR. It takes some
# ten minutes and ends everything that it starts. Not part of tests/run: it fetches a Debian system.
set -euo pipefail
package=$(realpath "$1") server=$(realpath "$2") agent=$(realpath "$3")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
started=()
finish() {
    for process in "${started[@]}"; do kill "$process" 2> /dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
wait_for() {
    local seconds=$1
    shift
    for _ in $(seq "$seconds"); do
        if "$@" 2> /dev/null; then return; fi
        sleep 1
    done
    echo "not within $seconds s: $*" >&2
    return 1
}

# A system with systemd and a kernel, and one unit that tries everything and switches off.
# VM_ROOT names a system that was made before, for a second try.
if [ -n "${VM_ROOT:-}" ]; then cp -a "$VM_ROOT" "$work/system"; else
debootstrap --variant=minbase --include=systemd,systemd-sysv,udev,adduser,ca-certificates,dbus,iproute2,procps,linux-image-cloud-amd64 \
    bookworm "$work/system" > "$work/debootstrap.log" || { tail "$work/debootstrap.log" >&2; exit 1; }
fi
install -m 644 "$package" "$work/system/opt/gateway-agent.deb"
install -m 755 "$here/in-vm.sh" "$work/system/opt/in-vm.sh"
cat > "$work/system/etc/systemd/system/try.service" << END
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/opt/in-vm.sh
StandardOutput=journal+console
StandardError=journal+console
[Install]
WantedBy=multi-user.target
END
ln -s /etc/systemd/system/try.service "$work/system/etc/systemd/system/multi-user.target.wants/try.service"
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' > "$work/system/etc/systemd/network/guest.network"
ln -sf /lib/systemd/system/systemd-networkd.service "$work/system/etc/systemd/system/multi-user.target.wants/"

ln -s /dev/null "$work/system/etc/systemd/system/serial-getty@ttyS0.service"

# A company with a box to be claimed, and a modem.
"$server" demo --no-box --data "$work/company" --listen 127.0.0.1:0 --mqtt-listen 0.0.0.0:0 > "$work/server.log" 2>&1 &
started+=($!)
"$agent" simulate --dir "$work/modem" --lines 0 > "$work/modem.log" 2>&1 &
started+=($!)
wait_for 60 grep -q 'admin ' "$work/server.log"
site=$(grep -o 'http://127[0-9.:]*' "$work/server.log" | head -n 1)
ask() { curl -sS -b "$work/jar" -c "$work/jar" -H "Origin: $site" "$@"; }
ask -o /dev/null -d 'username=admin&password=fieldline' "$site/login"
# The op_id of the form on a page that posts to an address.
op_of() { grep -o "<form[^>]*action=\"$1\".*" | grep -o 'name="op_id" value="[^"]*"' | head -n 1 | cut -d'"' -f4; }
op=$(ask "$site/gateways/new" | op_of /gateways)
box=$(ask -o /dev/null -w '%{redirect_url}' -d "op_id=$op&name=vm" "$site/gateways")
box=${box%%\?*}
op=$(ask "$box" | op_of "/${box#*//*/}/code")
code=$(ask -L -d "op_id=$op" "$box/code" | grep -oE 'gateway-agent claim [^ <]+ [A-Z0-9-]+' | head -n 1 | awk '{print $4}')
[ -n "$code" ] || { echo "no code on the page of the new box" >&2; exit 1; }
echo "http://10.0.2.2:${site##*:} $code" > "$work/system/opt/claim"

truncate -s 2500M "$work/disk"
mke2fs -q -F -t ext4 -d "$work/system" "$work/disk"
kernel=$(ls "$work"/system/boot/vmlinuz-*)
initrd=$(ls "$work"/system/boot/initrd.img-*)
# Emulated, which is slow and runs everywhere; VM_ACCEL=kvm where the machine can.
wait_for 20 test -e "$work/modem/modem0"
timeout 900 qemu-system-x86_64 -accel "${VM_ACCEL:-tcg}" -m 1024 -nographic -no-reboot -kernel "$kernel" -initrd "$initrd" \
    -append 'root=/dev/vda rw console=ttyS0 loglevel=4' -drive "file=$work/disk,format=raw,if=virtio" \
    -nic user,model=virtio-net-pci -serial "file:$work/console" -monitor none \
    -chardev "serial,id=modem,path=$(realpath "$work/modem/modem0")" -device isa-serial,chardev=modem &
machine=$!
started+=("$machine")
wait "$machine" || true
cat "$work/console"
echo "what the simulated network took:"
cat "$work"/modem/ledger* 2> /dev/null || ls "$work/modem"
grep -q '^ALL SEEN' "$work/console"
