//! Programs of a newer Debian than the host's, run with the libraries that they came with: QEMU,
//! which has no PCA9554 in any release's own version yet, and `fdtput`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use super::cache;
use crate::vm::{
    debian::{self, RELEASE, Suite},
    packages::Unpacked,
    tools::context,
};

const PACKAGES: [&str; 2] = ["qemu-system-arm", "device-tree-compiler"];

/// The unpacked packages.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    root: PathBuf,
    unpacked: Unpacked,
}

impl Programs {
    /// Those in the cache, downloaded if they are not there.
    ///
    /// # Errors
    /// If the packages cannot be had.
    pub(super) fn get() -> io::Result<Self> {
        let backports = format!("{RELEASE}-backports");
        let root = cache::made("qemu", &format!("{PACKAGES:?} {backports}"), |to| {
            let architecture = debian::host_architecture()?;
            let suite = Suite::open(to, &architecture, &[RELEASE, &backports])?;
            suite.unpack_with_dependencies(&PACKAGES, &backports, to)
        })?;
        Ok(Self { unpacked: Unpacked::below(&root)?, root })
    }

    /// One of the programs.
    ///
    /// # Errors
    /// If it is missing.
    pub(super) fn command(&self, program: &str) -> io::Result<Command> {
        let mut command = self.unpacked.command(&format!("bin/{program}"), program)?;
        command.env("QEMU_MODULE_DIR", self.unpacked.libraries().join("qemu"));
        Ok(command)
    }

    /// QEMU's own data: what it would look for below `/usr/share`.
    pub(super) fn data(&self) -> PathBuf {
        self.root.join("usr/share/qemu")
    }
}

/// Copies a file, and names both in the error.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|e| context(e, format!("{} to {}", from.display(), to.display())))
}
