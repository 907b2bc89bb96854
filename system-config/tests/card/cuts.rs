//! The power goes between any two steps, and in the middle of a write.

use std::fs;
use std::io;
use std::path::Path;

use system_config::card::CardRequest;
use system_config::changes::{
    self, ChangeError, ChangePlan, Changed, Disk, FileState, LinuxDisk, Rights, TargetFile, Undone,
};

use crate::tree::{Card, Tree, assert_same};

/// Fails for good after a number of steps; the write that it falls on gets half of its bytes down.
struct Cut {
    left: usize,
}

impl Cut {
    fn step(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        Ok(())
    }
}

impl Disk for Cut {
    fn make_folder(&mut self, at: &TargetFile, mode: u32) -> io::Result<()> {
        self.step().and_then(|()| LinuxDisk.make_folder(at, mode))
    }

    fn write(&mut self, at: &TargetFile, state: &FileState, rights: Rights) -> io::Result<()> {
        if self.left == 0 {
            let half = state.bytes[..state.bytes.len() / 2].to_vec();
            LinuxDisk.write(at, &FileState { bytes: half, ..state.clone() }, rights)?;
        }
        self.step().and_then(|()| LinuxDisk.write(at, state, rights))
    }

    fn rename(&mut self, from: &TargetFile, to: &TargetFile) -> io::Result<()> {
        self.step().and_then(|()| LinuxDisk.rename(from, to))
    }

    fn link(&mut self, to: &Path, at: &TargetFile) -> io::Result<()> {
        self.step().and_then(|()| LinuxDisk.link(to, at))
    }

    fn remove_file(&mut self, at: &TargetFile) -> io::Result<()> {
        self.step().and_then(|()| LinuxDisk.remove_file(at))
    }

    fn remove_folder(&mut self, at: &TargetFile) -> io::Result<()> {
        self.step().and_then(|()| LinuxDisk.remove_folder(at))
    }
}

/// Much is changed here: all of the hand-made setup, and a host name.
fn card() -> Card {
    let card = Card::stock("bookworm");
    card.lay(&crate::tree::fixtures().join("cases/03-hand-made"));
    card
}

fn plan(card: &Card, id: u8) -> ChangePlan {
    let request = CardRequest::new(id.try_into().unwrap()).with_hostname(Some(format!("p{id}")));
    card.plan(request).unwrap()
}

const NODE_LINK: &str = "root/etc/systemd/system/multi-user.target.wants/clusterhat-node.service";

/// Each file is the old or the new one, and the port is a gadget's only on a card whose unit
/// makes one from a node.toml that is there.
fn assert_boots(now: &Tree, old: &Tree, new: &Tree) {
    for name in ["boot/config.txt", "boot/cmdline.txt", "root/etc/modules", "root/etc/hosts"] {
        assert!([old.get(name), new.get(name)].contains(&now.get(name)), "{name}");
    }
    let is_new = |name: &str| now.get(name) == new.get(name);
    let port = ["boot/config.txt", "boot/cmdline.txt", "root/etc/modules"];
    if port.into_iter().any(is_new) {
        assert!(is_new(NODE_LINK) && is_new("root/etc/clusterhat/node.toml"));
    }
    if is_new("boot/config.txt") {
        assert!(is_new("boot/cmdline.txt"));
    }
}

/// Without what only the setup itself looks at.
fn without_state(tree: &Tree) -> Tree {
    let is_state = |name: &str| name.starts_with("root/var/lib/clusterhat");
    tree.iter()
        .filter(|(name, _)| !is_state(name))
        .map(|(name, thing)| (name.clone(), thing.clone()))
        .collect()
}

/// A cut right after the first folder is made, or right before it goes, leaves that, empty: there is
/// no record then of whose it is. Tells whether it is there.
#[track_caller]
fn assert_as_before(mut now: Tree, old: &Tree) -> bool {
    let state = "root/var/lib/clusterhat";
    let below = format!("{state}/");
    let is_empty = !now.keys().any(|name| name.starts_with(&below));
    let is_left = is_empty && now.remove(state).is_some();
    assert_same(&now, old);
    is_left
}

/// Every number of steps after which `run` can be cut, until one is enough.
fn each_cut(mut run: impl FnMut(&mut Cut) -> Result<(), ChangeError>) -> usize {
    for steps in 0..200 {
        match run(&mut Cut { left: steps }) {
            Ok(()) => return steps,
            Err(ChangeError::Io { .. } | ChangeError::NotBegun(_) | ChangeError::Stopped(_)) => {}
            Err(error) => panic!("{steps}: {error}"),
        }
    }
    panic!("no end");
}

#[test]
fn a_cut_set_up_boots_and_a_second_run_ends_it() {
    let new = card();
    let old = new.tree();
    plan(&new, 3).apply(&new.sysroot()).unwrap();
    let new = new.tree();
    let mut left = 0;
    let steps = each_cut(|cut| {
        let card = card();
        let result = plan(&card, 3).apply_with(&card.sysroot(), cut);
        assert_boots(&card.tree(), &old, &new);
        plan(&card, 3).apply(&card.sysroot()).unwrap();
        // One that was complete but for its tidying may leave copies and drafts behind.
        assert_same(&without_state(&card.tree()), &without_state(&new));
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
        left += u32::from(assert_as_before(card.tree(), &old));
        result
    });
    assert!(steps > 40, "{steps}");
    assert_eq!(left, 1, "only the first folder's maker is not known");
}

/// The run that was cut had made the record's folder; the one above was somebody else's already.
#[test]
fn a_folder_that_held_other_things_before_a_cut_is_not_taken_for_ours() {
    let card = card();
    let others = "root/var/lib/clusterhat/power/desired.json";
    card.write(others, "{}");
    fs::create_dir(card.path("root/var/lib/clusterhat/node-setup")).unwrap();
    plan(&card, 3).apply(&card.sysroot()).unwrap();
    fs::remove_dir_all(card.path("root/var/lib/clusterhat/power")).unwrap();
    changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert!(card.path("root/var/lib/clusterhat").is_dir());
}

/// How many copies of files the record holds.
fn copies(card: &Card) -> usize {
    let names = card.tree().into_keys().filter_map(|path| {
        let name = path.strip_prefix("root/var/lib/clusterhat/")?.rsplit('/').next()?.to_owned();
        name.bytes().all(|byte| byte.is_ascii_digit()).then_some(name)
    });
    names.count()
}

#[test]
fn a_second_set_up_leaves_no_copy_that_nobody_needs() {
    let [once, twice] = [card(), card()];
    plan(&once, 4).apply(&once.sysroot()).unwrap();
    plan(&twice, 3).apply(&twice.sysroot()).unwrap();
    plan(&twice, 4).apply(&twice.sysroot()).unwrap();
    assert!(copies(&once) > 0);
    assert_eq!(copies(&twice), copies(&once));
}

#[test]
fn a_cut_set_up_can_be_undone() {
    let old = card().tree();
    each_cut(|cut| {
        let card = card();
        let result = plan(&card, 3).apply_with(&card.sysroot(), cut);
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
        assert_as_before(card.tree(), &old);
        result
    });
}

#[test]
fn a_cut_change_of_the_id_can_be_ended_and_undone() {
    let old = card().tree();
    each_cut(|cut| {
        let card = card();
        plan(&card, 3).apply(&card.sysroot()).unwrap();
        let result = plan(&card, 4).apply_with(&card.sysroot(), cut);
        if cut.left % 2 == 0 {
            plan(&card, 5).apply(&card.sysroot()).unwrap();
            assert!(card.read("root/etc/clusterhat/node.toml").contains("id = 5\n"));
        }
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
        assert_same(&card.tree(), &old);
        result
    });
}

#[test]
fn a_cut_undo_boots_and_a_second_one_ends_it() {
    let old = card().tree();
    let mut left = 0;
    each_cut(|cut| {
        let card = card();
        plan(&card, 3).apply(&card.sysroot()).unwrap();
        let new = card.tree();
        let result = changes::undo_with(&card.sysroot(), Changed::Refuse, cut).map(|_| ());
        assert_boots(&card.tree(), &old, &new);
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
        left += u32::from(assert_as_before(card.tree(), &old));
        result
    });
    assert_eq!(left, 1, "the record tells of the folder until it goes itself");
}

/// Seen: of one that was cut when only its folders were left, the second said that there was nothing to undo, and removed them.
#[test]
fn what_a_second_undo_removes_of_a_cut_one_is_told() {
    let (card, state) = (card(), "root/var/lib/clusterhat");
    fs::create_dir_all(card.path(state).join("node-setup")).unwrap();
    let undo = || changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_eq!(undo().removed, [card.path(state)]);
    assert!(!card.path(state).exists());
    assert_eq!(undo(), Undone::default());
    // Others' things may have made it theirs.
    fs::create_dir_all(card.path(state).join("node-setup")).unwrap();
    card.write(&format!("{state}/power/desired.json"), "{}");
    assert_eq!(undo(), Undone::default());
}

/// Others' lines in files of ours and in those that we share.
fn edit(card: &Card) {
    let path = "root/etc/clusterhat/node.toml";
    card.write(path, card.read(path) + "cluster = \"rack-1\"\n");
    for path in ["boot/config.txt", "root/etc/hosts", "root/etc/modules"] {
        let text = card.read(path);
        card.write(path, format!("# theirs\n{}\n# and theirs\n", text.trim_end_matches('\n')));
    }
    card.write("boot/cmdline.txt", card.read("boot/cmdline.txt").replace("rootwait", "quiet"));
}

fn edited() -> Card {
    let card = card();
    plan(&card, 3).apply(&card.sysroot()).unwrap();
    edit(&card);
    card
}

/// What is taken back is worked out once, however often that is cut.
#[test]
fn a_cut_undo_keeps_others_lines() {
    let whole = edited();
    changes::undo(&whole.sysroot(), Changed::Refuse).unwrap();
    assert!(whole.read("boot/config.txt").contains("# theirs\n"));
    assert!(!whole.read("boot/config.txt").contains("dr_mode=peripheral"));
    let steps = each_cut(|cut| {
        let card = edited();
        let result = changes::undo_with(&card.sysroot(), Changed::Refuse, cut).map(|_| ());
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
        assert_as_before(card.tree(), &whole.tree());
        result
    });
    assert!(steps > 30, "{steps}");
}

#[test]
fn a_cut_second_set_up_keeps_others_lines() {
    let whole = edited();
    changes::undo(&whole.sysroot(), Changed::Refuse).unwrap();
    each_cut(|cut| {
        let card = edited();
        let result = plan(&card, 4).apply_with(&card.sysroot(), cut);
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
        assert_as_before(card.tree(), &whole.tree());
        result
    });
}

/// Whoever reads of a full disk wants to know what stands, and what to do then.
#[test]
fn what_stops_half_way_says_so() {
    let old = without_state(&card().tree());
    let mut stopped = 0;
    each_cut(|cut| {
        let card = card();
        let result = plan(&card, 3).apply_with(&card.sysroot(), cut);
        if let Err(error) = &result {
            let is_changed = without_state(&card.tree()) != old;
            let text = error.to_string();
            let is_untouched = text.starts_with("nothing was changed: ") && !is_changed;
            assert!(is_untouched || text.starts_with("stopped half-way"), "{text}");
            assert!(text.contains("run this again"), "{text}");
            stopped += usize::from(is_changed);
        }
        result
    });
    assert!(stopped > 5);
}
