//! This project's own packages, as `packages/build` leaves them: what is tested is what is shipped.

use std::{
    env, io,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::model::Model;
use crate::vm::packages;

/// Has to be set where a missing package is a failure, not a reason to leave the tests out.
pub const REQUIRED: &str = "CLUSTERHAT_PACKAGES_REQUIRED";

/// An unpacked package.
#[derive(Debug)]
pub struct Package {
    root: TempDir,
}

impl Package {
    /// The package of that name for a Pi; `None` where it has not been built.
    ///
    /// # Errors
    /// If it cannot be unpacked, or is missing where [`REQUIRED`] is set.
    pub fn find(name: &str, model: Model) -> io::Result<Option<Self>> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/packages/debs");
        let end = format!("_{}.deb", model.package_architecture());
        let all = packages::with_prefix(&folder, &format!("{name}_")).unwrap_or_default();
        let Some((_, file)) = all.into_iter().rfind(|(rest, _)| rest.ends_with(&end)) else {
            let problem = format!("no {name}_*{end} in {}", folder.display());
            return match env::var_os(REQUIRED) {
                Some(_) => Err(io::Error::new(io::ErrorKind::NotFound, problem)),
                None => Ok(None),
            };
        };
        let root = TempDir::new()?;
        packages::unpack(&file, root.path())?;
        Ok(Some(Self { root }))
    }

    /// Where a file of the package lies, by its path on the Pi.
    #[must_use]
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }
}
