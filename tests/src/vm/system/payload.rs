//! The files that lie over Debian: the programs under test, what the project installs beside them,
//! and the rig.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::super::{
    cpio::Archive,
    guest::built,
    tools::{self, STRIP, context},
};

/// Where the initramfs looks for them.
const PLACE: &str = "/payload";

/// What mirrors `/usr` and what mirrors `/`, below this package.
const TREES: [(&str, &str); 4] = [
    ("../udev", "/usr"),
    ("../daemon/share/systemd", "/usr/lib/systemd/system"),
    ("../daemon/share/sysusers.d", "/usr/lib/sysusers.d"),
    ("src/vm/system/rig", ""),
];

/// The archive: programs and texts by their path in the guest.
///
/// # Errors
/// If a file cannot be read.
pub(super) fn archive(programs: &[(&Path, &str)], texts: &[(&str, &str)]) -> io::Result<Vec<u8>> {
    let mut archive = Archive::default();
    for (program, guest) in programs {
        archive.file(&format!("{PLACE}{guest}"), &stripped(program)?);
    }
    for own in ["guest-agent", "guest-node"] {
        archive.file(&format!("{PLACE}/usr/bin/{own}"), &stripped(&built(own)?)?);
    }
    for (tree, place) in TREES {
        let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join(tree);
        add(&mut archive, &tree, &format!("{PLACE}{place}"))?;
    }
    for (guest, text) in texts {
        archive.data(&format!("{PLACE}{guest}"), text.as_bytes());
    }
    Ok(archive.finish())
}

/// A program without what a debugger needs, which is most of it.
fn stripped(program: &Path) -> io::Result<Vec<u8>> {
    let copy = tempfile::NamedTempFile::new()?;
    tools::stdout(STRIP.command()?.arg("-o").arg(copy.path()).arg(program))?;
    fs::read(copy.path())
}

/// A folder with all that is in it.
fn add(archive: &mut Archive, folder: &Path, guest: &str) -> io::Result<()> {
    let entries = fs::read_dir(folder).map_err(|e| context(e, folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let guest = format!("{guest}/{name}");
        if path.is_dir() {
            add(archive, &path, &guest)?;
        } else if fs::metadata(&path)?.permissions().mode() & 0o111 == 0 {
            archive.data(&guest, &fs::read(&path)?);
        } else {
            archive.file(&guest, &fs::read(&path)?);
        }
    }
    Ok(())
}
