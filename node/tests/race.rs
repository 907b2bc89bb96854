//! `clusterhat-node setup` and `undo` as processes of their own: at the same time, and as somebody who may
//! not read everything.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "shared with the tests of the setup of cards")]
#[path = "../../system-config/tests/card/tree.rs"]
mod tree;

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use system_config::controller;
use tree::{Card, Tree, assert_same};

const NODE: &str = env!("CARGO_BIN_EXE_clusterhat-node");

/// Nothing takes longer on a machine that is busy otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often two run at once. Without a lock one in six of the pairs could not be undone.
const PAIRS: usize = 100;

fn command(program: impl AsRef<Path>, card: &Card, words: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(words).arg("--root").arg(card.path("root"));
    if words[0] != "status" {
        command.arg("--boot-dir").arg(card.path("boot"));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start(card: &Card, words: &[&str]) -> Child {
    command(NODE, card, words).spawn().unwrap()
}

fn run(card: &Card, words: &[&str]) -> Output {
    command(NODE, card, words).output().unwrap()
}

#[track_caller]
fn ends_well(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

/// Whichever came last, the card is set up as one of them asked or not at all, and one undo is enough.
#[track_caller]
fn can_be_undone(card: &Card, before: &Tree) {
    let record = card.path("root/var/lib/clusterhat/node-setup/manifest.json");
    let is_set_up = card.read("boot/config.txt").contains("dr_mode=peripheral");
    assert_eq!(record.exists(), is_set_up, "what is changed has a record");
    ends_well(&run(card, &["undo"]));
    assert_same(&card.tree(), before);
}

#[test]
fn two_at_once_lose_nothing() {
    for round in 0..PAIRS {
        let card = Card::stock("trixie");
        let before = card.tree();
        let is_undone = round % 2 == 1;
        if is_undone {
            ends_well(&run(&card, &["setup", "--id", "2"]));
        }
        let other: &[&str] =
            if is_undone { &["undo"] } else { &["setup", "--id", "4", "--hostname", "p4"] };
        let pair = [start(&card, &["setup", "--id", "3", "--hostname", "p3"]), start(&card, other)];
        for child in pair {
            ends_well(&child.wait_with_output().unwrap());
        }
        can_be_undone(&card, &before);
    }
}

#[test]
fn who_comes_second_waits_for_the_first() {
    let card = Card::stock("trixie");
    let held = File::open(card.path("root")).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let before = card.tree();
    let mut waiting = start(&card, &["setup", "--id", "3"]);
    // Looking needs no lock, and what is looked at is untouched.
    ends_well(&run(&card, &["setup", "--id", "4", "--dry-run"]));
    assert_eq!(waiting.try_wait().unwrap(), None);
    assert_same(&card.tree(), &before);
    drop(held);
    ends_well(&waiting.wait_with_output().unwrap());
    assert!(card.read("root/etc/clusterhat/node.toml").contains("id = 3"));
    can_be_undone(&card, &before);
}

#[test]
fn a_lock_that_is_kept_for_too_long_is_told() {
    let card = Card::stock("trixie");
    let held = card.sysroot().locked(Duration::ZERO).unwrap();
    // Whoever has it may go on.
    let held = held.locked(Duration::ZERO).unwrap();
    for sysroot in [card.sysroot(), controller::sysroot(&card.path("root"), None).unwrap()] {
        let error = sysroot.locked(Duration::from_millis(30)).unwrap_err();
        assert!(error.is_timeout() && error.to_string().contains("cannot lock "), "{error}");
    }
    drop(held);
    // A program that another test starts at this moment has the lock's file until it runs.
    card.sysroot().locked(Duration::from_secs(60)).unwrap();
}

#[test]
fn a_wait_is_told_with_who_is_waited_for() {
    let card = Card::stock("trixie");
    let mut held = Some(card.sysroot().locked(Duration::ZERO).unwrap());
    let us = format!("process {}", std::process::id());
    let error = card.sysroot().locked(Duration::ZERO).unwrap_err().to_string();
    assert!(error.contains(&us) && error.contains("try again"), "{error}");
    // The second time it is told, the other is ready.
    let (start, mut told) = (Instant::now(), Vec::new());
    let lock = card.sysroot().locked_telling(PATIENCE, &mut |wait| {
        told.push(wait.to_string());
        if told.len() == 2 {
            drop(held.take());
        }
    });
    lock.unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(start.elapsed() >= Duration::from_secs(2), "every second");
    let parts = [us, format!("which has locked {}", card.path("root").display())];
    assert!(parts.iter().all(|part| told[0].contains(part)), "{told:?}");
}

/// On a terminal, and gone at the end.
#[test]
fn the_program_shows_its_wait() {
    let card = Card::stock("trixie");
    let held = card.sysroot().locked(Duration::ZERO).unwrap();
    let (terminal, end) = terminal();
    let mut waiting = command(NODE, &card, &["undo"]).stderr(Stdio::from(end)).spawn().unwrap();
    let mut seen = String::new();
    while !seen.contains("waiting for process") {
        let mut bytes = [0; 256];
        let length = (&terminal).read(&mut bytes).unwrap();
        seen += &String::from_utf8_lossy(&bytes[..length]);
    }
    drop(held);
    assert!(waiting.wait().unwrap().success(), "{seen}");
}

/// A pseudoterminal: what is written to the second is read from the first.
fn terminal() -> (File, File) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let end = File::options().read(true).write(true).open(name).unwrap();
    (File::from(terminal), end)
}

#[test]
fn what_was_edited_of_ours_is_told_and_the_rest_undone() {
    let card = Card::stock("trixie");
    ends_well(&run(&card, &["setup", "--id", "3", "--cluster", "rack-1"]));
    let path = "root/etc/clusterhat/node.toml";
    assert!(card.read(path).contains("cluster = \"rack-1\""));
    card.write(path, card.read(path).replace("rack-1", "rack-2"));
    let undone = run(&card, &["--json", "undo"]);
    assert_eq!(undone.status.code(), Some(1), "{undone:?}");
    let report: serde_json::Value = serde_json::from_slice(&undone.stdout).unwrap();
    assert_eq!(report["edited"][0]["path"].as_str(), card.path(path).to_str());
    assert!(report["restored"].as_array().unwrap().len() == 1, "{report}");
    let said = report["error"]["message"].as_str().unwrap();
    assert!(said.contains("node.toml line 3") && said.contains("--force"), "{said}");
    assert!(undone.stderr.is_empty(), "{undone:?}");
    assert!(!card.read("boot/config.txt").contains("dr_mode=peripheral"));
    ends_well(&run(&card, &["undo", "--force"]));
    assert!(!card.path(path).exists());
}

/// A file that is there and cannot be read is not taken for one that is not there.
#[test]
fn what_cannot_be_read_is_refused() {
    let card = Card::stock("trixie");
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("clusterhat-node");
    // A file that this process itself has written is busy while another test starts a program.
    assert!(Command::new("cp").arg(NODE).arg(&program).status().unwrap().success());
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    card.mode("", 0o755);
    for (path, mode) in [("boot/config.txt", 0), ("boot/cmdline.txt", 0), ("root/etc/hosts", 0)] {
        card.mode(path, mode);
        let mut setup = command(&program, &card, &["setup", "--id", "3", "--dry-run"]);
        if rustix::process::geteuid().is_root() {
            // Root may read everything.
            setup.uid(65534).gid(65534);
        }
        let output = setup.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let name = Path::new(path).file_name().unwrap().to_str().unwrap();
        assert!(said.contains(name) && said.contains("Permission denied"), "{said}");
        card.mode(path, 0o644);
    }
}

/// The settings of a card are the card's own, too.
#[test]
fn a_link_to_this_machine_s_file_is_not_read() {
    let card = Card::stock("trixie");
    let outside = card.path("outside.toml");
    fs::write(&outside, "secret = 1\n").unwrap();
    fs::create_dir_all(card.path("root/etc/clusterhat")).unwrap();
    symlink(&outside, card.path("root/etc/clusterhat/node.toml")).unwrap();
    let output = run(&card, &["status"]);
    let said =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("secret"), "{said}");
}
