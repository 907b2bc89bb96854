//! The folder of a simulation that is tried: gone when the daemon ends.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::access::password::secret;

/// The folder, removed with all in it when this is dropped.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes it in the temporary folder of the system, for this user alone.
    ///
    /// # Errors
    /// It cannot be made: the error names it.
    pub fn new() -> io::Result<Self> {
        // A name that nobody could take before.
        let path = std::env::temp_dir().join(format!("clusterhatd-{}", secret()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot make {}: {error}", path.display()))
        })?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What stays there is told to be temporary by its place.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
