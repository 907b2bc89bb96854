//! What a plan says of itself, before anything is changed.

use system_config::card::CardRequest;
use system_config::changes::{self, Changed};

use crate::tree::{Card, assert_same};

const HOSTNAME: &str = "root/etc/hostname";

fn set_up(card: &Card) -> Vec<std::path::PathBuf> {
    let request = CardRequest::new(3.try_into().unwrap()).with_hostname(Some("p3".into()));
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
    plan.paths()
}

#[test]
fn it_names_all_that_it_changes_and_what_goes() {
    let card = Card::stock("trixie");
    let set_up = set_up(&card);
    for path in [HOSTNAME, "boot/config.txt", "root/etc/clusterhat/node.toml"] {
        assert!(set_up.contains(&card.path(path)), "{path}: {set_up:?}");
    }
    let undo = changes::plan_undo(&card.sysroot(), Changed::Refuse).unwrap();
    let sorted = |mut paths: Vec<_>| {
        paths.sort();
        paths
    };
    assert_eq!(sorted(undo.paths()), sorted(set_up.clone()));
    let made = sorted(undo.removed());
    assert!(made.contains(&card.path("root/etc/clusterhat/node.toml")), "{made:?}");
    assert!(!made.contains(&card.path(HOSTNAME)) && !made.contains(&card.path("boot/config.txt")));
    let undone = changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert!(made.iter().all(|path| undone.removed.contains(path)), "{undone:?}");
}

/// What was edited since is in the plan only if it is to be lost.
#[test]
fn an_undo_by_force_is_planned_as_it_will_be() {
    let card = Card::stock("trixie");
    set_up(&card);
    card.write(HOSTNAME, "p3-with-a-fan\n");
    let before = card.tree();
    for (changed, is_changed) in [(Changed::Leave, false), (Changed::Overwrite, true)] {
        let plan = changes::plan_undo(&card.sysroot(), changed).unwrap();
        assert_eq!(plan.paths().contains(&card.path(HOSTNAME)), is_changed, "{changed:?}");
        assert_eq!(plan.notes().len(), usize::from(!is_changed), "{:?}", plan.notes());
    }
    assert_same(&card.tree(), &before);
    changes::undo(&card.sysroot(), Changed::Overwrite).unwrap();
    assert_ne!(card.read(HOSTNAME), "p3-with-a-fan\n");
}
