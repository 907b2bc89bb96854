//! Folders of ours in which others have put something, or that cannot be removed.

use std::io;
use std::path::Path;

use system_config::card::CardRequest;
use system_config::changes::{
    self, ChangeError, Changed, Disk, FileState, LinuxDisk, Rights, TargetFile,
};

use crate::tree::{Card, assert_same};

const RECORD: &str = "root/var/lib/clusterhat/node-setup";

fn set_up(card: &Card) {
    let plan = card.plan(CardRequest::new(3.try_into().unwrap())).unwrap();
    plan.apply(&card.sysroot()).unwrap();
}

#[test]
fn what_others_put_beside_the_record_stays() {
    let card = Card::stock("trixie");
    let mut before = card.tree();
    set_up(&card);
    for name in ["notes", ".notes.clusterhat-new", "12a"] {
        card.write(&format!("{RECORD}/{name}"), name);
    }
    let undone = changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_eq!(undone.edited, []);
    let mut now = card.tree();
    for name in ["notes", ".notes.clusterhat-new", "12a"] {
        assert!(now.remove(&format!("{RECORD}/{name}")).is_some(), "{name}");
    }
    for folder in [RECORD, "root/var/lib/clusterhat"] {
        now.remove(folder);
        before.remove(folder);
    }
    assert_same(&now, &before);
}

/// Folders stay as they are.
struct Stuck;

impl Disk for Stuck {
    fn make_folder(&mut self, at: &TargetFile, mode: u32) -> io::Result<()> {
        LinuxDisk.make_folder(at, mode)
    }

    fn write(&mut self, at: &TargetFile, state: &FileState, rights: Rights) -> io::Result<()> {
        LinuxDisk.write(at, state, rights)
    }

    fn rename(&mut self, from: &TargetFile, to: &TargetFile) -> io::Result<()> {
        LinuxDisk.rename(from, to)
    }

    fn link(&mut self, to: &Path, at: &TargetFile) -> io::Result<()> {
        LinuxDisk.link(to, at)
    }

    fn remove_file(&mut self, at: &TargetFile) -> io::Result<()> {
        LinuxDisk.remove_file(at)
    }

    fn remove_folder(&mut self, _: &TargetFile) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// It is not told as one that others use.
#[test]
fn a_folder_that_cannot_be_removed_is_an_error_and_may_go_later() {
    let card = Card::stock("trixie");
    let before = card.tree();
    set_up(&card);
    let error = changes::undo_with(&card.sysroot(), Changed::Refuse, &mut Stuck).unwrap_err();
    assert!(matches!(error, ChangeError::Stopped(_)), "{error}");
    let undone = changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert!(undone.kept.is_empty(), "{undone:?}");
    assert_same(&card.tree(), &before);
}
