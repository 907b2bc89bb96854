//! The boot partition of a card on a real FAT file system: `config.txt` is one file in whatever case it is listed, and whole
//! also after a loss of power.

use clusterhat_tests::vm::Vm;

use crate::{guest::sh, system};

/// A card in `/run/card`, with its boot partition in the image `fat`. Names of at most 8.3 letters in upper case, which another
/// system than Linux has written, have no second name beside them.
const CARD: &str = r"
    units=usr/lib/systemd/system; wanted=etc/systemd/system/multi-user.target.wants
    mkdir -p /run/card/root /run/card/boot; cd /run/card/root
    mkdir -p $units $wanted var/lib usr/sbin; touch usr/sbin/NetworkManager
    for unit in clusterhat-node NetworkManager serial-getty@; do cp /$units/$unit.service $units; done
    ln -s /$units/NetworkManager.service $wanted
    echo raspberrypi >etc/hostname; echo '127.0.1.1 raspberrypi' >etc/hosts
    cd ..; truncate -s 1M fat; busybox mkdosfs fat >/dev/null; modprobe vfat; mount -o loop fat boot; cd boot
    echo 'console=tty1 root=PARTUUID=1-02 rootwait modules-load=dwc2,g_ether' >CMDLINE.TXT
    printf '# of some length\n%.0s' $(seq 5000) >CONFIG.TXT
    sync";

/// What the partition is after a loss of power: what is in the image now, and not what only the kernel has.
const AFTER_A_LOSS: &str = r"
    cd /run/card; cp fat lost; mkdir after; mount -o loop,ro lost after
    diff -r boot after; (cd after; md5sum *; ls -A)
    umount after; rmdir after; rm lost";

/// What lasts of the boot partition, which is the same as what its users see.
#[track_caller]
fn lasting(vm: &Vm) -> String {
    sh(vm, AFTER_A_LOSS)
}

#[test]
fn setups_and_undoings_of_upper_case_names_on_a_fat_partition_last() {
    let system = system();
    sh(&system, CARD);
    let before = lasting(&system);
    assert!(before.ends_with("\nCMDLINE.TXT\nCONFIG.TXT"), "{before}");
    for (program, setup, undo, added) in [
        ("clusterhat", "setup", "setup undo", "dtparam=i2c_arm=on"),
        ("clusterhat-node", "setup --id 3", "undo", "dtparam=dr_mode=peripheral"),
    ] {
        let at = "--root /run/card/root --boot-dir /run/card/boot";
        sh(&system, &format!("{program} {setup} {at}"));
        let set_up = lasting(&system);
        assert!(set_up.ends_with("\nCMDLINE.TXT\nCONFIG.TXT") && set_up != before, "{set_up}");
        let config = sh(&system, "cat /run/card/boot/config.txt");
        assert!(config.starts_with(&"# of some length\n".repeat(5000)) && config.contains(added));
        sh(&system, &format!("{program} {undo} {at}"));
        assert_eq!(lasting(&system), before, "{program}");
    }
    sh(&system, "umount /run/card/boot; rm -r /run/card");
}

/// A root with a boot folder of its own, on which its system mounts the boot partition.
const UNMOUNTED: &str = r"
    mkdir -p /run/other; mount -t tmpfs none /run/other; cd /run/other
    mkdir -p etc/systemd/system/multi-user.target.wants usr/lib/systemd/system boot/firmware
    echo 'PARTUUID=1-01 /boot/firmware vfat defaults 0 2' >etc/fstab
    echo '[all]' >boot/firmware/config.txt";

/// Seen: what was written to the folder is hidden at the next boot, and was told as done.
#[test]
fn a_boot_folder_whose_partition_is_not_mounted_is_refused() {
    let system = system();
    sh(&system, UNMOUNTED);
    let named = "clusterhat setup --root /run/other --boot-dir /run/other/boot/firmware";
    let node = "clusterhat-node setup --id 3 --root /run/other";
    for command in ["clusterhat setup --root /run/other", node, named] {
        // In the end the kind is left to mount(8).
        if command == named {
            sh(
                &system,
                "echo 'LABEL=bootfs /boot//firmware auto defaults 0 2' >/run/other/etc/fstab",
            );
        }
        let said = sh(&system, &format!("{command} --dry-run 2>&1 || echo $?"));
        assert!(
            said.contains("/run/other/boot/firmware is on the root's own file system"),
            "{said}"
        );
        assert!(said.ends_with("--boot-dir\n2"), "{said}");
    }
    let mounted = "mount -t tmpfs none /run/other/boot/firmware && echo '[all]' >/run/other/boot/firmware/config.txt";
    sh(&system, mounted);
    sh(&system, "clusterhat setup --root /run/other --dry-run");
    sh(&system, "umount /run/other/boot/firmware /run/other; rmdir /run/other");
}
