//! systemd-udevd for the guest, with Debian's rules: what makes device nodes there as on a real
//! machine. Debian's packages `udev` and `kmod` and the libraries they need.

use std::{io, path::Path};

use super::{
    cpio::Archive,
    packages::{self, Unpacked},
    programs::{add_libraries, read},
    tools,
};

/// Where the guest has udev's program and rules, whichever release they come from.
const UDEVADM: &str = "/usr/bin/udevadm";
const RULES: &str = "/usr/lib/udev/rules.d";

/// The users and groups that Debian's rules name, and the one that i2c-tools makes.
const GROUPS: &str = "root:x:0:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\ndialout:x:20:\ncdrom:x:24:\n\
    tape:x:26:\naudio:x:29:\nvideo:x:44:\nkmem:x:15:\ninput:x:101:\nsgx:x:102:\nkvm:x:103:\n\
    render:x:104:\ni2c:x:105:\n";

/// What udev loads only when it needs it, and a program that lists what it loads does not name.
const ON_DEMAND: [&str; 4] = ["libacl.so.1", "libblkid.so.1", "libkmod.so.2", "libselinux.so.1"];

/// Puts udev into an archive.
///
/// # Errors
/// If the packages hold something else.
pub(super) fn add(archive: &mut Archive, debian: &Unpacked) -> io::Result<()> {
    let udevadm = debian.find("bin/udevadm")?;
    archive.file(UDEVADM, &read(&udevadm)?);
    archive.symlink("/usr/lib/systemd/systemd-udevd", UDEVADM);
    archive.file("/etc/group", GROUPS.as_bytes());
    for (name, path) in packages::with_prefix(&debian.find("lib/udev/rules.d")?, "")? {
        archive.file(&format!("{RULES}/{name}"), &read(&path)?);
    }
    add_libraries(archive, debian, &[&udevadm])?;
    for name in ON_DEMAND {
        let library = debian.libraries().join(name);
        archive.file(&format!("/usr/lib/x86_64-linux-gnu/{name}"), &read(&library)?);
        add_libraries(archive, debian, &[&library])?;
    }
    Ok(())
}

/// Makes the indices of the modules below `base/lib/modules/version`.
///
/// # Errors
/// What depmod says.
pub(super) fn depmod(debian: &Unpacked, base: &Path, version: &str) -> io::Result<()> {
    let mut depmod = debian.command("bin/kmod", "depmod")?;
    tools::stdout(depmod.arg("-b").arg(base).arg(version)).map(drop)
}
