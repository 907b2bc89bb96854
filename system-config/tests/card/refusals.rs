//! Each error names the file and what to do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use system_config::card::{self, CardError, CardRequest};
use system_config::changes;

use crate::tree::{Card, assert_same};

fn refused(card: &Card, hostname: Option<&str>) -> String {
    let request =
        CardRequest::new(3.try_into().unwrap()).with_hostname(hostname.map(str::to_owned));
    let before = card.tree();
    let error = card.plan(request).unwrap_err();
    assert_same(&card.tree(), &before);
    error.to_string()
}

#[track_caller]
fn says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}

#[test]
fn folders_that_are_no_card() {
    let card = Card::stock("trixie");
    let (root, boot) = (card.path("root"), card.path("boot"));
    let old_boot = root.join("boot");
    let error = |root: &Path, boot| card::sysroot(Some(root), boot).unwrap_err().to_string();
    says(&error(&boot, None), &["boot has no etc"]);
    says(&error(&root, Some(&root)), &["root has no config.txt"]);
    says(&error(&root, None), &["no config.txt in boot/firmware or boot below"]);
    // Seen: said not to be there, where it is in plain sight.
    fs::create_dir_all(&old_boot).unwrap();
    symlink("/nowhere/config.txt", root.join("boot/config.txt")).unwrap();
    let dead = format!("{} is a symbolic link to /nowhere", root.join("boot/config.txt").display());
    says(&error(&root, None), &[&dead, "put what is meant in its place"]);
    says(&error(&root, Some(&old_boot)), &[&dead]);
    let linked = card.path("linked");
    fs::create_dir(&linked).unwrap();
    symlink("/nowhere/etc", linked.join("etc")).unwrap();
    says(&error(&linked, None), &["linked/etc is a symbolic link to /nowhere/etc"]);
    let alone = card::sysroot(None, Some(&boot)).unwrap_err();
    assert!(matches!(alone, CardError::BootDirAlone(_)));
}

#[test]
fn the_boot_folder_is_found_where_config_txt_is() {
    let card = Card::stock("trixie");
    card.write("root/boot/config.txt", "");
    let boot = |card: &Card| {
        let sysroot = card::sysroot(Some(&card.path("root")), None).unwrap();
        sysroot.mount_point(changes::Partition::Boot).to_owned()
    };
    assert_eq!(boot(&card), card.path("root/boot"));
    card.write("root/boot/firmware/config.txt", "");
    assert_eq!(boot(&card), card.path("root/boot/firmware"));
}

/// The refusal names the thing, and the command that it ends with lets the setup go on.
#[track_caller]
fn is_fixed(card: &Card, parts: &[&str]) {
    let error = refused(card, None);
    says(&error, parts);
    let (_, command) = error.split_once("off: ").unwrap();
    let run = Command::new("sh").args(["-euc", command]).status().unwrap();
    assert!(run.success(), "{command}");
    let request = CardRequest::new(3.try_into().unwrap());
    card.plan(request).unwrap();
}

const WANTS: &str = "root/etc/systemd/system/multi-user.target.wants";

#[test]
fn another_who_makes_gadgets() {
    let card = Card::stock("trixie");
    card.write("root/etc/modules-load.d/usb-gadget.conf", "g_ether\n");
    is_fixed(&card, &["rpi-usb-gadget is switched on", "usb-gadget.conf"]);

    // As `rpi-usb-gadget on` leaves it.
    let card = Card::stock("trixie");
    card.write("root/etc/modules-load.d/usb-gadget.conf", "g_ether\n");
    let ics = "rpi-usb-gadget-ics.service";
    symlink(format!("/usr/lib/systemd/system/{ics}"), card.path(WANTS).join(ics)).unwrap();
    let profile = "root/etc/NetworkManager/system-connections/USB Gadget (shared).nmconnection";
    card.write(profile, "[connection]\nid=USB Gadget (shared)\ninterface-name=usb0\n");
    is_fixed(&card, &["rpi-usb-gadget is switched on", WANTS]);
    assert!(!card.path(profile).exists());

    let card = Card::stock("bookworm");
    symlink("/x", card.path(WANTS).join("clusterctrl-composite.service")).unwrap();
    is_fixed(&card, &["clusterctrl-composite.service is switched on"]);
}

#[test]
fn another_whom_cloud_init_switches_on() {
    for text in [
        "#cloud-config\nrpi:\n  enable_usb_gadget: true\nenable_ssh: true\n",
        "rpi: {interfaces: {i2c: true}, \"enable_usb_gadget\": yes}\n",
        "rpi: {\"enable_usb_gadget\":\"true\", i2c: true}\n",
        "rpi:\n  enable_usb_gadget: !!bool true # the cable\nenable_ssh: true\n",
        "runcmd:\n  - [ rpi-usb-gadget, on ]\n  - [ echo, done ]\n",
        "runcmd:\n  - - rpi-usb-gadget\n    - \"on\"\n  - [ echo, done ]\n",
    ] {
        let card = Card::stock("trixie");
        card.write("boot/user-data", text);
        is_fixed(&card, &["cloud-init switches rpi-usb-gadget on", "boot/user-data"]);
        let left = card.read("boot/user-data");
        assert_eq!(left.lines().count(), text.lines().count(), "{left}");
        assert!(
            left.contains("enable_ssh: true")
                || left.contains("i2c: true}")
                || left.contains("done")
        );
    }
}

#[test]
fn a_value_in_the_next_line_is_changed_there() {
    let card = Card::stock("trixie");
    card.write("boot/user-data", "rpi:\n  enable_usb_gadget:\n    true\nenable_ssh: true\n");
    is_fixed(&card, &["cloud-init switches rpi-usb-gadget on", "boot/user-data"]);
    assert_eq!(
        card.read("boot/user-data"),
        "rpi:\n  enable_usb_gadget:\n    false \nenable_ssh: true\n"
    );
}

#[test]
fn a_list_of_modules_by_hand_is_edited_where_the_package_is_not_there() {
    let card = Card::stock("bookworm");
    card.write("root/etc/modules-load.d/usb-gadget.conf", "g_ether\n");
    let request = CardRequest::new(3.try_into().unwrap());
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
    assert_eq!(card.read("root/etc/modules-load.d/usb-gadget.conf"), "");
}

/// modules-load.d(5): so a list of the vendor's is switched off.
#[test]
fn a_list_of_modules_that_is_masked_is_none() {
    let card = Card::stock("trixie");
    fs::create_dir_all(card.path("root/etc/modules-load.d")).unwrap();
    fs::create_dir_all(card.path("root/dev/null")).unwrap();
    symlink("/dev/null", card.path("root/etc/modules-load.d/vendor.conf")).unwrap();
    let request = CardRequest::new(3.try_into().unwrap());
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
}

#[test]
fn units_that_are_missing_or_masked() {
    let card = Card::stock("trixie");
    fs::remove_file(card.path("root/usr/lib/systemd/system/clusterhat-node.service")).unwrap();
    says(&refused(&card, None), &["clusterhat-node.service is not installed", "dpkg --root="]);

    let card = Card::stock("trixie");
    let mask = card.path("root/etc/systemd/system/serial-getty@ttyGS0.service");
    symlink("/dev/null", mask).unwrap();
    says(&refused(&card, None), &["serial-getty@ttyGS0.service is masked by", "unmask"]);
}

#[test]
fn no_network_manager() {
    let card = Card::stock("bookworm");
    fs::remove_file(card.path("root/usr/sbin/NetworkManager")).unwrap();
    fs::remove_file(card.path("root/usr/lib/systemd/system/NetworkManager.service")).unwrap();
    says(&refused(&card, None), &["none is installed", "install NetworkManager"]);
    card.write("root/etc/dhcpcd.conf", "");
    says(&refused(&card, None), &["dhcpcd is installed", "enable systemd-networkd"]);
}

#[test]
fn bad_names_and_bad_files() {
    let card = Card::stock("trixie");
    for name in ["", "a b", "-a", "a-", "a.b", "localhost", "LocalHost", &"a".repeat(64)] {
        says(&refused(&card, Some(name)), &["is not a host name", &format!("{name:?}")]);
    }
    fs::create_dir_all(card.path("root/etc/clusterhat/node.toml")).unwrap();
    says(&refused(&card, None), &["node.toml is not a regular file"]);
    fs::remove_dir(card.path("root/etc/clusterhat/node.toml")).unwrap();
    symlink("/run/node.toml", card.path("root/etc/clusterhat/node.toml")).unwrap();
    says(&refused(&card, None), &["node.toml is not a regular file"]);
}

#[test]
fn the_agent_is_enabled_where_it_is_installed_and_not_masked() {
    const UNIT: &str = "usr/lib/systemd/system/clusterhat-node-agent.service";
    let wants = |card: &Card| {
        let folder = fs::read_dir(card.path("root/etc/systemd/system/multi-user.target.wants"));
        let names = folder.unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name == "clusterhat-node-agent.service").count()
    };
    let getty = "root/etc/systemd/system/getty.target.wants/serial-getty@ttyGS1.service";
    let set_up = |card: &Card| {
        fs::create_dir_all(card.path(getty).parent().unwrap()).unwrap();
        symlink("/usr/lib/systemd/system/serial-getty@.service", card.path(getty)).unwrap();
        let plan = card.plan(CardRequest::new(3.try_into().unwrap())).unwrap();
        plan.apply(&card.sysroot()).unwrap();
        (wants(card), card.path(getty).is_symlink())
    };
    let card = Card::stock("trixie");
    assert_eq!(set_up(&card), (0, true), "a package without the agent");

    let card = Card::stock("trixie");
    card.write(&format!("root/{UNIT}"), "[Install]\nWantedBy=multi-user.target\n");
    assert_eq!(set_up(&card), (1, false), "no login is left on its port");
    changes::undo(&card.sysroot(), changes::Changed::Refuse).unwrap();
    assert_eq!((wants(&card), card.path(getty).is_symlink()), (0, true));

    let card = Card::stock("trixie");
    card.write(&format!("root/{UNIT}"), "[Install]\nWantedBy=multi-user.target\n");
    symlink("/dev/null", card.path("root/etc/systemd/system/clusterhat-node-agent.service"))
        .unwrap();
    assert_eq!(set_up(&card), (0, true), "its owner wants none");
}
