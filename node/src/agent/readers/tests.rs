//! Every reader against a folder of files as a Zero's kernel has them.

use std::fs;
use std::net::IpAddr;

use node_link::agent::{Disk, Memory, Telemetry};
use tempfile::TempDir;

use super::*;

const FIB_TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 172.19.181.0/24 2 0 2
        |-- 172.19.181.0
           /24 link UNICAST
        |-- 172.19.181.3
           /32 host LOCAL
        |-- 172.19.181.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 169.254.7.7
        /32 host LOCAL
Local:
  +-- 172.19.181.0/24 2 0 2
     |-- 172.19.181.3
        /32 host LOCAL
";

const IF_INET6: &str = "\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000022282fffeffff03 03 40 20 80     usb0
fd001819000000000000000000000003 03 40 00 80     usb0
";

const MOUNTINFO: &str = "\
21 1 179:2 / / ro,noatime shared:1 - ext4 /dev/root rw,errors=remount-ro
22 21 0:5 / /dev rw,relatime shared:2 - devtmpfs devtmpfs rw
29 21 179:1 / /boot/firmware rw,relatime shared:30 - vfat /dev/mmcblk0p1 ro,errors=remount-ro
30 21 179:2 /var /srv/a\\040b rw,noatime shared:1 - ext4 /dev/root rw
31 21 7:0 / /snap ro - squashfs /dev/loop0 ro
";

fn root(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

#[test]
fn the_kernel_s_numbers_are_read() {
    let root = root(&[
        ("proc/uptime", "3671.42 3500.00\n"),
        ("proc/loadavg", "0.52 0.25 0.10 1/80 1234\n"),
        ("sys/class/thermal/thermal_zone0/temp", "48312\n"),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n"),
        (
            "proc/meminfo",
            "MemTotal:         439556 kB\nMemFree:          100000 kB\nMemAvailable:     310000 kB\n",
        ),
    ]);
    let root = root.path();
    assert_eq!(system::uptime(root), Some(3671));
    assert_eq!(system::load(root), Some([0.52, 0.25, 0.1]));
    assert_eq!(system::temperature(root), Some(48.312));
    assert_eq!(system::throttled(root), Some(0x50005));
    let memory = Memory { total_kib: 439_556, available_kib: 310_000 };
    assert_eq!(system::memory(root), Some(memory));
}

#[test]
fn what_is_missing_or_nonsense_is_left_out_and_the_rest_is_told() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(mounts::disks(empty.path()), None);
    assert_eq!(addresses::addresses(empty.path()), None);
    let root = root(&[
        ("proc/uptime", "never\n"),
        ("proc/loadavg", "0.52 nan 0.10\n"),
        ("sys/class/thermal/thermal_zone0/temp", "\n"),
        ("sys/devices/platform/soc/soc:firmware/get_throttled", "throttled\n"),
        ("proc/meminfo", "MemTotal: 5 kB\n"),
        ("proc/self/mountinfo", "half a line\n21 1 179:2 / /\n - \n"),
        ("proc/net/fib_trie", "|-- 1.2\n/32 host LOCAL\n"),
    ]);
    let root = root.path();
    assert_eq!(system::uptime(root), None);
    assert_eq!(system::load(root), None);
    assert_eq!(system::temperature(root), None);
    assert_eq!(system::throttled(root), None);
    assert_eq!(system::memory(root), None);
    assert_eq!(mounts::disks(root), Some(Vec::new()));
    assert_eq!(addresses::addresses(root), Some(Vec::new()));
}

#[test]
fn addresses_are_those_by_which_others_reach_it() {
    let root = root(&[("proc/net/fib_trie", FIB_TRIE), ("proc/net/if_inet6", IF_INET6)]);
    let expected: Vec<IpAddr> =
        vec!["172.19.181.3".parse().unwrap(), "fd00:1819::3".parse().unwrap()];
    assert_eq!(addresses::addresses(root.path()), Some(expected));
}

#[test]
fn a_file_system_is_read_only_where_it_is_so_itself_and_is_told_once() {
    let root = root(&[("proc/self/mountinfo", MOUNTINFO), ("boot/firmware/config.txt", "")]);
    let disks = mounts::disks(root.path()).unwrap();
    let told: Vec<_> = disks.iter().map(|disk| (disk.mount.as_str(), disk.read_only)).collect();
    assert_eq!(told, [("/", false), ("/boot/firmware", true)]);
    assert!(disks.iter().all(|disk| disk.total_kib >= disk.available_kib && disk.total_kib > 0));
}

#[test]
fn failed_units_are_named() {
    let text = "apt-daily.service loaded failed failed Daily apt\nx.mount loaded failed failed X\n";
    assert_eq!(units::parse(text), ["apt-daily.service".into(), "x.mount".into()]);
    assert!(units::parse("").is_empty());
}

#[test]
fn who_it_is() {
    let root = root(&[
        ("proc/sys/kernel/hostname", "p3\n"),
        ("proc/sys/kernel/random/boot_id", "0d1e2f3a-0000-4000-8000-000000000001\n"),
        ("proc/sys/kernel/osrelease", "6.12.47+rpt-rpi-v6\n"),
        ("proc/device-tree/model", "Raspberry Pi Zero W Rev 1.1\0"),
        ("usr/lib/os-release", "ID=debian\nPRETTY_NAME=\"Raspbian GNU/Linux 13 (trixie)\"\n"),
    ]);
    let identity = identity(root.path(), "3".parse().ok());
    assert_eq!(identity.node.map(|node| node.get()), Some(3));
    assert_eq!(identity.common_version(), Some(node_link::agent::VERSION));
    let told = [identity.host, identity.boot_id, identity.kernel, identity.model, identity.os];
    let told = told.map(|text| text.map(String::from).unwrap_or_default());
    assert_eq!(
        told,
        [
            "p3",
            "0d1e2f3a-0000-4000-8000-000000000001",
            "6.12.47+rpt-rpi-v6",
            "Raspberry Pi Zero W Rev 1.1",
            "Raspbian GNU/Linux 13 (trixie)"
        ]
    );
}

/// Changes one thing, and says whether that is worth telling.
fn is_told(change: impl FnOnce(&mut Telemetry)) -> bool {
    let mut before = Telemetry::default();
    before.uptime_s = Some(1);
    before.load = Some([0.5; 3]);
    before.temperature_c = Some(48.0);
    before.memory = Some(Memory { total_kib: 1000, available_kib: 500 });
    before.disks = Some(vec![Disk { mount: "/".into(), total_kib: 1000, ..Disk::default() }]);
    let mut now = before.clone();
    change(&mut now);
    has_changed(&before, &now)
}

#[test]
fn a_subscription_tells_of_what_matters() {
    assert!(!is_told(|_| {}));
    assert!(!is_told(|now| now.uptime_s = Some(60)));
    assert!(!is_told(|now| now.temperature_c = Some(48.5)));
    assert!(!is_told(|now| now.load = Some([0.55, 9.0, 9.0])));
    assert!(!is_told(|now| now.memory = Some(Memory { total_kib: 1000, available_kib: 490 })));
    assert!(is_told(|now| now.temperature_c = Some(49.0)));
    assert!(is_told(|now| now.temperature_c = None));
    assert!(is_told(|now| now.load = Some([0.7, 0.5, 0.5])));
    assert!(is_told(|now| now.memory = Some(Memory { total_kib: 1000, available_kib: 400 })));
    assert!(is_told(|now| now.throttled = Some(1)));
    assert!(is_told(|now| now.failed_units = Some(vec!["x.service".into()])));
    assert!(is_told(|now| now.addresses = Some(vec!["10.0.0.1".parse().unwrap()])));
    assert!(is_told(|now| now.disks.as_mut().unwrap()[0].read_only = true));
    assert!(is_told(|now| now.disks = Some(Vec::new())));
}
