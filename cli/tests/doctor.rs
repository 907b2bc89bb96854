//! `doctor` as a command: its exit status, its words, and its fixes. The checks themselves are tested with the library.

use std::fs;
use std::path::Path;
use std::process::Command;

use clusterhat_tests::command::{Output, World};
use command::Run as _;
use tempfile::TempDir;

mod command;

/// A system on which `setup` has something to do.
fn system() -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    };
    write("etc/group", "i2c:x:994:\ngpio:x:986:\nclusterhat:x:900:\n");
    write("boot/firmware/config.txt", "dtparam=audio=on\n");
    write("usr/lib/modules-load.d/clusterhat.conf", "i2c-dev\n");
    write("usr/lib/udev/rules.d/60-clusterhat-node.rules", "# rules\n");
    write(
        "usr/lib/systemd/system/clusterhat-init.service",
        "[Install]\nWantedBy=multi-user.target\n",
    );
    write("sys/bus/usb/devices/1-1/idVendor", "1d6b\n");
    root
}

fn doctor(world: &World, root: &Path, words: &[&str]) -> Output {
    let root = root.to_str().expect("UTF-8");
    world.run(&[&["--root", root, "doctor"], words].concat())
}

#[test]
fn the_exit_status_says_whether_something_needs_doing() {
    let (world, root) = (World::builtin("v2.5"), system());
    assert_eq!(world.run(&["init"]).status, 0);
    let ill = doctor(&world, root.path(), &[]);
    assert_eq!(ill.status, 1, "{ill:?}");
    assert_eq!(ill.stderr, "clusterhat: 3 problems found: see above\n");
    assert!(
        ill.stdout.starts_with("error: config.txt does not switch the I2C bus on\n  why: "),
        "{ill:?}"
    );
    assert!(
        ill.stdout.contains(
            "fix: `sudo clusterhat setup`, then reboot (or `sudo clusterhat doctor --fix`)"
        )
    );
    assert!(ill.stdout.contains("not checked: kernel-driver: "), "{ill:?}");
    let fixed = doctor(&world, root.path(), &["--fix"]);
    assert_eq!(fixed.status, 0, "{fixed:?}");
    assert!(fixed.stdout.contains("/boot/firmware/config.txt was changed\n"), "{fixed:?}");
    assert!(fixed.stdout.contains("`clusterhat setup undo` restores the files"), "{fixed:?}");
    let unmade = |output: &Output| {
        output.stdout.lines().last().is_some_and(|line| {
            line.starts_with("nothing found by the ") && line.ends_with(" could not")
        })
    };
    assert!(unmade(&fixed), "{fixed:?}");
    let well = doctor(&world, root.path(), &[]);
    assert_eq!((well.status, &*well.stderr), (0, ""), "{well:?}");
    let nothing = doctor(&world, root.path(), &["--fix"]);
    assert!(nothing.stdout.starts_with("nothing to fix\n") && unmade(&nothing), "{nothing:?}");
}

/// Seen: run/lock/clusterhat-power.record.
#[test]
fn a_question_makes_nothing_below_a_root() {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join("etc/clusterhat")).expect("it can be made");
    let board = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";
    fs::write(root.path().join("etc/clusterhat/clusterhat.toml"), board).expect("it works");
    for words in [&["doctor"][..], &["status"], &["is-on", "p1"], &["off", "--dry-run"]] {
        let mut command = Command::new(command::clusterhat());
        command.args(["--root", root.path().to_str().expect("UTF-8")]).args(words);
        assert_ne!(Output::of(&mut command).status, 0, "the board is not there");
        let made = fs::read_dir(root.path()).expect("it is there").count();
        assert_eq!(made, 1, "{words:?}");
    }
}

#[test]
fn programs_get_facts() {
    let (world, root) = (World::builtin("v2.5"), system());
    let document = doctor(&world, root.path(), &["--json", "--fix", "--dry-run"]).json();
    assert_eq!(document["error"]["kind"], "problems-found", "{document}");
    assert_eq!(document["error"]["exit_status"], 1);
    let finding = &document["findings"][0];
    assert_eq!((&finding["kind"], &finding["severity"]), (&"i2c-off".into(), &"error".into()));
    assert_eq!(finding["fixable"], true);
    assert_eq!(document["fixed"]["dry_run"], true);
    assert!(
        document["fixed"]["diff"].as_str().is_some_and(|diff| diff.contains("+dtparam=i2c_arm=on"))
    );
    let unmade = document["not_made"].as_array().expect("a list");
    assert!(unmade.iter().all(|check| !check["reason"].as_str().unwrap_or_default().is_empty()));
    let config = fs::read_to_string(root.path().join("boot/firmware/config.txt")).expect("a file");
    assert_eq!(config, "dtparam=audio=on\n", "a dry run changed it");
}

/// The next step is in the command's words.
#[test]
fn without_a_system_the_option_that_names_one_is_told() {
    let world = World::builtin("v2.5");
    let told = "a simulation covers boards, not a system: pass --root DIR";
    let output = world.run(&["doctor"]);
    assert!(output.stdout.contains(told), "{output:?}");
    let document = world.run(&["doctor", "--json"]).json();
    let unmade = document["not_made"].as_array().expect("a list");
    assert!(unmade.iter().any(|check| check["reason"] == told), "{document}");
}

/// Seen: "nothing found" of nodes that wait in their boot ROM or hang.
#[test]
fn what_a_simulation_s_nodes_do_is_found_without_a_system() {
    let mut world = World::builtin_value("v2.5");
    let nodes = serde_json::json!({
        "p2": {"stays": "boot-rom"}, "p3": {"hangs": true}, "p4": {"agent_ends_after": 0}
    });
    world["nodes"] = nodes;
    let world = World::new(&world);
    assert_eq!(world.run(&["on"]).status, 0);
    let output = world.run(&["doctor"]);
    assert_eq!(output.status, 1, "{output:?}");
    for found in [
        "warning: p2 waits in its boot ROM for boot files\n",
        "warning: no agent answers on p3\n",
        "warning: no agent answers on p4\n",
        "3 problems; ",
    ] {
        assert!(output.stdout.contains(found), "{found}: {output:?}");
    }
}

/// No board is something that needs doing, and everything else is checked all the same.
#[test]
fn no_board_is_a_finding() {
    let mut world = World::builtin_value("v2.5");
    world["hat"] = serde_json::json!(null);
    world["chips"] = serde_json::json!({});
    let world = World::new(&world);
    let document = doctor(&world, system().path(), &["--json"]).json();
    let kinds: Vec<_> =
        document["findings"].as_array().expect("a list").iter().map(|one| &one["kind"]).collect();
    assert!(kinds.contains(&&"no-board".into()) && kinds.contains(&&"i2c-off".into()), "{kinds:?}");
    assert_eq!(document["error"]["exit_status"], 1);
}

#[test]
fn a_node_that_is_not_here_is_a_mistake_of_the_caller() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["doctor", "p9"]).status, 2);
    assert_eq!(world.run(&["doctor", "--dry-run"]).status, 2);
}

/// `--help`, and with it the manual page, has every check.
#[test]
fn help_names_every_check() {
    // Lines are as wide as the terminal.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = words(&World::builtin("v2.5").run(&["doctor", "--help"]).stdout);
    for check in clusterhat::doctor::checks() {
        let line = format!("{}: {}. Why: {}.", check.name, check.looks_for, check.why);
        assert!(help.contains(&words(&line)), "{}", check.name);
    }
}

/// Seen: "this controller is set up" right below what is missing.
#[test]
fn setup_does_not_contradict_its_notes() {
    let (world, root) = (World::builtin("v2.5"), system());
    let setup = || world.run(&["--root", root.path().to_str().expect("UTF-8"), "setup"]);
    let well = setup();
    assert!(well.stdout.contains("\nthis controller is set up\n"), "{well:?}");
    fs::remove_file(root.path().join("usr/lib/systemd/system/clusterhat-init.service"))
        .expect("new");
    let noted = setup();
    assert!(noted.stdout.contains("note: "), "{noted:?}");
    assert!(noted.stdout.contains("this controller is set up, except as noted above"), "{noted:?}");
}

/// Seen: "nothing found", of a record that every command warned of.
#[test]
fn a_desired_state_that_cannot_be_read_is_found() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    assert!(!world.run(&["doctor"]).stdout.contains("desired"));
    let name = world.path().file_name().expect("a name").to_string_lossy().into_owned();
    let record = world.path().with_file_name(format!(".{name}.desired"));
    for what in ["damaged", "a folder"] {
        fs::remove_file(&record).expect("it was written");
        if what == "damaged" {
            fs::write(&record, "{").expect("a file");
        } else {
            fs::create_dir(&record).expect("a folder");
        }
        let output = world.run(&["doctor"]);
        assert_eq!(output.status, 1, "{what}: {output:?}");
        let place = record.display().to_string();
        let found = output.stdout.lines().find(|line| line.contains(&place));
        assert!(found.is_some_and(|line| line.starts_with("warning: ")), "{what}: {output:?}");
    }
}
