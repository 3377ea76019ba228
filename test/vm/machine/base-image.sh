#!/bin/bash
# base-image.sh FOLDER: an arm64 Debian in FOLDER, for QEMU: disk.img (its root file system), vmlinuz and initrd.gz. Some 15 seconds, 50 MB
# from Debian's mirror.
#
# No arm64 program runs here, so neither qemu-user nor binfmt_misc is needed: packages are unpacked, and what their scripts would have
# set up, as far as a machine needs it that boots and takes further packages, is done below. dpkg in the machine knows them as installed.
# Without root, it runs in a user namespace. All files belong to root and its group, either way.
set -euo pipefail
if [ "$(id -u)" != 0 ]; then exec unshare --user --map-root-user "$0" "$@"; fi
here=$(dirname "$(realpath "$0")")
mkdir -p "$1"; cd "$1"

suite=bookworm
packages=(systemd-sysv dbus udev libnss-systemd usr-is-merged procps)

# apt, for another architecture and in folders of its own, with the keys of this machine.
mkdir -p apt/lists/partial apt/archives/partial apt/parts
for part in "$suite main" "$suite-updates main"; do echo "deb http://deb.debian.org/debian $part"; done > apt/sources.list
echo "deb http://deb.debian.org/debian-security $suite-security main" >> apt/sources.list
apt=(-qq -oAPT::Architecture=arm64 -oAPT::Architectures=arm64 -oAPT::Install-Recommends=0 -oAPT::Sandbox::User=root
  -oDir::State::Lists="$PWD/apt/lists" -oDir::State::status=/dev/null -oDir::Cache="$PWD/apt" -oDir::Cache::archives="$PWD/apt/archives"
  -oDir::Etc::SourceList="$PWD/apt/sources.list" -oDir::Etc::SourceParts="$PWD/apt/parts" -oAcquire::Languages=none -oDebug::NoLocking=1)
apt-get "${apt[@]}" update
apt-get "${apt[@]}" install --download-only --yes '?essential' "${packages[@]}"
mkdir -p boot; cd boot
kernel=$(apt-cache "${apt[@]}" depends linux-image-cloud-arm64 | sed -n 's/.*Depends: \(linux-image-[^ ]*cloud-arm64\).*/\1/p' | head -1)
apt-get "${apt[@]}" download "$kernel" busybox-static
cd ..

# The packages, on a merged /usr, and dpkg's memory of them.
mkdir -p root/usr/{bin,sbin,lib}; ln -s usr/bin usr/sbin usr/lib root
database=$PWD/root/var/lib/dpkg; mkdir -p "$database"/{info,updates,triggers,parts}
echo 1 > "$database/info/format"; touch "$database/available" "$database/triggers/Unincorp" "$database/triggers/Lock"
for deb in apt/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C root --no-same-owner --keep-directory-symlink \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' --exclude='./usr/share/info/*'
  rm -rf control; dpkg-deb --control "$deb" control
  name=$(sed -n 's/^Package: //p' control/control)
  grep -q '^Multi-Arch: same' control/control && name+=:arm64
  { sed '/^Package: /a Status: install ok installed' control/control
    if [ -e control/conffiles ]; then
      echo Conffiles:
      while read -r file; do [ ! -f "root$file" ] || echo " $file $(md5sum < "root$file" | cut -d' ' -f1)"; done < control/conffiles
    fi
    echo; } >> "$database/status"
  dpkg-deb --fsys-tarfile "$deb" | tar -t | sed 's,^\.\(/.*[^/]\)/*$,\1,; s,^\./$,/.,' > "$database/info/$name.list"
  rm control/control
  for file in control/*; do [ ! -e "$file" ] || mv "$file" "$database/info/$name.${file#control/}"; done
done
rm -rf control

# What the packages' scripts do.
cp root/usr/share/base-passwd/passwd.master root/etc/passwd
cp root/usr/share/base-passwd/group.master root/etc/group
sed 's/:.*/:*:19000:0:99999:7:::/' root/etc/passwd > root/etc/shadow; sed 's/:.*/:*::/' root/etc/group > root/etc/gshadow
chmod 600 root/etc/shadow root/etc/gshadow
printf '%s: files systemd\n' passwd group shadow gshadow > root/etc/nsswitch.conf; echo 'hosts: files dns' >> root/etc/nsswitch.conf
ln -s mawk root/usr/bin/awk
echo 0f0e0d0c0b0a09080706050403020100 > root/etc/machine-id     # not empty: then systemd would take this for a first boot
echo machine > root/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 machine\n::1 localhost\n' > root/etc/hosts
echo '/dev/vda / ext4 defaults 0 1' > root/etc/fstab
mkdir -p root/var/log/journal root/root root/usr/local/{bin,sbin,lib,share} root/{home,media,mnt,opt,srv}
printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' > root/etc/systemd/network/10-dhcp.network
units=root/etc/systemd/system
mkdir -p $units/multi-user.target.wants
ln -s /lib/systemd/system/systemd-networkd.service $units/multi-user.target.wants/
for unit in systemd-networkd-wait-online.service systemd-pstore.service systemd-timesyncd.service \
  getty@tty1.service serial-getty@ttyS0.service serial-getty@ttyAMA0.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
  e2scrub_all.timer fstrim.timer systemd-logind.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount; do ln -sf /dev/null "$units/$unit"; done

# The tests' way in.
install -m 755 "$here/guest-shell.sh" root/usr/local/sbin/guest-shell
install -m 644 "$here/guest-shell.service" $units/guest-shell.service
ln -s ../guest-shell.service $units/multi-user.target.wants/

# The kernel, and what it needs to find its root: its drivers for virtio, in the order in which they need each other.
mkdir -p initrd/bin initrd/m kernel
dpkg-deb --fsys-tarfile boot/linux-image-*.deb | tar -x -C kernel --no-same-owner
dpkg-deb --fsys-tarfile boot/busybox-static_*.deb | tar -x -C initrd --strip-components=2 --wildcards './bin/busybox' -O > initrd/bin/busybox
modules=(virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover net_failover virtio_net virtio_console)
for module in "${modules[@]}"; do find kernel/lib/modules -name "$module.ko" -exec cp {} initrd/m/ \;; done
cat > initrd/init <<INIT
#!/bin/busybox sh
b=/bin/busybox
\$b mkdir -p /proc /dev /root; \$b mount -t proc proc /proc; \$b mount -t devtmpfs dev /dev
for module in ${modules[*]}; do \$b insmod /m/\$module.ko; done
tries=0; while [ ! -b /dev/vda ] && [ \$tries -lt 100 ]; do \$b sleep 0.05; tries=\$((tries+1)); done
\$b mount -t ext4 -o rw /dev/vda /root && \$b umount /proc && exec \$b switch_root /root /lib/systemd/systemd
echo "no root file system on /dev/vda"; exec \$b poweroff -f
INIT
chmod 755 initrd/init initrd/bin/busybox
(cd initrd && find . | cpio --create --format=newc --quiet | gzip -1) > initrd.gz
cp kernel/boot/vmlinuz-* vmlinuz

truncate -s 1200M disk.img; mke2fs -q -F -t ext4 -d root disk.img
rm -rf apt boot root initrd kernel
