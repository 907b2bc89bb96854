//! The programs under test, built where a machine gets them; simulated boards in a folder of their own; and
//! what a program printed.

use std::{
    env, fs, io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::OnceLock,
};

use hat_driver::sim::builtin;
use rustix::fs::{FlockOperation, flock};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// The command, built once per process with the profile of the running test.
///
/// # Panics
/// If it cannot be built: what cargo says is printed.
pub fn clusterhat() -> &'static Path {
    static PATH: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    // What failed once is not tried again for every test.
    let built = PATH.get_or_init(|| {
        build("clusterhat", &["--package", "clusterhat-cli"]).map_err(|error| error.to_string())
    });
    built.as_ref().unwrap_or_else(|error| panic!("cannot build clusterhat: {error}"))
}

/// The node's program, built in the same way.
///
/// # Panics
/// As [`clusterhat`].
pub fn clusterhat_node() -> &'static Path {
    static PATH: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = PATH.get_or_init(|| {
        build("clusterhat-node", &["--package", "clusterhat-node"])
            .map_err(|error| error.to_string())
    });
    built.as_ref().unwrap_or_else(|error| panic!("cannot build clusterhat-node: {error}"))
}

/// The daemon, built in the same way.
///
/// # Panics
/// As [`clusterhat`].
pub fn clusterhatd() -> &'static Path {
    static PATH: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = PATH.get_or_init(|| {
        build("clusterhatd", &["--package", "clusterhat-daemon"]).map_err(|error| error.to_string())
    });
    built.as_ref().unwrap_or_else(|error| panic!("cannot build clusterhatd: {error}"))
}

fn build(program: &str, package: &[&str]) -> io::Result<PathBuf> {
    let folder = output_folder()?;
    let target = folder.parent().unwrap_or(&folder);
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--bin", program, "--profile", profile])
        .args(package)
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("cargo build ended with {status}")));
    }
    Ok(folder.join(program))
}

/// Where cargo put the running test: `target/debug` of `target/debug/deps/kill-0123456789abcdef`.
fn output_folder() -> io::Result<PathBuf> {
    let test = env::current_exe()?;
    let folder = test.ancestors().nth(2);
    folder.map(Path::to_owned).ok_or_else(|| io::Error::other("this test is in no target folder"))
}

/// A world in a file of its own, with locks of its own, that goes when it is dropped.
#[derive(Debug)]
pub struct World {
    folder: TempDir,
}

/// What a run of the command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The exit status; 128 and the signal's number where a signal ended it.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl World {
    /// A world with this content.
    ///
    /// # Panics
    /// If its folder cannot be made.
    #[must_use]
    pub fn new(world: &Value) -> Self {
        let made = TempDir::new().and_then(|folder| {
            fs::create_dir(folder.path().join("run"))?;
            Ok(Self { folder })
        });
        let new = made.unwrap_or_else(|error| panic!("no folder for a world: {error}"));
        new.write(world);
        new
    }

    /// One that comes with the program, as its power comes on: `v1.0` to `v3.1`, or `two-hats`.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn builtin(name: &str) -> Self {
        Self::new(&Self::builtin_value(name))
    }

    /// The content of one that comes with the program, to be changed.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn builtin_value(name: &str) -> Value {
        let world =
            builtin::simulation(name).unwrap_or_else(|| panic!("no world is called {name}"));
        parse(&world.to_text())
    }

    /// So many v2.5 Cluster HATs at four addresses of each bus, all of whose nodes are on, and so count as started.
    #[must_use]
    pub fn hats_value(count: usize) -> Value {
        let places = || (0..count).map(|board| (1 + board / 4, 0x20 + board % 4));
        let chip = json!({
            "kind": "xra",
            "r": [0x9f, 0x9f, 0, 0, 0x7f],
            "ext": [0, 0, 0, 0, null, null, null, 0],
        });
        let key = |(bus, address)| (format!("{bus}:{address:#04x}"), chip.clone());
        let chips: Map<String, Value> = places().map(key).collect();
        let board = |(bus, address)| {
            format!("[[board]]\nbus = {bus}\naddress = {address}\nrevision = \"2.5\"\n")
        };
        json!({"chips": chips, "clusterhat_toml": places().map(board).collect::<String>()})
    }

    /// The folder; a test may put further files there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The world's file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder().join("world.json")
    }

    /// What stands for `XDG_RUNTIME_DIR`: named worlds are below it.
    #[must_use]
    pub fn runtime(&self) -> PathBuf {
        self.folder().join("run")
    }

    /// The content now.
    ///
    /// # Panics
    /// If the file is not one whole JSON document.
    #[must_use]
    pub fn read(&self) -> Value {
        let text = fs::read_to_string(self.path());
        parse(&text.unwrap_or_else(|error| panic!("the world cannot be read: {error}")))
    }

    /// Replaces the content.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn write(&self, world: &Value) {
        fs::write(self.path(), format!("{world}\n"))
            .unwrap_or_else(|error| panic!("the world cannot be written: {error}"));
    }

    /// A program with a runtime folder of its own. Nothing of the test's own environment changes what the
    /// command does.
    #[must_use]
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let ours = |name: &str| {
            name.starts_with("CLUSTERHAT_") || name.starts_with("CLICOLOR") || name == "NO_COLOR"
        };
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(ours) {
                command.env_remove(name);
            }
        }
        command.env("XDG_RUNTIME_DIR", self.runtime()).stdin(Stdio::null());
        command
    }

    /// The world's locks that were made so far, which lie beside its file.
    ///
    /// # Panics
    /// If the folder cannot be read.
    #[must_use]
    pub fn locks(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.folder());
        let folder = folder.unwrap_or_else(|error| panic!("the world's folder: {error}"));
        let is_lock = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(".world.json.lock."))
        };
        folder.flatten().map(|entry| entry.path()).filter(is_lock).collect()
    }

    /// The lock of one thing: `i2c-1`, `lines`, `power-on`, or `transfer`.
    #[must_use]
    pub fn lock(&self, what: &str) -> PathBuf {
        self.folder().join(format!(".world.json.lock.{what}"))
    }

    /// The locks that somebody holds.
    #[must_use]
    pub fn held_locks(&self) -> Vec<PathBuf> {
        let held = |path: &PathBuf| {
            fs::File::open(path)
                .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
        };
        self.locks().into_iter().filter(held).collect()
    }
}

impl Output {
    /// Runs a command to its end. The line that says that boards are simulated, the first on standard
    /// error, is left out; `cli/tests/simulation_files.rs` looks at it.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output();
        let output = output.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        Self {
            status: status(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: without_note(&String::from_utf8_lossy(&output.stderr)).to_owned(),
        }
    }

    /// Standard output, which has to be exactly one JSON document.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        parse(&self.stdout)
    }
}

/// What follows the line that says that boards are simulated, where that comes first.
#[must_use]
pub fn without_note(text: &str) -> &str {
    match text.split_once('\n') {
        Some((note, rest))
            if note.contains(": simulated boards (")
                && note.ends_with("): no hardware is switched") =>
        {
            rest
        }
        _ => text,
    }
}

/// As a shell's `$?` has it.
#[must_use]
pub fn status(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("not JSON: {error}: {text:?}"))
}
