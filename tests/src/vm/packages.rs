//! Debian's packages, unpacked, not installed: the host stays as it is.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use super::tools::{self, DPKG_DEB, SETPRIV, context};

/// Packages with all that they depend on, unpacked below a folder. Their programs run on the host
/// by the dynamic linker and with the libraries that they came with, whatever Debian that is.
#[derive(Debug, Clone)]
pub(crate) struct Unpacked {
    root: PathBuf,
    /// The dynamic linker, which lies among the libraries.
    pub(crate) loader: PathBuf,
}

impl Unpacked {
    /// What lies below a folder.
    ///
    /// # Errors
    /// If the C library is not among it.
    pub(crate) fn below(root: &Path) -> io::Result<Self> {
        let all = with_prefix(&root.join("usr/lib"), "")?;
        let libraries = all.into_iter().find(|(name, _)| name.ends_with("-linux-gnu"));
        let (_, libraries) = libraries.ok_or_else(|| lacks("libraries"))?;
        let loader = with_prefix(&libraries, "ld-linux")?.pop();
        let (_, loader) = loader.ok_or_else(|| lacks("dynamic linker"))?;
        Ok(Self { root: root.to_owned(), loader })
    }

    /// A file by its path below `usr`.
    ///
    /// # Errors
    /// If it is not there.
    pub(crate) fn find(&self, path: &str) -> io::Result<PathBuf> {
        let found = self.root.join("usr").join(path);
        if found.exists() { Ok(found) } else { Err(lacks(path)) }
    }

    /// `usr/lib/ARCHITECTURE-linux-gnu`.
    pub(crate) fn libraries(&self) -> &Path {
        self.loader.parent().unwrap_or(&self.root)
    }

    /// A program by its path below `usr`, which calls itself `name`. The kernel kills it when the thread
    /// that started it goes, so that even a killed test process leaves none behind.
    ///
    /// # Errors
    /// If `setpriv` is missing.
    pub(crate) fn command(&self, program: &str, name: &str) -> io::Result<Command> {
        let mut command = SETPRIV.command()?;
        command.args(["--pdeathsig", "KILL"]).args(self.linker());
        command.args(["--argv0", name]).arg(self.find(program)?);
        Ok(command)
    }

    /// All shared libraries that these programs and libraries load, and those that they in turn load,
    /// by their paths in a guest, each with the file that it is here.
    ///
    /// # Errors
    /// If one is missing.
    pub(crate) fn loaded_by(&self, files: &[&Path]) -> io::Result<BTreeSet<(String, PathBuf)>> {
        let mut loaded = BTreeSet::new();
        for file in files {
            let [loader, options @ ..] = &self.linker()[..] else { return Ok(loaded) };
            let mut list = Command::new(loader);
            let printed = tools::stdout(list.args(options).arg("--list").arg(file))?;
            for word in String::from_utf8_lossy(&printed).split_whitespace() {
                if let Ok(below) = Path::new(word).strip_prefix(&self.root) {
                    loaded.insert((format!("/{}", below.display()), word.into()));
                }
            }
        }
        Ok(loaded)
    }

    fn linker(&self) -> [OsString; 3] {
        let mut path = OsString::from(self.libraries());
        path.push(":");
        // What only systemd's own programs use.
        path.push(self.libraries().join("systemd"));
        [self.loader.clone().into(), "--library-path".into(), path]
    }
}

fn lacks(what: &str) -> io::Error {
    io::Error::other(format!("no {what} in Debian's packages"))
}

/// Unpacks a package file below a folder.
///
/// # Errors
/// If it is no package.
pub(crate) fn unpack(package: &Path, to: &Path) -> io::Result<()> {
    tools::stdout(DPKG_DEB.command()?.arg("-x").arg(package).arg(to)).map(drop)
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
