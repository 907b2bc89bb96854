//! Programs of a newer Debian than the host's, run with the libraries that they came with: QEMU,
//! which has no PCA9554 in any release's own version yet, and `fdtput`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    cache,
    suite::{self, RELEASE, Suite},
};
use crate::vm::{
    packages,
    tools::{SETPRIV, context},
};

const PACKAGES: [&str; 2] = ["qemu-system-arm", "device-tree-compiler"];

/// The unpacked packages.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    root: PathBuf,
    libraries: PathBuf,
    loader: PathBuf,
}

impl Programs {
    /// Those in the cache, downloaded if they are not there.
    ///
    /// # Errors
    /// If the packages cannot be had.
    pub(super) fn get() -> io::Result<Self> {
        let backports = format!("{RELEASE}-backports");
        let root = cache::made("qemu", &format!("{PACKAGES:?} {backports}"), |to| {
            let architecture = suite::host_architecture()?;
            let suite = Suite::open(to, &architecture, &[RELEASE, &backports])?;
            suite.unpack_with_dependencies(&PACKAGES, &backports, to)
        })?;
        Self::below(root)
    }

    fn below(root: PathBuf) -> io::Result<Self> {
        let all = packages::with_prefix(&root.join("usr/lib"), "")?;
        let libraries = all.into_iter().find(|(name, _)| name.ends_with("-linux-gnu"));
        let (_, libraries) = libraries.ok_or_else(|| io::Error::other("no libraries for QEMU"))?;
        let loader = packages::with_prefix(&libraries, "ld-linux")?.pop();
        let (_, loader) = loader.ok_or_else(|| io::Error::other("no dynamic linker for QEMU"))?;
        Ok(Self { root, libraries, loader })
    }

    /// One of the programs. The kernel kills it when the thread that started it goes, so that even
    /// a killed test process leaves none behind.
    ///
    /// # Errors
    /// If `setpriv` is missing.
    pub(super) fn command(&self, program: &str) -> io::Result<Command> {
        let mut command = SETPRIV.command()?;
        command.args(["--pdeathsig", "KILL"]);
        command.arg(&self.loader).arg("--library-path").arg(&self.libraries);
        command.arg(self.root.join("usr/bin").join(program));
        command.env("QEMU_MODULE_DIR", self.libraries.join("qemu"));
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
