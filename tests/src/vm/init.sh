#!/bin/busybox sh
# The guest's first process: mount, load, join the network, hand over to the agent, end the machine.
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t tracefs tracefs /sys/kernel/tracing
for module in $(cat /etc/modules); do modprobe "$module"; done
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
if [ -e /usr/lib/systemd/systemd-udevd ]; then /usr/lib/systemd/systemd-udevd --daemon; fi
/bin/guest-agent
# The agent ends when the host test has gone; QEMU ends with the machine, as it was started with -no-reboot.
reboot -f
