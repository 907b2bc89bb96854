//! `--json` where no golden file shows it: what `setup`, `network` and `inventory` print for a system below a folder.
//! [`Run::run`] compares each document with the JSON Schema.

use std::fs;
use std::os::unix::fs::symlink;

use clusterhat_tests::command::World;
use command::Run as _;
use serde_json::Value;
use tempfile::TempDir;

mod command;

/// As much of a system with NetworkManager as a set-up looks at.
fn system() -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let unit = "usr/lib/systemd/system/NetworkManager.service";
    for path in ["usr/sbin/dnsmasq", "usr/sbin/nft", unit, "etc/hosts"] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, "[Unit]\n").expect("it can be written");
    }
    let wants = root.path().join("etc/systemd/system/multi-user.target.wants");
    fs::create_dir_all(&wants).expect("it can be made");
    symlink(format!("/{unit}"), wants.join("NetworkManager.service")).expect("it can be made");
    root
}

/// Runs each call below one root, one after the other, and looks for a key of its document.
fn run_all(calls: &[(&[&str], i32, &str)]) {
    let (world, root) = (World::builtin("two-hats"), system());
    let root = root.path().to_str().expect("UTF-8");
    for (args, status, key) in calls {
        let output = world.run(&[&["--json", "--root", root], *args].concat());
        assert_eq!(output.status, *status, "{args:?}: {output:?}");
        let document = output.json();
        assert_eq!(document["command"], args[0], "{document}");
        assert_ne!(document[key], Value::Null, "{args:?}: no {key} in {document}");
    }
}

#[test]
fn the_nodes_network() {
    let nat = &["network", "setup", "--mode", "nat", "--isolate", "--allow-forwarding"][..];
    let bridge = &["network", "setup", "--mode", "bridge", "--uplink", "eth0", "--dry-run"][..];
    run_all(&[
        (&["inventory", "--format", "ansible"], 0, "nodes"),
        (&[nat, &["--dry-run"]].concat(), 0, "diff"),
        (bridge, 0, "settings"),
        (nat, 0, "settings"),
        (&["inventory", "--format", "hosts"], 0, "network_set_up"),
        (&["network", "undo", "--dry-run"], 0, "diff"),
        (&["network", "undo"], 0, "changed"),
        // They look at the running system.
        (&["network", "status"], 2, "error"),
        (&["network", "setup", "--mode", "nat", "--backend", "networkd"], 2, "error"),
    ]);
}

/// Seen: `network setup` said to use --force, which it does not have.
#[test]
fn what_the_other_mode_does_not_need_and_was_edited_goes_as_the_error_says() {
    let (world, root) = (World::builtin("v2.5"), system());
    let profile = root.path().join("etc/NetworkManager/dnsmasq-shared.d/clusterhat.conf");
    let root = root.path().to_str().expect("UTF-8");
    let run = |words: &str| {
        let words: Vec<_> = words.split(' ').collect();
        world.run(&[&["--root", root], &words[..]].concat())
    };
    assert_eq!(run("network setup --mode nat").status, 0);
    fs::write(&profile, "dhcp-option=6,192.0.2.1\n").expect("it can be written");
    let bridge = "network setup --mode bridge --uplink eth0";
    let refused = run(bridge);
    assert_eq!(refused.status, 1, "{refused:?}");
    let told = format!("changed since the setup: {}; save what you need", profile.display());
    assert!(refused.stderr.contains(&told), "{refused:?}");
    let undo = refused.stderr.split('`').nth(1).and_then(|words| words.strip_prefix("clusterhat "));
    let undone = run(undo.expect("a command"));
    assert_eq!(undone.status, 0, "{undone:?}");
    assert_eq!(run(bridge).status, 0);
}

#[test]
fn the_controllers_set_up() {
    run_all(&[
        (&["setup", "--dry-run"], 0, "diff"),
        (&["setup"], 0, "changed"),
        (&["setup", "undo", "--dry-run"], 0, "diff"),
        (&["setup", "undo"], 0, "undo"),
        (&["setup", "--user", "nosuch"], 2, "error"),
    ]);
}

#[test]
fn the_boards() {
    run_all(&[
        (&["boards"], 0, "boards"),
        (&["boards", "--probe"], 0, "probed"),
        (&["path"], 1, "nodes"),
        (&["maxpi"], 0, "maxpi"),
    ]);
}

/// Seen: only files of the usual names counted.
#[test]
fn a_command_line_of_another_name_is_for_the_next_boot() {
    let (world, root) = (World::builtin("v2.5"), system());
    let boot = root.path().join("boot");
    fs::create_dir(&boot).expect("it can be made");
    let config = "enable_uart=1\ncmdline=other.txt\n";
    fs::write(boot.join("config.txt"), config).expect("it can be written");
    let named = root.path().to_str().expect("UTF-8");
    let set_up =
        |words: &[&str]| world.run(&[&["--json", "--root", named, "setup"], words].concat());
    assert_eq!(set_up(&[]).status, 0);
    let other = boot.join("other.txt");
    fs::write(&other, "console=tty1\n").expect("it can be written");
    let document = set_up(&["--serial-console"]).json();
    assert_eq!(document["changed"], serde_json::json!([other]), "{document}");
    assert_eq!(document["reboot"], true, "{document}");
}
