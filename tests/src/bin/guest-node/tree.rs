//! A gadget's folder in configfs, taken down and put up again under another name.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::Result;

/// What the kernel chooses by itself, or the host.
const CHOSEN: [&str; 5] = ["UDC", "ifname", "port_num", "bcdUSB", "bMaxPacketSize0"];

/// All that makes the gadget what it is, by path below its folder.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    folders: Vec<PathBuf>,
    attributes: Vec<(PathBuf, Vec<u8>)>,
    /// With their targets below the gadget's folder.
    links: Vec<(PathBuf, PathBuf)>,
}

impl Tree {
    pub(crate) fn read(gadget: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.read_below(gadget, Path::new(""))?;
        // Interfaces are numbered in the order of the links: Ethernet before the serial ports.
        let place = |link: &Path| {
            let name = link.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name.starts_with("acm."), name)
        };
        tree.links.sort_by_key(|(link, _)| place(link));
        Ok(tree)
    }

    fn read_below(&mut self, gadget: &Path, below: &Path) -> Result<()> {
        let folder = gadget.join(below);
        for entry in fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))? {
            let entry = entry?;
            let (path, kind) = (below.join(entry.file_name()), entry.file_type()?);
            if kind.is_dir() {
                self.folders.push(path.clone());
                self.read_below(gadget, &path)?;
            } else if kind.is_symlink() {
                let target = fs::canonicalize(entry.path())?;
                self.links.push((path, target.strip_prefix(gadget)?.to_owned()));
            } else if !CHOSEN.iter().any(|name| *name == entry.file_name()) {
                self.attributes.push((path, fs::read(entry.path())?));
            }
        }
        Ok(())
    }

    /// Makes a gadget that is the same, bound to nothing.
    pub(crate) fn write(&self, gadget: &Path) -> Result<()> {
        fs::create_dir(gadget)?;
        for folder in &self.folders {
            // The kernel makes some by itself.
            fs::create_dir_all(gadget.join(folder))?;
        }
        for (path, value) in &self.attributes {
            let path = gadget.join(path);
            // Some cannot be written, but are as they were.
            if fs::read(&path)? != *value {
                fs::write(&path, value).map_err(|e| format!("{}: {e}", path.display()))?;
            }
        }
        for (link, target) in &self.links {
            symlink(gadget.join(target), gadget.join(link))?;
        }
        Ok(())
    }
}

/// Removes a gadget that is bound to nothing.
pub(crate) fn remove(gadget: &Path) -> Result<()> {
    let tree = Tree::read(gadget)?;
    for (link, _) in &tree.links {
        fs::remove_file(gadget.join(link))?;
    }
    for folder in tree.folders.iter().rev() {
        // The kernel's own folders go with those that they are in.
        let _ = fs::remove_dir(gadget.join(folder));
    }
    Ok(fs::remove_dir(gadget)?)
}
