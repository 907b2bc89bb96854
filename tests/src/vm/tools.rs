//! The host's programs that the rig runs, each with the Debian package that brings it.

use std::{
    env, io,
    path::PathBuf,
    process::{Command, Output},
};

/// A program of the host.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tool {
    program: &'static str,
    package: &'static str,
}

pub(super) const QEMU: Tool = Tool { program: "qemu-system-x86_64", package: "qemu-system-x86" };
pub(super) const BUSYBOX: Tool = Tool { program: "busybox", package: "busybox-static" };
pub(super) const SETPRIV: Tool = Tool { program: "setpriv", package: "util-linux" };
pub(super) const APT_CACHE: Tool = Tool { program: "apt-cache", package: "apt" };
pub(super) const APT_GET: Tool = Tool { program: "apt-get", package: "apt" };
pub(super) const DPKG_DEB: Tool = Tool { program: "dpkg-deb", package: "dpkg" };
pub(super) const LDD: Tool = Tool { program: "ldd", package: "libc-bin" };
pub(super) const MMDEBSTRAP: Tool = Tool { program: "mmdebstrap", package: "mmdebstrap" };
pub(super) const SQFSTAR: Tool = Tool { program: "sqfstar", package: "squashfs-tools" };
pub(super) const STRIP: Tool = Tool { program: "strip", package: "binutils" };
pub(super) const XZ: Tool = Tool { program: "xz", package: "xz-utils" };

impl Tool {
    /// Where the program lies.
    ///
    /// # Errors
    /// Names the Debian package to install if it is nowhere in `PATH`.
    pub(super) fn path(self) -> io::Result<PathBuf> {
        let Self { program, package } = self;
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file()).ok_or_else(
            || {
                let what = format!("{program} is missing: install the Debian package {package}");
                io::Error::new(io::ErrorKind::NotFound, what)
            },
        )
    }

    /// A command that speaks English.
    pub(super) fn command(self) -> io::Result<Command> {
        let mut command = Command::new(self.path()?);
        command.env("LC_ALL", "C");
        Ok(command)
    }
}

/// Runs to the end and gives what went to standard output.
///
/// # Errors
/// The command line, its status and its standard error, unless it ended with 0.
pub(super) fn stdout(command: &mut Command) -> io::Result<Vec<u8>> {
    let Output { status, stdout, stderr } =
        command.output().map_err(|e| context(e, format!("cannot run {command:?}")))?;
    if status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&stderr);
    Err(io::Error::other(format!("{command:?} ended with {status}: {}", stderr.trim())))
}

/// The same error, with what was being done in front.
pub(super) fn context(error: io::Error, what: impl std::fmt::Display) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
