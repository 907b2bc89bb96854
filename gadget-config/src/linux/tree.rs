//! Reads a gadget's folder.

use std::fs;
use std::io;
use std::path::Path;

use super::attribute::trimmed;
use crate::{GadgetError, LayoutEntry, Tree};

/// All below a gadget's folder; nothing if the folder is not there.
pub(super) fn read(folder: &Path) -> Result<Option<Tree>, GadgetError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut tree = Tree::from([(String::new(), LayoutEntry::Folder)]);
    walk(folder, "", &mut tree)
        .map_err(|source| GadgetError::Read { path: folder.to_owned(), source })?;
    Ok(Some(tree))
}

fn walk(folder: &Path, below: &str, tree: &mut Tree) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let below = if below.is_empty() { name } else { format!("{below}/{name}") };
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            tree.insert(below, LayoutEntry::Link(target(&path)?));
        } else if kind.is_dir() {
            tree.insert(below.clone(), LayoutEntry::Folder);
            walk(&path, &below, tree)?;
        } else if let Ok(bytes) = fs::read(&path) {
            // Some attributes cannot be read: none of a layout's.
            let value = unsigned(&below, trimmed(&bytes));
            tree.insert(below, LayoutEntry::Value(value));
        }
    }
    Ok(())
}

/// The kernel shows this byte by way of a `char`, which is signed on x86: 0xbc as 0xffffffbc.
fn unsigned(path: &str, value: String) -> String {
    match value.strip_prefix("0xffffff") {
        Some(byte) if path == "os_desc/b_vendor_code" => format!("0x{byte}"),
        _ => value,
    }
}

/// The name of what a link points to.
fn target(link: &Path) -> io::Result<String> {
    let target = fs::read_link(link)?;
    Ok(target.file_name().unwrap_or_default().to_string_lossy().into_owned())
}
