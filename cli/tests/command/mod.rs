//! The command as cargo built it for these tests, run on simulated boards.
//!
//! ```ignore
//! let world = World::builtin("v2.5");
//! assert_eq!(world.run(&["on", "p1"]).status, 0);
//! assert_eq!(world.read()["chips"]["1"]["r"][1], 0x91);
//! ```

// Each test uses some of it.
#![allow(dead_code)]

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clusterhat_tests::{
    command::{Output, World},
    running::Running,
    schema::Schema,
};

pub(crate) fn clusterhat() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_clusterhat"))
}

/// Makes the folder of hooks below a root. Nobody else can write to it, whatever the user's umask.
pub(crate) fn make_hooks_folder(root: &Path) -> PathBuf {
    let folder = root.join("etc/clusterhat/hooks.d");
    DirBuilder::new().recursive(true).mode(0o755).create(&folder).expect("a folder");
    folder
}

/// Runs the command in a world.
pub(crate) trait Run {
    /// The command, without waits, ready to be started. Nothing of the test's own environment changes what
    /// it does.
    fn command(&self, args: &[&str]) -> Command;

    /// Runs the command to its end, without waits. A document that it prints has to be as the JSON Schema has it.
    fn run(&self, args: &[&str]) -> Output {
        let output = Output::of(&mut self.command(args));
        Schema::of_clusterhat().assert_valid(&output.stdout);
        output
    }

    /// Starts the command with real waits.
    fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        command.env_remove("CLUSTERHAT_SIM_NOWAIT").stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::spawn(&mut command)
    }
}

impl Run for World {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(clusterhat());
        command.env("CLUSTERHAT_SIM", self.path()).env("CLUSTERHAT_SIM_NOWAIT", "1").args(args);
        command
    }
}

/// The same command, heeding signals that whoever runs the tests ignores: a shell's background job ignores SIGINT,
/// `nohup` SIGHUP.
pub(crate) fn heeding_signals(command: &Command) -> Command {
    let mut heeding = Command::new("env");
    heeding
        .arg("--default-signal=HUP,INT,QUIT,TERM")
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => heeding.env(name, value),
            None => heeding.env_remove(name),
        };
    }
    heeding
}
