//! Debian's packages, downloaded and unpacked, not installed: the host stays as it is.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::tools::{self, APT_CACHE, APT_GET, DPKG_DEB, context};

/// The C library is the host's: the programs of this workspace, which are built against it, bring
/// it into the guest.
const C_LIBRARY: &str = "libc6";

/// The packages that apt says this one needs, without their alternatives.
///
/// # Errors
/// If apt does not know the package.
pub(crate) fn depends(name: &str) -> io::Result<Vec<String>> {
    let listed = tools::stdout(APT_CACHE.command()?.args(["depends", name]))
        .map_err(|e| context(e, "apt-get update may help"))?;
    let listed = String::from_utf8_lossy(&listed);
    let names = listed.lines().filter_map(|line| line.trim().split_once("Depends: "));
    Ok(names
        .filter(|(kind, _)| matches!(*kind, "" | "Pre"))
        .map(|(_, name)| name.to_owned())
        .collect())
}

/// Packages and the libraries they need, but for the C library, unpacked below a folder.
pub(crate) struct Unpacked {
    pub(crate) root: PathBuf,
}

impl Unpacked {
    /// Unpacks them.
    ///
    /// # Errors
    /// If a package cannot be had or unpacked.
    pub(crate) fn new(cache: &Path, names: &[&str], root: &Path) -> io::Result<Self> {
        let mut all: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut ask: Vec<String> = all.iter().cloned().collect();
        while let Some(name) = ask.pop() {
            for needed in depends(&name)? {
                if needed.starts_with("lib") && needed != C_LIBRARY && all.insert(needed.clone()) {
                    ask.push(needed);
                }
            }
        }
        all.iter().try_for_each(|name| unpack(&file(cache, name)?, root))?;
        Ok(Self { root: root.to_owned() })
    }

    /// A file by its path below `usr`, or below the root: Debian 13 moved all below `usr`.
    ///
    /// # Errors
    /// If it is in neither.
    pub(crate) fn find(&self, path: &str) -> io::Result<PathBuf> {
        let places = ["usr", ""].map(|dir| self.root.join(dir).join(path));
        let found = places.into_iter().find(|place| place.exists());
        found.ok_or_else(|| io::Error::other(format!("Debian's packages hold no {path}")))
    }

    /// `lib/x86_64-linux-gnu` and, where systemd has libraries of its own, its folder.
    ///
    /// # Errors
    /// If there are no libraries.
    pub(crate) fn library_dirs(&self) -> io::Result<Vec<PathBuf>> {
        let dirs = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"].map(|d| self.root.join(d));
        let systemd = self.root.join("usr/lib/x86_64-linux-gnu/systemd");
        let found: Vec<_> = dirs.into_iter().chain([systemd]).filter(|d| d.is_dir()).collect();
        if found.is_empty() {
            return Err(io::Error::other("Debian's packages brought no libraries"));
        }
        Ok(found)
    }
}

/// Unpacks a package file below a folder.
///
/// # Errors
/// If it is no package.
pub(crate) fn unpack(package: &Path, to: &Path) -> io::Result<()> {
    tools::stdout(DPKG_DEB.command()?.arg("-x").arg(package).arg(to)).map(drop)
}

/// The package's file in the cache, downloaded if it is not there.
///
/// # Errors
/// If it cannot be downloaded.
pub(crate) fn file(cache: &Path, name: &str) -> io::Result<PathBuf> {
    let prefix = format!("{name}_");
    if let Some(package) = with_prefix(cache, &prefix)?.pop() {
        return Ok(package.1);
    }
    // A download cut short must not be taken for the package.
    let download = TempDir::new_in(cache)?;
    tools::stdout(APT_GET.command()?.args(["download", name]).current_dir(&download))
        .map_err(|e| context(e, format!("cannot download {name} (apt-get update may help)")))?;
    let package = with_prefix(download.path(), &prefix)?.pop();
    let (_, package) =
        package.ok_or_else(|| io::Error::other(format!("apt-get left no {name}")))?;
    let kept = cache.join(package.file_name().unwrap_or_default());
    fs::rename(package, &kept)?;
    Ok(kept)
}

/// The entries of a folder whose names start so: the rest of the name, and the path, in the order
/// of the names.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn with_prefix(dir: &Path, prefix: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| context(e, dir.display()))? {
        let entry = entry?;
        if let Some(rest) = entry.file_name().to_str().and_then(|name| name.strip_prefix(prefix)) {
            found.push((rest.to_owned(), entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
