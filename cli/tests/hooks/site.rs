//! Simulated boards, a root with hooks, and what the hooks wrote.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::until;
use serde_json::json;

use crate::command::{Run as _, heeding_signals, make_hooks_folder};

/// A v2.5 HAT, and a root with hooks.
pub(crate) struct Site {
    pub(crate) world: World,
}

impl Site {
    pub(crate) fn new(config: &str) -> Self {
        let mut value = World::builtin_value("v2.5");
        value["clusterhat_toml"] = json!(config);
        let site = Self { world: World::new(&value) };
        make_hooks_folder(&site.root());
        site
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.world.folder().join("root")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root().join("etc/clusterhat/hooks.d")
    }

    /// What hooks write.
    pub(crate) fn log(&self) -> PathBuf {
        self.world.folder().join("log")
    }

    /// A hook of a shell's lines, where `$log` is the log.
    pub(crate) fn hook(&self, name: &str, script: &str) {
        self.write(&self.folder().join(name), script);
    }

    fn write(&self, path: &Path, script: &str) {
        let text = format!("#!/bin/sh\nlog='{}'\n{script}\n", self.log().display());
        fs::write(path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let root = self.root();
        self.world.run(&[args, &["--root", root.to_str().unwrap()]].concat())
    }

    /// The same, where hooks find these programs first, and with these variables.
    pub(crate) fn run_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Output {
        let path = std::env::var("PATH").unwrap();
        let mut command = self.world.command(args);
        command.env("CLUSTERHAT_ROOT", self.root());
        command.env("PATH", format!("{}:{path}", self.programs().display()));
        Output::of(command.envs(variables.iter().copied()))
    }

    fn programs(&self) -> PathBuf {
        self.world.folder().join("bin")
    }

    /// A program that hooks find by its name.
    pub(crate) fn program(&self, name: &str, script: &str) {
        fs::create_dir_all(self.programs()).unwrap();
        self.write(&self.programs().join(name), script);
    }

    /// The command, with this site's hooks and real waits, heeding signals.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let mut command = self.world.command(args);
        command.env("CLUSTERHAT_ROOT", self.root()).env_remove("CLUSTERHAT_SIM_NOWAIT");
        let mut heeding = heeding_signals(&command);
        heeding.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits for a line that begins so.
    pub(crate) fn until_logged(&self, begin: &str) {
        until(begin, || {
            let text = fs::read_to_string(self.log()).unwrap_or_default();
            text.lines().any(|line| line.starts_with(begin))
        });
    }

    /// The lines of the log, sorted: nodes' hooks run at once.
    pub(crate) fn logged(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let _ = fs::remove_file(self.log());
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    pub(crate) fn on(&self) -> u64 {
        let world = self.world.read();
        let register = |number: usize| world["chips"]["1"]["r"][number].as_u64().unwrap();
        register(1) & !register(3) & 0x0f
    }
}
