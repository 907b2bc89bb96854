#!/bin/busybox sh
# The Pi's first process: mount, load, and do what the test asks on the serial port.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t tracefs tracefs /sys/kernel/tracing
mkdir -m 1777 /run/lock
while read -r module; do insmod "$module"; done </etc/modules

# A request is a line "NUMBER SCRIPT", an answer "NUMBER STATUS STDOUT STDERR"; all but the numbers in
# base64 between two colons, so that nothing is a word too.
agent() {
    echo ready
    while read -r number script; do
        echo "$script" | tr -d : | base64 -d >/tmp/script
        status=0
        sh /tmp/script </dev/null >/tmp/stdout 2>/tmp/stderr || status=$?
        echo "$number $status :$(base64 -w 0 /tmp/stdout): :$(base64 -w 0 /tmp/stderr):"
    done
}
# The port is the kernel's console too, but for what is not its end.
dmesg -n 1
stty -F /dev/ttyAMA0 raw -echo && agent </dev/ttyAMA0 >/dev/ttyAMA0
# Nothing more to do: QEMU ends with the machine, as it was started with -no-reboot.
reboot -f
