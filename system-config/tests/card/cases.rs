//! Case folders: what is laid over a stock card, what is asked, and all that differs afterwards.
//!
//! `request` names the stock card, the ID and the host name; `boot`, `root` and `links` (instead
//! of the stock card's) are optional. `after.list` says what is new or changed, `after/` has the
//! content of the files, `diff` is what `--dry-run` shows. `BLESS=1` writes the three anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clusterhat_tests::golden;
use system_config::card::CardRequest;
use system_config::changes::{self, ChangePlan, Changed};

use crate::tree::{Card, Thing, Tree, assert_same, fixtures};

/// Where the setup keeps what was before: no part of what is compared.
const STATE: &str = "root/var/lib/clusterhat";

struct Case {
    folder: PathBuf,
    card: Card,
    request: CardRequest,
}

fn cases() -> Vec<Case> {
    let found = fs::read_dir(fixtures().join("cases")).unwrap();
    let mut folders: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 9);
    folders.into_iter().map(case).collect()
}

fn case(folder: PathBuf) -> Case {
    let text = fs::read_to_string(folder.join("request")).unwrap();
    let asked: BTreeMap<_, _> = text.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let card = Card::stock(asked["stock"]);
    if folder.join("links").exists() {
        fs::remove_dir_all(card.path("root/etc/systemd")).unwrap();
        fs::remove_file(card.path("root/lib")).unwrap();
        card.links(&folder.join("links"));
    }
    card.lay(&folder);
    let hostname = asked.get("hostname").map(|name| (*name).to_owned());
    Case {
        folder,
        card,
        request: CardRequest::new(asked["id"].parse().unwrap()).with_hostname(hostname),
    }
}

impl Case {
    fn plan(&self) -> ChangePlan {
        self.card.plan(self.request.clone()).unwrap()
    }

    /// Paths of this test run's folder are no part of a golden file.
    fn shown(&self, text: &str) -> String {
        text.replace(
            &format!("{}/", self.card.path("").to_str().unwrap().trim_end_matches('/')),
            "",
        )
    }
}

#[test]
fn each_card_becomes_what_its_folder_says() {
    for case in cases() {
        let before = case.card.tree();
        let plan = case.plan();
        let mut diff = case.shown(&plan.diff());
        for note in plan.notes() {
            diff += &format!("note: {}\n", case.shown(note));
        }
        assert_same(&case.card.tree(), &before);
        plan.apply(&case.card.sysroot()).unwrap();
        let (list, files) = differences(&before, &case.card.tree());
        golden::assert(&case.folder.join("diff"), diff);
        golden::assert(&case.folder.join("after.list"), list);
        for (name, bytes) in &files {
            golden::assert(&case.folder.join("after").join(name), bytes);
        }
        assert_eq!(count(&case.folder.join("after")), files.len(), "{}", case.folder.display());
    }
}

#[test]
fn a_second_run_changes_nothing_and_undo_everything() {
    for case in cases() {
        case.card.mode("boot/config.txt", 0o750);
        case.card.mode("root/etc/hosts", 0o604);
        let before = case.card.tree();
        let sysroot = case.card.sysroot();
        case.plan().apply(&sysroot).unwrap();
        let after = case.card.tree();
        assert!(case.plan().changes().is_empty());
        assert_eq!(case.plan().diff(), "");
        case.plan().apply(&sysroot).unwrap();
        assert_same(&case.card.tree(), &after);
        let undone = changes::undo(&sysroot, Changed::Refuse).unwrap();
        assert_same(&case.card.tree(), &before);
        assert!(!undone.removed.is_empty() && undone.kept.is_empty());
        assert_eq!(changes::undo(&sysroot, Changed::Refuse).unwrap(), changes::Undone::default());
        assert_same(&case.card.tree(), &before);
    }
}

fn differences(before: &Tree, after: &Tree) -> (String, BTreeMap<String, Vec<u8>>) {
    assert!(before.keys().all(|name| after.contains_key(name)), "nothing is removed");
    let mut list = String::new();
    let mut files = BTreeMap::new();
    for (name, thing) in after {
        if before.get(name) == Some(thing) || name.starts_with(STATE) {
            continue;
        }
        list += &match thing {
            Thing::Folder(mode) => format!("{mode:04o} {name}/\n"),
            Thing::File(mode, bytes) => {
                files.insert(name.clone(), bytes.clone());
                format!("{mode:04o} {name}\n")
            }
            Thing::Link(target) => format!("link {name} -> {}\n", target.display()),
        };
    }
    (list, files)
}

fn count(folder: &Path) -> usize {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}
