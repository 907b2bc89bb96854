//! Why the desired state cannot be read or saved.

use std::error::Error;
use std::io;
use std::iter;
use std::path::PathBuf;

use system_config::changes::ChangeError;

/// Why the desired state cannot be read or saved. Nodes are switched all the same.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DesiredError {
    /// The file, or its folder, cannot be used.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file cannot be replaced.
    #[error(transparent)]
    Replace(#[from] ChangeError),
    /// Another process held the file all the time.
    #[error("another process keeps {} locked", .path.display())]
    Locked {
        /// Its folder.
        path: PathBuf,
    },
    /// The file is not one that was saved here.
    #[error("{} does not hold the nodes' desired state: {problem}; correct or remove it (it says which nodes were on before a loss of power)", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl DesiredError {
    /// Whether this user may not do it, and others may.
    pub(crate) fn is_denied(&self) -> bool {
        let chain = iter::successors(Some(self as &dyn Error), |&error| error.source());
        let mut causes = chain.filter_map(|error| error.downcast_ref::<io::Error>());
        causes.any(|cause| cause.kind() == io::ErrorKind::PermissionDenied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_found_below_what_was_tried() {
        let error = |kind| DesiredError::Io {
            doing: "open",
            path: PathBuf::from("/var/lib/clusterhat/power"),
            source: io::Error::from(kind),
        };
        assert!(error(io::ErrorKind::PermissionDenied).is_denied());
        assert!(!error(io::ErrorKind::StorageFull).is_denied());
    }
}
