//! The host's programs that the rig runs, each with the Debian package that brings it.

use std::{
    env, io,
    path::PathBuf,
    process::{Command, Output},
};

/// A program of the host.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    program: &'static str,
    package: &'static str,
}

pub(crate) const QEMU: Tool = Tool { program: "qemu-system-x86_64", package: "qemu-system-x86" };
pub(crate) const SETPRIV: Tool = Tool { program: "setpriv", package: "util-linux" };
pub(crate) const APT_CACHE: Tool = Tool { program: "apt-cache", package: "apt" };
pub(crate) const APT_GET: Tool = Tool { program: "apt-get", package: "apt" };
pub(crate) const DPKG: Tool = Tool { program: "dpkg", package: "dpkg" };
pub(crate) const DPKG_DEB: Tool = Tool { program: "dpkg-deb", package: "dpkg" };
pub(crate) const DUMPE2FS: Tool = Tool { program: "dumpe2fs", package: "e2fsprogs" };
pub(crate) const LDD: Tool = Tool { program: "ldd", package: "libc-bin" };
pub(crate) const MKE2FS: Tool = Tool { program: "mke2fs", package: "e2fsprogs" };
pub(crate) const MMDEBSTRAP: Tool = Tool { program: "mmdebstrap", package: "mmdebstrap" };
pub(crate) const SQFSTAR: Tool = Tool { program: "sqfstar", package: "squashfs-tools" };
pub(crate) const STRIP: Tool = Tool { program: "strip", package: "binutils" };
pub(crate) const VALGRIND: Tool = Tool { program: "valgrind", package: "valgrind" };
pub(crate) const XZ: Tool = Tool { program: "xz", package: "xz-utils" };
pub(crate) const ZSTD: Tool = Tool { program: "zstd", package: "zstd" };

impl Tool {
    /// Where the program lies.
    ///
    /// # Errors
    /// Names the Debian package to install if it is nowhere in `PATH` or `/usr/sbin`.
    pub(crate) fn path(self) -> io::Result<PathBuf> {
        let Self { program, package } = self;
        let path = env::var_os("PATH").unwrap_or_default();
        // What is root's to run is not in every user's.
        let dirs = env::split_paths(&path).chain(["/usr/sbin".into()]);
        dirs.map(|dir| dir.join(program)).find(|file| file.is_file()).ok_or_else(|| {
            let what = format!("{program} is missing: install the Debian package {package}");
            io::Error::new(io::ErrorKind::NotFound, what)
        })
    }

    /// A command that speaks English.
    pub(crate) fn command(self) -> io::Result<Command> {
        let mut command = Command::new(self.path()?);
        command.env("LC_ALL", "C");
        Ok(command)
    }
}

/// Runs to the end and gives what went to standard output.
///
/// # Errors
/// The command line, its status and its standard error, unless it ended with 0.
pub(crate) fn stdout(command: &mut Command) -> io::Result<Vec<u8>> {
    let Output { status, stdout, stderr } =
        command.output().map_err(|e| context(e, format!("cannot run {command:?}")))?;
    if status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&stderr);
    Err(io::Error::other(format!("{command:?} ended with {status}: {}", stderr.trim())))
}

/// The same error, with what was being done in front.
pub(crate) fn context(error: io::Error, what: impl std::fmt::Display) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
