//! Reads attributes of configfs and sysfs.

use std::fs;
use std::io;
use std::path::Path;

use crate::GadgetError;

/// An attribute's text without the line break and the padding behind it.
pub(super) fn trimmed(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_matches(['\n', ' ', '\0']).to_owned()
}

/// The text of an attribute that may have gone.
pub(super) fn attribute(path: &Path) -> Result<Option<String>, GadgetError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(trimmed(&bytes))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(GadgetError::Read { path: path.to_owned(), source }),
    }
}
