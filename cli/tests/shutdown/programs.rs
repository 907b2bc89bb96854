//! An ssh that starts the real agent on a node of files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use clusterhat_tests::command::{World, clusterhat_node};
use clusterhat_tests::process;
use clusterhat_tests::running::until;
use rustix::process::Signal;

use crate::command::Run as _;

/// Nothing here takes that long, unless it hangs.
const LONG: Duration = Duration::from_secs(120);

/// Programs that stand for those of the system, and a node of files for the agent that ssh starts.
pub(crate) struct Programs {
    folder: tempfile::TempDir,
}

impl Programs {
    /// `node` is the ID that the node gives itself.
    pub(crate) fn new(node: u8) -> Self {
        let programs = Self { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["bin", "node/bin", "node/etc/clusterhat"] {
            fs::create_dir_all(programs.path(folder)).expect("a folder");
        }
        fs::write(programs.path("node/etc/clusterhat/node.toml"), format!("id = {node}\n"))
            .expect("a file");
        let calls = programs.path("calls");
        programs.script("node/bin/systemctl", &format!("echo \"$*\" >>{}", calls.display()));
        let agent = format!(
            "echo \"ssh $*\" >>{}; echo $$ >>{}\nPATH={}:$PATH exec {} agent --stdio --root {}",
            calls.display(),
            programs.path("sessions").display(),
            programs.path("node/bin").display(),
            clusterhat_node().display(),
            programs.path("node").display()
        );
        programs.script("bin/ssh", &agent);
        programs
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn script(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    pub(crate) fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// Waits until one of them was called so.
    pub(crate) fn wait_for(&self, call: &str) {
        let start = Instant::now();
        while !self.calls().contains(call) {
            assert!(start.elapsed() < LONG, "{call:?} is not in {:?}", self.calls());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The node ends the sessions of ssh, as systemd does; until the command knows of it, since its child is gone then.
    pub(crate) fn end_sessions(&self) {
        let sessions = fs::read_to_string(self.path("sessions")).unwrap_or_default();
        for session in sessions.lines() {
            let _ = process::signal(session.parse().unwrap(), Signal::KILL);
            let process = Path::new("/proc").join(session);
            until("the end of a session", || !process.exists());
        }
    }

    pub(crate) fn command(&self, world: &World, args: &[&str]) -> Command {
        let mut command = world.command(args);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command
    }
}
