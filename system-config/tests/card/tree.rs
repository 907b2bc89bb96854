//! A card in a temporary folder, and what is on it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use gadget_config::NodeFile;
use gadget_config::node_file::NODE_FILE;
use system_config::card::{self, CardRequest};
use system_config::changes::{ChangePlan, SysPath, Sysroot};
use tempfile::TempDir;

/// Everything on a card by its path: permission bits and content.
pub(crate) type Tree = BTreeMap<String, Thing>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    Folder(u32),
    File(u32, Vec<u8>),
    Link(PathBuf),
}

pub(crate) struct Card {
    folder: TempDir,
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../system-config/tests/card")
}

impl Card {
    /// A stock card of that name.
    pub(crate) fn stock(name: &str) -> Self {
        // In memory, where that is: every step of a setup waits for the disk.
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let card = Self { folder };
        let stock = fixtures().join("stock").join(name);
        card.lay(&stock);
        card.links(&stock.join("links"));
        fs::create_dir_all(card.path("root/var/lib")).unwrap();
        fs::create_dir_all(card.path("root/etc/NetworkManager/system-connections")).unwrap();
        card
    }

    /// The folders `boot` and `root` of another, over what is there.
    pub(crate) fn lay(&self, from: &Path) {
        for base in ["boot", "root"] {
            copy(&from.join(base), &self.path(base));
        }
    }

    /// Each line a link with its target.
    pub(crate) fn links(&self, list: &Path) {
        for line in fs::read_to_string(list).unwrap().lines() {
            let (path, target) = line.split_once(" -> ").unwrap();
            let path = self.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(target, path).unwrap();
        }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn sysroot(&self) -> Sysroot {
        card::sysroot(Some(&self.path("root")), Some(&self.path("boot"))).unwrap()
    }

    /// As `clusterhat-node setup` does it.
    pub(crate) fn plan(&self, request: CardRequest) -> Result<ChangePlan, card::CardError> {
        self.plan_with(request, |_| {})
    }

    /// The same with other values in the node's file.
    pub(crate) fn plan_with(
        &self,
        request: CardRequest,
        change: impl FnOnce(&mut NodeFile),
    ) -> Result<ChangePlan, card::CardError> {
        plan_at(&self.sysroot(), request, change)
    }

    pub(crate) fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        look(self.folder.path(), "", &mut tree);
        tree
    }
}

pub(crate) fn plan_at(
    sysroot: &Sysroot,
    request: CardRequest,
    change: impl FnOnce(&mut NodeFile),
) -> Result<ChangePlan, card::CardError> {
    let card = card::read(sysroot, &[NODE_FILE])?;
    let old = card.file(&SysPath::root(NODE_FILE)).map(|file| &*file.bytes);
    let (file, text) = NodeFile::edit(old, Path::new(NODE_FILE), |file| {
        file.id = Some(request.id);
        change(file);
    })
    .unwrap();
    let subnet = file.subnet.unwrap_or(request.subnet);
    card::plan(&request.with_file(NODE_FILE, text).with_subnet(subnet), &card)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let Ok(found) = fs::read_dir(from) else { return };
    for entry in found.map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // Not fs::copy: the mode in a checkout depends on who made it.
            fs::write(&target, fs::read(entry.path()).unwrap()).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

fn look(folder: &Path, name: &str, tree: &mut Tree) {
    for entry in fs::read_dir(folder.join(name)).unwrap().map(Result::unwrap) {
        let name = Path::new(name).join(entry.file_name()).to_str().unwrap().to_owned();
        let path = entry.path();
        let found = fs::symlink_metadata(&path).unwrap();
        let mode = found.mode() & 0o7777;
        if found.is_symlink() {
            tree.insert(name, Thing::Link(fs::read_link(path).unwrap()));
        } else if found.is_dir() {
            tree.insert(name.clone(), Thing::Folder(mode));
            look(folder, &name, tree);
        } else {
            tree.insert(name, Thing::File(mode, fs::read(path).unwrap()));
        }
    }
}

/// Says only what differs.
#[track_caller]
pub(crate) fn assert_same(now: &Tree, then: &Tree) {
    let differs = |name: &&String| now.get(*name) != then.get(*name);
    let mut names: Vec<_> = now.keys().chain(then.keys()).filter(differs).collect();
    names.dedup();
    let found: Vec<_> = names.iter().map(|name| (name, now.get(*name), then.get(*name))).collect();
    assert!(found.is_empty(), "now and then: {found:?}");
}
