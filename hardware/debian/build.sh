#!/bin/sh
# Builds the Debian package of the agent: hardware/debian/build.sh [BINARY ARCHITECTURE]
#
# Without arguments it builds the agent for this machine first. With them it packs a binary that was built for
# another: build.sh target/aarch64-unknown-linux-gnu/dist/gateway-agent arm64
set -eu
cd "$(dirname "$0")/../.."
binary=${1:-target/dist/gateway-agent}
architecture=${2:-$(dpkg --print-architecture)}
[ $# -gt 0 ] || cargo build --profile dist --locked -p gateway-agent
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
# The same tree gives the same package: every date in it is that of the last commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
doc=$root/usr/share/doc/gateway-agent
install -D -m 755 "$binary" "$root/usr/bin/gateway-agent"
install -D -m 644 hardware/gateway-agent.service "$root/usr/lib/systemd/system/gateway-agent.service"
install -D -m 644 hardware/70-gateway-agent.rules "$root/usr/lib/udev/rules.d/70-gateway-agent.rules"
install -D -m 644 hardware/debian/gateway-agent.default "$root/etc/default/gateway-agent"
install -D -m 644 -t "$doc" hardware/README.md hardware/README.zh-CN.md hardware/MODULES.md hardware/MODULES.zh-CN.md
{
    echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    echo
    echo "Files: *"
    echo "Copyright: 2026 The Fieldline authors"
    echo "License: MIT or Apache-2.0"
    echo
    echo "License: MIT"
    sed -n '/^Permission is hereby/,/^SOFTWARE/p' LICENSE | sed 's/^$/./; s/^/ /'
    echo
    echo "License: Apache-2.0"
    echo " The text is in /usr/share/common-licenses/Apache-2.0 on Debian systems."
} > "$doc/copyright"
printf 'gateway-agent (%s) stable; urgency=medium\n\n  * Built from the tree of this version.\n\n -- Fieldline <fieldline@localhost>  %s\n' \
    "$version" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n > "$doc/changelog.gz"
strip --strip-unneeded "$root/usr/bin/gateway-agent" 2> /dev/null || echo "not stripped: no strip for $architecture here" >&2

install -d "$root/DEBIAN"
install -m 755 hardware/debian/postinst hardware/debian/prerm hardware/debian/postrm "$root/DEBIAN/"
echo /etc/default/gateway-agent > "$root/DEBIAN/conffiles"
(cd "$root" && find usr etc -type f | LC_ALL=C sort | xargs md5sum) > "$root/DEBIAN/md5sums"
cat > "$root/DEBIAN/control" << END
Package: gateway-agent
Version: $version
Architecture: $architecture
Maintainer: Fieldline <fieldline@localhost>
Section: comm
Priority: optional
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: adduser, ca-certificates, libc6 (>= 2.36), libgcc-s1
Recommends: systemd, udev
Description: SMS and caller ID between a modem, a telephone line and Fieldline
 Runs on a small computer in the office, sends and receives SMS by a GSM or LTE
 modem, tells the server who is calling on an analog line, and keeps what it has
 not delivered yet over power cuts and outages of the network.
END
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p target/debian
package=target/debian/gateway-agent_${version}_${architecture}.deb
dpkg-deb --root-owner-group --build "$root" "$package" > /dev/null
echo "$package"
