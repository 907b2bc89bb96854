//! Undoing, and going from one mode to the other.

use std::fs;

use system_config::Manager::{NetworkManager, Networkd};
use system_config::changes::{ChangeError, Changed, plan_undo, undo};
use system_config::network::{self, NetworkError, NetworkMode, NetworkRequest};

use crate::machine::{Machine, request};
use crate::tree::{Tree, assert_same};

#[test]
fn undo_restores_byte_for_byte() {
    for manager in [NetworkManager, Networkd] {
        for mode in [NetworkMode::Nat, NetworkMode::Bridge] {
            let machine = Machine::stock(manager);
            machine.card.mode("root/etc/hosts", 0o604);
            let before = machine.card.tree();
            machine.set_up(mode);
            assert!(!plan_undo(&machine.sysroot(), Changed::Refuse).unwrap().changes().is_empty());
            undo(&machine.sysroot(), Changed::Refuse).unwrap();
            assert_same(&machine.card.tree(), &before);
            assert!(plan_undo(&machine.sysroot(), Changed::Refuse).unwrap().changes().is_empty());
        }
    }
}

#[test]
fn from_one_mode_to_the_other_leaves_nothing_of_the_first() {
    for manager in [NetworkManager, Networkd] {
        let direct = Machine::stock(manager);
        direct.set_up(NetworkMode::Bridge);
        let machine = Machine::stock(manager);
        let before = machine.card.tree();
        machine.set_up(NetworkMode::Nat);
        machine.set_up(NetworkMode::Bridge);
        let mut now = machine.card.tree();
        let mut then = direct.card.tree();
        for tree in [&mut now, &mut then] {
            // The record, and a folder that only the first mode needs.
            tree.retain(|name, _| {
                let folders = ["dnsmasq-shared.d", "modules-load.d"];
                !name.contains("var/lib/clusterhat") && !folders.iter().any(|f| name.ends_with(f))
            });
        }
        assert_same(&now, &then);
        machine.set_up(NetworkMode::Nat);
        undo(&machine.sysroot(), Changed::Refuse).unwrap();
        assert_same(&machine.card.tree(), &before);
    }
}

#[test]
fn what_was_allowed_and_isolated_goes_with_the_next_set_up() {
    for manager in [NetworkManager, Networkd] {
        let machine = Machine::stock(manager);
        machine.card.write("root/usr/sbin/firewalld", "");
        let before = machine.card.tree();
        machine.set_up(NetworkMode::Nat);
        let plain = machine.card.tree();
        let request =
            NetworkRequest { isolate: true, allow_forwarding: true, ..request(NetworkMode::Nat) };
        let set_up = || machine.plan(&request).unwrap().files.apply(&machine.sysroot()).unwrap();
        set_up();
        let unit = "root/etc/systemd/system/multi-user.target.wants/clusterhat-forwarding.service";
        assert!(machine.card.path(unit).is_symlink());
        machine.set_up(NetworkMode::Nat);
        let files = |tree: Tree| -> Tree {
            let is_ours = |name: &String| {
                !name.contains("var/lib")
                    && !name.ends_with(".wants")
                    && !name.contains("dispatcher.d")
                    && !name.contains("firewalld")
            };
            tree.into_iter().filter(|(name, _)| is_ours(name)).collect()
        };
        assert_same(&files(machine.card.tree()), &files(plain));
        set_up();
        undo(&machine.sysroot(), Changed::Refuse).unwrap();
        assert_same(&machine.card.tree(), &before);
    }
}

/// Others write that file too, and not only root by hand.
#[test]
fn what_others_wrote_into_hosts_stays() {
    let machine = Machine::stock(NetworkManager);
    let before = machine.card.read("root/etc/hosts");
    machine.set_up(NetworkMode::Nat);
    let hosts = machine.card.read("root/etc/hosts");
    machine.card.write("root/etc/hosts", format!("192.0.2.9 printer\n{hosts}192.0.2.8 scanner\n"));
    machine.set_up(NetworkMode::Nat);
    undo(&machine.sysroot(), Changed::Refuse).unwrap();
    let after = machine.card.read("root/etc/hosts");
    assert_eq!(after, format!("192.0.2.9 printer\n{before}192.0.2.8 scanner\n"));
}

/// The nodes' names stayed, and the next set-up added them a second time, behind their old addresses.
#[test]
fn lines_whose_mark_was_deleted_are_ours_all_the_same() {
    let hosts = "root/etc/hosts";
    for mark in ["# clusterhat network: begin", "# clusterhat network: end", "# clusterhat network"]
    {
        let machine = Machine::stock(NetworkManager);
        let before = machine.card.tree();
        machine.set_up(NetworkMode::Nat);
        let whole = machine.card.read(hosts);
        let without_marks = || {
            let rest = whole.split_inclusive('\n').filter(|line| !line.starts_with(mark));
            machine.card.write(hosts, rest.collect::<String>());
        };
        without_marks();
        let error = undo(&machine.sysroot(), Changed::Refuse).unwrap_err().to_string();
        assert!(error.contains("etc/hosts lines "), "{mark}: {error}");
        machine.set_up(NetworkMode::Nat);
        assert_eq!(machine.card.read(hosts), whole, "{mark}");
        without_marks();
        undo(&machine.sysroot(), Changed::Overwrite).unwrap();
        assert_same(&machine.card.tree(), &before);
    }
}

#[test]
fn a_profile_that_was_edited_is_not_lost() {
    let machine = Machine::stock(NetworkManager);
    machine.set_up(NetworkMode::Nat);
    let profile = "root/etc/NetworkManager/dnsmasq-shared.d/clusterhat.conf";
    machine.card.write(profile, "dhcp-option=6,192.0.2.1\n");
    let error = undo(&machine.sysroot(), Changed::Refuse).unwrap_err();
    assert!(matches!(&error, ChangeError::ChangedSince(paths) if paths.len() == 1), "{error}");
    // The other mode would remove it.
    let error = machine.plan(&request(NetworkMode::Bridge)).unwrap_err();
    assert!(error.to_string().contains("clusterhat.conf"), "{error}");
    assert_eq!(machine.card.read(profile), "dhcp-option=6,192.0.2.1\n");
    undo(&machine.sysroot(), Changed::Overwrite).unwrap();
    assert!(!machine.card.path(profile).exists());
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let machine = Machine::stock(NetworkManager);
    fs::create_dir_all(machine.card.path("root/etc/clusterhat")).unwrap();
    machine.card.write("root/etc/clusterhat/network.toml", "mode = \"tunnel\"\n");
    let error = network::status(&[], &machine.survey(), &machine.tools).unwrap_err().to_string();
    assert!(error.contains("network.toml") && error.contains("tunnel"), "{error}");
}

/// The command says to set it up again, and that has to work.
#[test]
fn settings_that_say_nothing_are_written_anew() {
    for text in ["", "mode = \n", "\u{feff}mode = \"nat\"\n", "mode = \"nat\"\n"] {
        let machine = Machine::stock(NetworkManager);
        let before = machine.card.tree();
        machine.set_up(NetworkMode::Nat);
        let whole = machine.card.tree();
        machine.card.write("root/etc/clusterhat/network.toml", text);
        let error = network::status(&[], &machine.survey(), &machine.tools).unwrap_err();
        assert!(matches!(error, NetworkError::Settings { .. }), "{error}");
        machine.set_up(NetworkMode::Nat);
        let (mut now, mut then) = (machine.card.tree(), whole);
        for tree in [&mut now, &mut then] {
            tree.retain(|name, _| !name.contains("var/lib/clusterhat"));
        }
        assert_same(&now, &then);
        undo(&machine.sysroot(), Changed::Overwrite).unwrap();
        assert_same(&machine.card.tree(), &before);
    }
}
