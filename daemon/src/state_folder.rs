//! The folder of what outlives a restart: accounts, tokens, the certificate. Its files are whole at any moment, for the
//! daemon's user alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The folder, mode 0700.
#[derive(Clone, Debug)]
pub struct StateFolder(PathBuf);

impl StateFolder {
    /// Makes the folder where it is not there, and takes away what others may do with it.
    ///
    /// # Errors
    /// Where it cannot be made, or belongs to another user.
    pub fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        if fs::metadata(path)?.mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(path.to_owned()))
    }

    /// A file's path.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file's content; `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces a file, mode 0600: whoever reads it sees the old content or the new one, whenever this is cut.
    ///
    /// # Errors
    /// Where it cannot be written; the old content stays.
    pub fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path(&format!(".{name}.new"));
        // What a kill left may have other permissions.
        let _ = fs::remove_file(&temporary);
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        self.give(&file)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, self.path(name))?;
        File::open(&self.0)?.sync_all()
    }

    /// Adds to a file, mode 0600; one that grew beyond `limit` is kept as `NAME.1` first.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn append(&self, name: &str, bytes: &[u8], limit: u64) -> io::Result<()> {
        let path = self.path(name);
        if fs::metadata(&path).is_ok_and(|found| found.len() > limit) {
            fs::rename(&path, self.path(&format!("{name}.1")))?;
        }
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        self.give(&file)?;
        file.write_all(bytes)
    }

    /// Keeps other processes from changing anything here until it is dropped.
    ///
    /// # Errors
    /// Where it cannot be locked.
    pub fn lock(&self) -> io::Result<File> {
        let folder = File::open(&self.0)?;
        rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive)?;
        Ok(folder)
    }

    /// What root writes is the folder's owner's.
    fn give(&self, file: &File) -> io::Result<()> {
        let (folder, own) = (fs::metadata(&self.0)?, file.metadata()?);
        if (folder.uid(), folder.gid()) != (own.uid(), own.gid())
            && rustix::process::geteuid().is_root()
        {
            fchown(file, Some(folder.uid()), Some(folder.gid()))?;
        }
        Ok(())
    }

    /// A JSON document; `None` where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what is expected: the error names the file.
    pub fn read_json<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        let parsed = serde_json::from_slice(&bytes);
        parsed.map(Some).map_err(|error| {
            let path = self.path(name);
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: {error}; put a copy back, or remove it to start anew", path.display()),
            )
        })
    }

    /// Writes a JSON document, as [`Self::write`].
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write_json<T: Serialize>(&self, name: &str, value: &T) -> io::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(value)?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_replaced_whole() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(&parent.path().join("state")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&parent.path().join("state")), 0o700);
        assert_eq!(folder.read_json::<u32>("a.json").unwrap(), None);
        folder.write_json("a.json", &1).unwrap();
        // What a kill left behind, open to all, is not what gets the content.
        fs::write(folder.path(".a.json.new"), "half").unwrap();
        folder.write_json("a.json", &2).unwrap();
        assert_eq!(folder.read_json::<u32>("a.json").unwrap(), Some(2));
        assert_eq!(mode(&folder.path("a.json")), 0o600);
        fs::write(folder.path("a.json"), "{").unwrap();
        let error = folder.read_json::<u32>("a.json").unwrap_err().to_string();
        assert!(error.contains("a.json"), "{error}");
    }
}
