//! Where a system's root and boot partition are, and how a path of that system becomes one here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;

/// As the kernel does it: more links than this in one path are a loop.
const MOST_LINKS: usize = 40;

/// The state of all of the project's packages.
pub(super) const STATE: &str = "var/lib/clusterhat";

/// Bookworm and later mount the boot partition on the first, earlier systems on the second.
const BOOT_DIRS: [&str; 2] = ["boot/firmware", "boot"];

/// The folders that hold a system, and what the record of our changes to it is called.
#[derive(Clone, Debug)]
pub struct Places {
    root: PathBuf,
    boot: PathBuf,
    record: &'static str,
}

/// In which of them a file lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// The boot partition.
    Boot,
    /// The root.
    Root,
}

/// A file of the card, wherever the card is mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Spot {
    /// Below which folder.
    pub base: Base,
    /// The path from there.
    pub path: PathBuf,
}

impl Spot {
    /// Below the root.
    pub fn root(path: impl Into<PathBuf>) -> Self {
        Self { base: Base::Root, path: path.into() }
    }

    /// On the boot partition.
    pub fn boot(path: impl Into<PathBuf>) -> Self {
        Self { base: Base::Boot, path: path.into() }
    }

    /// A file below this folder.
    #[must_use]
    pub fn below(&self, name: impl AsRef<Path>) -> Self {
        Self { base: self.base, path: self.path.join(name) }
    }

    /// The folder it lies in, if that is not the base itself.
    #[must_use]
    pub fn folder(&self) -> Option<Self> {
        let parent = self.path.parent()?;
        (parent != Path::new("")).then(|| Self { base: self.base, path: parent.to_owned() })
    }
}

impl Places {
    /// The system below a root. The record of what is changed there lies in
    /// `var/lib/clusterhat/RECORD`.
    ///
    /// # Errors
    /// A folder that holds no system.
    pub fn new(record: &'static str, root: &Path) -> Result<Self, Error> {
        if !root.join("etc").is_dir() {
            return Err(Error::NoEtc(root.to_owned()));
        }
        let boot = BOOT_DIRS
            .into_iter()
            .filter_map(|folder| resolve(root, Path::new(folder), Last::Follow).ok())
            .find(|folder| folder.join("config.txt").is_file())
            .unwrap_or_else(|| root.join(BOOT_DIRS[0]));
        Ok(Self { root: root.to_owned(), boot, record })
    }

    /// The same with its boot partition, which is looked for below the root if nobody says where it
    /// is mounted.
    ///
    /// # Errors
    /// No `config.txt` there.
    pub fn with_boot(self, boot: Option<&Path>) -> Result<Self, Error> {
        match boot {
            Some(boot) if boot.join("config.txt").is_file() => {
                Ok(Self { boot: boot.to_owned(), ..self })
            }
            Some(boot) => Err(Error::NoConfigTxt(boot.to_owned())),
            None if self.boot.join("config.txt").is_file() => Ok(self),
            None => Err(Error::NoBootDir(self.root)),
        }
    }

    /// The root folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the record.
    pub(super) fn record(&self) -> Spot {
        Spot::root(STATE).below(self.record)
    }

    /// The folder of a base.
    #[must_use]
    pub fn base(&self, base: Base) -> &Path {
        match base {
            Base::Boot => &self.boot,
            Base::Root => &self.root,
        }
    }

    /// The path as a user writes it.
    #[must_use]
    pub fn shown(&self, spot: &Spot) -> PathBuf {
        self.base(spot.base).join(&spot.path)
    }

    /// The file itself: links are followed as the card's own system would follow them, so that
    /// an absolute one on a mounted card does not lead to a file of this machine.
    ///
    /// # Errors
    /// Links that form a loop.
    pub fn file(&self, spot: &Spot) -> Result<PathBuf, Error> {
        self.resolve(spot, Last::Follow)
    }

    /// The same, but a link at the end is the thing meant.
    pub(super) fn link(&self, spot: &Spot) -> Result<PathBuf, Error> {
        self.resolve(spot, Last::Keep)
    }

    fn resolve(&self, spot: &Spot, last: Last) -> Result<PathBuf, Error> {
        resolve(self.base(spot.base), &spot.path, last)
            .map_err(Error::io("follow the links of", &self.shown(spot)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Follow,
    Keep,
}

/// As chroot(2) would see it: `..` and absolute links stop at `top`.
fn resolve(top: &Path, path: &Path, last: Last) -> io::Result<PathBuf> {
    let mut todo = parts(path);
    let mut at: Vec<OsString> = Vec::new();
    let mut links = 0;
    while let Some(part) = todo.pop_front() {
        if part == ".." {
            at.pop();
            continue;
        }
        at.push(part);
        if todo.is_empty() && last == Last::Keep {
            break;
        }
        let Ok(target) = top.join(at.iter().collect::<PathBuf>()).read_link() else {
            continue;
        };
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other("too many links: they form a loop"));
        }
        at.pop();
        if target.is_absolute() {
            at.clear();
        }
        for part in parts(&target).into_iter().rev() {
            todo.push_front(part);
        }
    }
    Ok(top.join(at.iter().collect::<PathBuf>()))
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().filter_map(named).collect()
}
