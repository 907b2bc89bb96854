//! This project's own packages, as `packages/build` leaves them: what is tested is what is shipped.

use std::{
    io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::model::Model;
use crate::vm::packages;

/// An unpacked package.
#[derive(Debug)]
pub struct Package {
    root: TempDir,
}

impl Package {
    /// The package of that name for a Pi.
    ///
    /// # Errors
    /// If it has not been built, or cannot be unpacked.
    pub fn find(name: &str, model: Model) -> io::Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/packages/debs");
        let end = format!("_{}.deb", model.package_architecture());
        let all = packages::with_prefix(&folder, &format!("{name}_")).unwrap_or_default();
        let Some((_, file)) = all.into_iter().rfind(|(rest, _)| rest.ends_with(&end)) else {
            let problem = format!("no {name}_*{end} in {}: run packages/build", folder.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, problem));
        };
        let root = TempDir::new()?;
        packages::unpack(&file, root.path())?;
        Ok(Self { root })
    }

    /// Where a file of the package lies, by its path on the Pi.
    #[must_use]
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }
}
