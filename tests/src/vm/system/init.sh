#!/bin/busybox sh
# The initramfs' first process: lays the files under test and the machine's own disk over Debian, and
# hands over to systemd.
set -eu
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done </etc/modules
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do usleep 20000; done
mkdir -p /layers/debian /layers/payload /media/root-rw /system
mount -t squashfs -o ro /dev/vda /layers/debian
# The initramfs goes when Debian takes over, and what is in it.
mount -t tmpfs tmpfs /layers/payload
cp -a /payload/. /layers/payload
own=/media/root-rw
mount -t ext4 /dev/vdb $own
mkdir -p $own/files $own/work
mount -t overlay overlay /system \
    -o lowerdir=/layers/payload:/layers/debian,upperdir=$own/files,workdir=$own/work
mount --move /dev /system/dev
mount --move /proc /system/proc
mount --move /sys /system/sys
if [ ! -e $own/installed ]; then
    chroot /system /usr/lib/clusterhat-rig/install
    touch $own/installed
fi
# Seen by the system, as overlayroot(8) has it: what is written to its root lasts.
mkdir -p /system$own
mount --move $own /system$own
exec switch_root /system /usr/lib/systemd/systemd
