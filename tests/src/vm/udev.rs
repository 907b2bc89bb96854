//! systemd-udevd for the guest, with Debian's rules: what makes device nodes there as on a real
//! machine. Debian's packages `udev` and `kmod` and the libraries they need.

use std::{env, fs, io, os::unix::process::CommandExt, path::Path, process::Command};

use super::{
    cpio::Archive,
    packages::{self, Unpacked},
    tools::{self, context},
};

/// Where the guest has udev's program and rules, whichever release they come from.
const UDEVADM: &str = "/usr/bin/udevadm";
const RULES: &str = "/usr/lib/udev/rules.d";

/// The users and groups that Debian's rules name, and the one that i2c-tools makes.
const GROUPS: &str = "root:x:0:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\ndialout:x:20:\ncdrom:x:24:\n\
    tape:x:26:\naudio:x:29:\nvideo:x:44:\nkmem:x:15:\ninput:x:101:\nsgx:x:102:\nkvm:x:103:\n\
    render:x:104:\ni2c:x:105:\n";

/// udev and kmod, unpacked.
pub(super) struct Udev(Unpacked);

impl Udev {
    /// Unpacks them below `root`.
    ///
    /// # Errors
    /// If a package cannot be had.
    pub(super) fn unpack(cache: &Path, root: &Path) -> io::Result<Self> {
        Unpacked::new(cache, &["udev", "kmod"], root).map(Self)
    }

    /// Puts udev into an archive.
    ///
    /// # Errors
    /// If the package holds something else.
    pub(super) fn add_udev(&self, archive: &mut Archive) -> io::Result<()> {
        archive.file(UDEVADM, &read(&self.0.find("bin/udevadm")?)?);
        archive.symlink("/usr/lib/systemd/systemd-udevd", UDEVADM);
        archive.file("/etc/group", GROUPS.as_bytes());
        for (name, path) in packages::with_prefix(&self.0.find("lib/udev/rules.d")?, "")? {
            archive.file(&format!("{RULES}/{name}"), &read(&path)?);
        }
        for dir in self.0.library_dirs()? {
            for (name, path) in packages::with_prefix(&dir, "lib")? {
                let guest = path.strip_prefix(&self.0.root).map_err(io::Error::other)?;
                let guest = format!("/{}", guest.display());
                if path.is_symlink() {
                    archive.symlink(&guest, &fs::read_link(&path)?.to_string_lossy());
                } else if name.contains(".so") {
                    archive.file(&guest, &read(&path)?);
                }
            }
        }
        Ok(())
    }

    /// Makes the indices of the modules below `base/lib/modules/version`.
    ///
    /// # Errors
    /// What depmod says.
    pub(super) fn depmod(&self, base: &Path, version: &str) -> io::Result<()> {
        let libraries = env::join_paths(self.0.library_dirs()?).map_err(io::Error::other)?;
        let mut depmod = Command::new(self.0.find("bin/kmod")?);
        depmod.arg0("depmod").arg("-b").arg(base).arg(version);
        depmod.env("LC_ALL", "C").env("LD_LIBRARY_PATH", libraries);
        tools::stdout(&mut depmod).map(drop)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path).map_err(|e| context(e, path.display()))
}
