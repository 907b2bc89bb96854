//! Nodes whose cards are copies of one, and which therefore have one machine ID: under the real systemd-networkd, by
//! the file that `clusterhat-node setup` writes, in place of the rig's DHCP client, which always names itself by its
//! MAC address.

use clusterhat_tests::vm::Vm;

use crate::guest::{sh, until};

/// Gives a node of the number `$n` networkd, which sees its own files, and neither the controller's bus nor its udev.
/// The address that the node gives itself is not of the controller's network: what it has of that is leased.
const START: &str = r#"rig=/run/rig/networkd$n; card=$rig/card; systemd=usr/lib/systemd
mkdir -p $card/etc/systemd/system/multi-user.target.wants $card/$systemd $card/boot/firmware $rig/bus $rig/state
cp -r /$systemd/system $card/$systemd/; ln -s usr/lib $card/lib
ln -s /$systemd/system/systemd-networkd.service $card/etc/systemd/system/multi-user.target.wants/
echo >$card/boot/firmware/config.txt; echo root=/dev/mmcblk0p2 rootwait >$card/boot/firmware/cmdline.txt
clusterhat-node setup --root $card --id $n --subnet 10.181.0.0/24
client=/run/clusterhat-rig-node$n.pid; kill -9 $(cat $client)
device=$(ip -n node$n -o link show | grep -o 'usb[0-9]*' | head -n 1)
ip -n node$n address flush dev $device
[ $device = usb0 ] || ip -n node$n link set $device name usb0
mkdir -p /run/systemd/netif; chown systemd-network: $rig/state
ip netns exec node$n unshare --mount --uts sh -euc '
    echo p$2 >/proc/sys/kernel/hostname
    mount --bind $1/bus /run/dbus
    mount --bind $1/state /run/systemd/netif
    mount --bind $1/card/etc/systemd/network /etc/systemd/network
    mount -o remount,bind,ro /sys
    exec /usr/lib/systemd/systemd-networkd' sh $rig $n </dev/null >$rig.log 2>&1 &
echo $! >$client"#;

/// Until the nodes' power goes.
#[track_caller]
pub(crate) fn under_networkd(vm: &Vm, nodes: &[u8]) {
    for node in nodes {
        sh(vm, &format!("n={node}; {START}"));
    }
}

/// A node's address of this network, from a lease.
#[track_caller]
pub(crate) fn leased(vm: &Vm, node: u8, network: &str) -> String {
    let shown =
        format!("ip -n node{node} -4 -o address show dev usb0 | grep -o '{network}[0-9]*/24'");
    until(vm, &shown);
    sh(vm, &shown)
}
