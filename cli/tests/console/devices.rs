//! Devices of nodes, with a controller whose HAT does not answer.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clusterhat_tests::command::World;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::command::clusterhat;
use crate::pty::{Pty, read_until};

/// A controller's root.
pub(crate) struct Root {
    folder: TempDir,
    /// For a run-time folder.
    world: World,
}

impl Root {
    pub(crate) fn new() -> Self {
        let root = Self { folder: TempDir::new().unwrap(), world: World::builtin("v2.5") };
        for folder in ["etc/clusterhat", "dev"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let board = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";
        fs::write(root.path().join("etc/clusterhat/clusterhat.toml"), board).unwrap();
        root
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.program(clusterhat());
        command.arg("--root").arg(self.path()).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What a child prints.
pub(crate) fn stdout(child: &mut Child) -> File {
    OwnedFd::from(child.stdout.take().unwrap()).into()
}

pub(crate) fn end(child: &mut Child) {
    kill_process(Pid::from_child(child), Signal::TERM).unwrap();
    child.wait().unwrap();
}

#[test]
fn several_are_shown_with_their_names_and_nothing_that_a_terminal_obeys() {
    let root = Root::new();
    let (mut p1, mut p2) = (Pty::new(), Pty::new());
    p1.plug_in(root.path(), "ttypi1");
    p2.plug_in(root.path(), "ttypi2");
    let log = root.path().join("log");
    let arguments = ["console", "--watch", "all", "--log", log.to_str().unwrap()];
    let mut child = root.command(&arguments).spawn().unwrap();
    let mut stdout = stdout(&mut child);
    p1.master.write_all(b"\x1b[31mred\x1b[0m \x07alert\r\n").unwrap();
    read_until(&mut stdout, "p1: red alert\n");
    p2.master.write_all(b"\x1b]0;title\x07login: ").unwrap();
    read_until(&mut stdout, "p2: login: \n");
    // One that is plugged in later is shown as well.
    let mut p4 = Pty::new();
    p4.master.write_all(b"early\n").unwrap();
    p4.plug_in(root.path(), "ttypi4");
    p4.master.write_all(b"late\n").unwrap();
    read_until(&mut stdout, "p4: late\n");
    end(&mut child);
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("Z p1: red alert\n") && log.contains("Z p4: late\n"), "{log}");
}

#[test]
fn one_that_is_somebody_else_s_keeps_the_others_from_nothing() {
    let root = Root::new();
    let (p1, mut p2) = (Pty::new(), Pty::new());
    p1.plug_in(root.path(), "ttypi1");
    p2.plug_in(root.path(), "ttypi2");
    let holder = p1.terminal();
    let lock = rustix::fs::FlockOperation::LockExclusive;
    rustix::fs::flock(&holder, lock).unwrap();
    let mut child = root.command(&["console", "--watch", "p1", "p2"]).spawn().unwrap();
    let mut stderr = File::from(OwnedFd::from(child.stderr.take().unwrap()));
    read_until(&mut stderr, &format!("ttypi1 is in use by process {} (", std::process::id()));
    let mut stdout = stdout(&mut child);
    p2.master.write_all(b"here\n").unwrap();
    read_until(&mut stdout, "p2: here\n");
    end(&mut child);
    let output = root.command(&["console", "--watch", "p1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.matches("is in use by").count(), 1, "{told}");
}

#[test]
fn a_script_waits_for_a_device_and_talks_to_it() {
    let root = Root::new();
    let script = ["console", "p3", "--send", "root", "--expect", "^Password: $", "--timeout", "60"];
    let mut child = root.command(&script).spawn().unwrap();
    let mut stdout = stdout(&mut child);
    let mut p3 = Pty::new();
    p3.plug_in(root.path(), "ttypi3");
    assert_eq!(read_until(&mut p3.master, "root\r"), "root\r");
    p3.master.write_all(b"root\r\nPassword: ").unwrap();
    read_until(&mut stdout, "Password: ");
    assert!(child.wait().unwrap().success());
}

#[test]
fn one_that_is_plugged_in_again_is_shown_again() {
    let root = Root::new();
    let mut child = root.command(&["console", "--watch", "p1"]).spawn().unwrap();
    let mut stderr = File::from(OwnedFd::from(child.stderr.take().unwrap()));
    let mut stdout = stdout(&mut child);
    for line in ["first", "second", "third"] {
        read_until(&mut stderr, "p1: waiting for its console");
        let mut p1 = Pty::new();
        p1.plug_in(root.path(), "ttypi1");
        p1.master.write_all(format!("{line}\n").as_bytes()).unwrap();
        read_until(&mut stdout, &format!("p1: {line}\n"));
        // The device goes before its name, as udev has it.
        drop(p1);
        fs::remove_file(root.path().join("dev/ttypi1")).unwrap();
    }
    end(&mut child);
}
