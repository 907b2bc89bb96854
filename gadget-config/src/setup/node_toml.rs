//! `/etc/clusterhat/node.toml` with another ID, or cluster, and everything else as it is.

use std::path::Path;

use super::{Error, Request};
use crate::NodeFile;

/// The file's new text; the old one if it says so already.
pub(super) fn edit(old: Option<&[u8]>, request: &Request, path: &Path) -> Result<Vec<u8>, Error> {
    let wanted = |file: NodeFile| NodeFile {
        id: Some(request.id),
        cluster: request.cluster.clone().or(file.cluster),
        subnet: request.subnet.or(file.subnet),
        ..file
    };
    let Some(old) = old else {
        return Ok(wanted(NodeFile::default()).to_toml().into_bytes());
    };
    let text = std::str::from_utf8(old).map_err(|_| Error::NotText(path.to_owned()))?;
    let (file, _) = NodeFile::parse(text, path)?;
    let wanted = wanted(file.clone());
    if file == wanted {
        return Ok(old.to_owned());
    }
    // Comments stay, unless a line is written in a way that only a TOML parser sees through.
    let mut edited = text.to_owned();
    if file.cluster != wanted.cluster {
        if let Some(cluster) = &wanted.cluster {
            edited = with(&edited, "cluster", &format!("\"{cluster}\""));
        }
    }
    if file.subnet != wanted.subnet {
        if let Some(subnet) = &wanted.subnet {
            edited = with(&edited, "subnet", &format!("\"{subnet}\""));
        }
    }
    if file.id != wanted.id {
        edited = with(&edited, "id", &request.id.to_string());
    }
    let is_right = NodeFile::parse(&edited, path).is_ok_and(|(file, _)| file == wanted);
    Ok(if is_right { edited } else { wanted.to_toml() }.into_bytes())
}

/// With this value of a key: in its line, or in a new first one. What stands behind the old value stays.
fn with(text: &str, key: &str, value: &str) -> String {
    let mut missing = true;
    let mut new: String = text
        .split_inclusive('\n')
        .map(|line| match line.split_once('=') {
            Some((name, old)) if name.trim() == key => {
                missing = false;
                let blank = old.len() - old.trim_start().len();
                let end = old.find('#').unwrap_or(old.len());
                let rest = &old[old[..end].trim_end().len()..];
                format!("{name}={}{value}{rest}", &old[..blank.min(end)])
            }
            _ => line.to_owned(),
        })
        .collect();
    if missing {
        new.insert_str(0, &format!("{key} = {value}\n"));
    }
    new
}
