//! Programs of Debian that a guest is given on top of busybox, each with the libraries it loads.

use std::{env, fs, io, path::Path};

use tempfile::TempDir;

use super::{
    cpio::Archive,
    packages::Unpacked,
    tools::{LDD, context},
};

/// Programs of one Debian package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programs {
    /// `usbip` and `usbipd`: a USB cable from one machine to another.
    Usbip,
    /// `iperf3`: how much a link carries.
    Iperf3,
}

impl Programs {
    pub(super) const ALL: [Self; 2] = [Self::Usbip, Self::Iperf3];

    /// The Debian package.
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Usbip => "usbip",
            Self::Iperf3 => "iperf3",
        }
    }

    /// Below `/usr`.
    pub(super) const fn files(self) -> &'static [&'static str] {
        match self {
            Self::Usbip => &["sbin/usbip", "sbin/usbipd"],
            Self::Iperf3 => &["bin/iperf3"],
        }
    }

    /// An archive of them.
    ///
    /// # Errors
    /// If the package cannot be had, or holds something else.
    pub(super) fn archive(self, cache: &Path) -> io::Result<Vec<u8>> {
        let root = TempDir::new_in(cache)?;
        let unpacked = Unpacked::new(cache, &[self.package()], root.path())?;
        let mut archive = Archive::default();
        for file in self.files() {
            let program = unpacked.find(file)?;
            archive.file(&format!("/usr/{file}"), &read(&program)?);
            let own = env::join_paths(unpacked.library_dirs()?).map_err(io::Error::other)?;
            let dirs = own.to_str().unwrap_or_default();
            for library in libraries_of(&program, dirs)? {
                let below = Path::new(&library).strip_prefix(root.path());
                let guest = below.map_or(library.clone(), |path| format!("/{}", path.display()));
                archive.file(&guest, &read(Path::new(&library))?);
            }
        }
        Ok(archive.finish())
    }
}

/// The shared libraries that a program loads, looked for in these folders (as in `PATH`) before the
/// host's; none for what is not a program or is linked statically.
///
/// # Errors
/// If one is missing.
pub(super) fn libraries_of(program: &Path, dirs: &str) -> io::Result<Vec<String>> {
    let output = LDD.command()?.env("LD_LIBRARY_PATH", dirs).arg(program).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("not found") {
        return Err(io::Error::other(format!("{} lacks a library: {text}", program.display())));
    }
    Ok(text
        .split_whitespace()
        .filter(|word| word.starts_with('/') && word.contains(".so"))
        .map(str::to_owned)
        .collect())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|e| context(e, path.display()))
}
