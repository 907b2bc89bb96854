//! Programs of Debian that a guest is given on top of busybox, each with the libraries it loads.

use std::{fs, io, path::Path};

use super::{cpio::Archive, packages::Unpacked, tools::context};

/// Programs of one Debian package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Programs {
    /// `usbip` and `usbipd`: a USB cable from one machine to another.
    Usbip,
    /// `iperf3`: how much a link carries.
    Iperf3,
    /// `ssh` and `ssh-keygen`.
    Ssh,
    /// `dropbear` and `dropbearkey`: a server for ssh that needs nothing else.
    Dropbear,
}

impl Programs {
    pub(super) const ALL: [Self; 4] = [Self::Usbip, Self::Iperf3, Self::Ssh, Self::Dropbear];

    /// The Debian package.
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Usbip => "usbip",
            Self::Iperf3 => "iperf3",
            Self::Ssh => "openssh-client",
            Self::Dropbear => "dropbear-bin",
        }
    }

    /// Below `/usr`.
    pub(super) const fn files(self) -> &'static [&'static str] {
        match self {
            Self::Usbip => &["sbin/usbip", "sbin/usbipd"],
            Self::Iperf3 => &["bin/iperf3"],
            Self::Ssh => &["bin/ssh", "bin/ssh-keygen"],
            Self::Dropbear => &["sbin/dropbear", "bin/dropbearkey"],
        }
    }

    /// An archive of them.
    ///
    /// # Errors
    /// If the package holds something else.
    pub(super) fn archive(self, debian: &Unpacked) -> io::Result<Vec<u8>> {
        let mut archive = Archive::default();
        for file in self.files() {
            let program = debian.find(file)?;
            archive.file(&format!("/usr/{file}"), &read(&program)?);
            add_libraries(&mut archive, debian, &[&program])?;
        }
        Ok(archive.finish())
    }
}

/// Puts into an archive what these files load.
///
/// # Errors
/// If a library is missing.
pub(super) fn add_libraries(
    archive: &mut Archive,
    debian: &Unpacked,
    of: &[&Path],
) -> io::Result<()> {
    for (guest, library) in debian.loaded_by(of)? {
        archive.file(&guest, &read(&library)?);
    }
    Ok(())
}

/// Reads a file, and names it in the error.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|e| context(e, path.display()))
}
