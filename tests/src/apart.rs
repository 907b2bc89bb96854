//! Crates below this folder that are workspaces of their own: what strangers build with the project's crates.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

/// How long building and running one may take on a busy machine.
const SECONDS: &str = "900";

/// The folder of such a crate.
#[must_use]
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// `cargo run` of such a crate with its own lock file, in its folder, built where the running test was, which has
/// most of its dependencies. It is ended where it takes too long, with everything that it started.
///
/// # Errors
/// If the test is in no target folder.
pub fn run(cargo: &Path, name: &str) -> io::Result<Command> {
    let test = env::current_exe()?;
    let target = test.ancestors().nth(3);
    let target = target.ok_or_else(|| io::Error::other("this test is in no target folder"))?;
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", SECONDS]).arg(cargo);
    command.args(["run", "--quiet", "--locked", "--target-dir"]).arg(target);
    command.current_dir(folder(name));
    Ok(command)
}
