//! The program under test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// `clusterhat-node`, built once per process with the profile of the running test.
///
/// # Panics
/// If it cannot be built: what cargo says is printed.
pub(crate) fn clusterhat_node() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(build)
}

/// The test is `target/debug/deps/gadget-0123456789abcdef`.
fn build() -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).expect("the test is in no target folder");
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "gadget-config", "--features", "cli"])
        .args(["--bin", "clusterhat-node", "--profile", profile, "--target-dir"])
        .arg(folder.parent().unwrap_or(folder))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "cargo build ended with {status}");
    folder.join("clusterhat-node")
}
