//! `/etc/clusterhat/node.toml` with another ID and everything else as it is.

use std::path::Path;

use super::Error;
use crate::{NodeFile, NodeId};

/// The file's new text; the old one if it says so already.
pub(super) fn edit(old: Option<&[u8]>, id: NodeId, path: &Path) -> Result<Vec<u8>, Error> {
    let Some(old) = old else {
        let file = NodeFile { id: Some(id), ..NodeFile::default() };
        return Ok(file.to_toml().into_bytes());
    };
    let text = std::str::from_utf8(old).map_err(|_| Error::NotText(path.to_owned()))?;
    let (file, _) = NodeFile::parse(text, path)?;
    if file.id == Some(id) {
        return Ok(old.to_owned());
    }
    let wanted = NodeFile { id: Some(id), ..file };
    // Comments stay, unless the line is written in a way that only a TOML parser sees through.
    let edited = replace_id(text, id);
    let is_right = NodeFile::parse(&edited, path).is_ok_and(|(file, _)| file == wanted);
    Ok(if is_right { edited } else { wanted.to_toml() }.into_bytes())
}

fn replace_id(text: &str, id: NodeId) -> String {
    let mut missing = true;
    let mut new: String = text
        .split_inclusive('\n')
        .map(|line| match line.split_once('=') {
            Some((key, value)) if key.trim() == "id" => {
                missing = false;
                let blank = value.len() - value.trim_start().len();
                let rest = value.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{key}={}{id}{rest}", &value[..blank])
            }
            _ => line.to_owned(),
        })
        .collect();
    if missing {
        new.insert_str(0, &format!("id = {id}\n"));
    }
    new
}
