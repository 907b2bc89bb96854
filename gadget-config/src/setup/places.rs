//! Where the card's root and boot partition are, and how a path on the card becomes one here.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;

/// As the kernel does it: more links than this in one path are a loop.
const MOST_LINKS: usize = 40;

/// Bookworm and later mount the boot partition on the first, earlier systems on the second.
const BOOT_DIRS: [&str; 2] = ["boot/firmware", "boot"];

/// The two folders that hold a node's system.
#[derive(Clone, Debug)]
pub struct Places {
    root: PathBuf,
    boot: PathBuf,
    model: Option<String>,
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
    pub(super) fn below(&self, name: impl AsRef<Path>) -> Self {
        Self { base: self.base, path: self.path.join(name) }
    }

    /// The folder it lies in, if that is not the base itself.
    pub(super) fn folder(&self) -> Option<Self> {
        let parent = self.path.parent()?;
        (parent != Path::new("")).then(|| Self { base: self.base, path: parent.to_owned() })
    }
}

impl Places {
    /// The running machine.
    ///
    /// # Errors
    /// No boot folder below `/`.
    pub fn here() -> Result<Self, Error> {
        let mut places = Self::offline(Path::new("/"), None)?;
        // NUL-terminated text: Documentation/devicetree/usage-model.rst, "model".
        places.model = std::fs::read_to_string("/sys/firmware/devicetree/base/model")
            .ok()
            .map(|model| model.trim_end_matches('\0').to_owned());
        Ok(places)
    }

    /// A mounted card or image: its root, and its boot partition if that is mounted elsewhere.
    ///
    /// # Errors
    /// A folder that is no such thing.
    pub fn offline(root: &Path, boot: Option<&Path>) -> Result<Self, Error> {
        if !root.join("etc").is_dir() {
            return Err(Error::NoEtc(root.to_owned()));
        }
        let boot = match boot {
            Some(boot) if boot.join("config.txt").is_file() => boot.to_owned(),
            Some(boot) => return Err(Error::NoConfigTxt(boot.to_owned())),
            None => BOOT_DIRS
                .into_iter()
                .filter_map(|folder| resolve(root, Path::new(folder), Last::Follow).ok())
                .find(|folder| folder.join("config.txt").is_file())
                .ok_or_else(|| Error::NoBootDir(root.to_owned()))?,
        };
        Ok(Self { root: root.to_owned(), boot, model: None })
    }

    /// What the two options of the command line mean together.
    ///
    /// # Errors
    /// A boot folder without a root, or a folder that is none.
    pub fn find(root: Option<&Path>, boot: Option<&Path>) -> Result<Self, Error> {
        match (root, boot) {
            (None, None) => Self::here(),
            (None, Some(boot)) => Err(Error::BootDirAlone(boot.to_owned())),
            (Some(root), boot) => Self::offline(root, boot),
        }
    }

    /// The root folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the running machine says it is; nothing for a card.
    pub(super) fn model(&self) -> Option<&str> {
        self.model.as_deref()
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
    pub(super) fn shown(&self, spot: &Spot) -> PathBuf {
        self.base(spot.base).join(&spot.path)
    }

    /// The file itself: links are followed as the card's own system would follow them, so that
    /// an absolute one on a mounted card does not lead to a file of this machine.
    pub(super) fn file(&self, spot: &Spot) -> Result<PathBuf, Error> {
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
