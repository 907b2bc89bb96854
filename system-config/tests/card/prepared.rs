//! Cards that somebody prepared to lead out of themselves: nothing beside them is read or written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use gadget_config::node_file::NODE_FILE;
use system_config::card::{self, CardRequest};
use system_config::changes::{self, Changed};

use crate::tree::{Card, Tree, assert_same, plan_at};

/// A card, and this machine's own files beside it.
struct World {
    card: Card,
    machine: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let machine = tempfile::tempdir().unwrap();
        fs::create_dir(machine.path().join("folder")).unwrap();
        for name in ["secret", "folder/0001", "folder/manifest.json"] {
            fs::write(machine.path().join(name), "id = 9\n").unwrap();
        }
        Self { card: Card::stock("trixie"), machine }
    }

    fn link(&self, path: &str, to: &str) {
        let at = self.card.path(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        if at.is_dir() {
            fs::remove_dir_all(&at).unwrap();
        } else {
            let _ = fs::remove_file(&at);
        }
        symlink(self.outside(to), at).unwrap();
    }

    fn outside(&self, name: &str) -> PathBuf {
        self.machine.path().join(name)
    }

    /// Sets the card up and undoes that, as far as it goes.
    fn try_all(&self) {
        let run = || {
            let sysroot =
                card::sysroot(Some(&self.card.path("root")), Some(&self.card.path("boot")))?;
            let request = CardRequest::new(3.try_into().unwrap()).with_hostname(Some("p3".into()));
            let plan = plan_at(&sysroot, request, |_| {})?;
            plan.apply(&sysroot)?;
            changes::undo(&sysroot, Changed::Overwrite)?;
            Ok::<(), card::CardError>(())
        };
        if let Err(error) = run() {
            assert!(!error.to_string().is_empty());
        }
    }

    #[track_caller]
    fn is_unharmed(&self) {
        let mut names: Vec<_> = ["", "folder"].map(|folder| self.outside(folder)).into();
        let mut found = Vec::new();
        while let Some(folder) = names.pop() {
            found.extend(fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
        }
        found.retain(|path| path.is_file());
        found.sort();
        let expected = ["folder/0001", "folder/manifest.json", "secret"];
        assert_eq!(found, expected.map(|name| self.outside(name)));
        for path in found {
            assert_eq!(fs::read_to_string(path).unwrap(), "id = 9\n");
        }
    }
}

#[test]
fn drafts_are_new_files() {
    let world = World::new();
    let drafts = [
        "boot/.config.txt.clusterhat-new",
        "root/etc/.hosts.clusterhat-new",
        "root/etc/.hostname.clusterhat-new",
        "root/etc/clusterhat/.node.toml.clusterhat-new",
    ];
    for draft in drafts {
        world.link(draft, "secret");
    }
    world.try_all();
    world.is_unharmed();
    // They were in the way of nothing.
    assert!(drafts.iter().all(|draft| fs::symlink_metadata(world.card.path(draft)).is_err()));
}

#[test]
fn a_draft_that_is_a_name_of_another_file_is_not_written_to() {
    let card = Card::stock("trixie");
    card.write("root/etc/shadow", "secret\n");
    let draft = card.path("root/etc/.hosts.clusterhat-new");
    fs::hard_link(card.path("root/etc/shadow"), draft).unwrap();
    let request = CardRequest::new(3.try_into().unwrap()).with_hostname(Some("p3".into()));
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
    assert_eq!(card.read("root/etc/shadow"), "secret\n");
    assert!(card.read("root/etc/hosts").contains("p3"));
}

#[test]
fn folders_and_files_that_are_links() {
    for path in [
        "root/etc/clusterhat",
        "root/etc/systemd",
        "root/etc/NetworkManager/system-connections",
        "root/etc/modules-load.d",
        "root/var",
        "root/var/lib",
        "root/var/lib/clusterhat",
        "root/var/lib/clusterhat/node-setup",
        "root/etc",
    ] {
        let world = World::new();
        world.link(path, "folder");
        world.try_all();
        world.is_unharmed();
        let world = World::new();
        let up = "../".repeat(20);
        fs::create_dir_all(world.card.path(path)).unwrap();
        fs::remove_dir_all(world.card.path(path)).unwrap();
        let target = Path::new(&up).join(world.outside("folder").strip_prefix("/").unwrap());
        symlink(target, world.card.path(path)).unwrap();
        world.try_all();
        world.is_unharmed();
    }
    for path in ["root/etc/hosts", "root/etc/hostname", "root/etc/modules", "boot/config.txt"] {
        let world = World::new();
        world.link(path, "secret");
        world.try_all();
        world.is_unharmed();
    }
}

/// A record folder of another name, on the card itself: its files are not ours to remove.
#[test]
fn a_record_that_is_a_link_is_refused() {
    for path in ["root/var/lib/clusterhat", "root/var/lib/clusterhat/node-setup"] {
        let card = Card::stock("trixie");
        card.write("root/srv/manifest.json", "{}");
        card.write("root/srv/node-setup/0001", "mine");
        fs::create_dir_all(card.path(path).parent().unwrap()).unwrap();
        symlink("/srv", card.path(path)).unwrap();
        let before = card.tree();
        let request = CardRequest::new(3.try_into().unwrap());
        let plan = card.plan(request).unwrap();
        let error = plan.apply(&card.sysroot()).unwrap_err();
        let text = format!("{error}: {}", std::error::Error::source(&error).unwrap());
        assert!(text.contains("is not a directory") && text.contains("remove it"), "{text}");
        assert!(changes::undo(&card.sysroot(), Changed::Overwrite).is_err());
        assert_same(&card.tree(), &before);
    }
}

#[test]
fn a_record_that_names_what_is_outside() {
    let record = |path: &str, copy: &str| {
        serde_json::json!({"version": 1, "next_copy": 2, "folders": [], "entries": [{
            "base": "root", "path": path, "edited": false,
            "before": {"file": {"copy": copy, "mode": 0o4755, "owner": null}}, "ours": [null],
        }]})
        .to_string()
    };
    let up = "../".repeat(20);
    for path in ["secret", "new", "folder/0001"] {
        let world = World::new();
        let outside = world.outside(path).display().to_string();
        for path in [outside.clone(), format!("{up}{outside}"), format!("etc/{up}{outside}")] {
            world
                .card
                .write("root/var/lib/clusterhat/node-setup/manifest.json", record(&path, "0001"));
            world.card.write("root/var/lib/clusterhat/node-setup/0001", "evil");
            let _ = changes::undo(&world.card.sysroot(), Changed::Overwrite);
            world.is_unharmed();
        }
    }
    let world = World::new();
    let copy = format!("{up}{}", world.outside("secret").display());
    for copy in [&*copy, "../../../../etc/hosts", ""] {
        world
            .card
            .write("root/var/lib/clusterhat/node-setup/manifest.json", record("etc/new", copy));
        let error = changes::undo(&world.card.sysroot(), Changed::Overwrite).unwrap_err();
        assert!(error.to_string().contains("not the name of a copy"), "{error}");
        assert!(!world.card.path("root/etc/new").exists());
    }
}

/// Opening one for reading waits for a writer.
#[test]
fn what_is_no_file_is_refused_and_not_opened() {
    for path in
        ["boot/config.txt", "boot/cmdline.txt", "root/etc/hosts", "root/etc/clusterhat/node.toml"]
    {
        let card = Card::stock("trixie");
        fs::create_dir_all(card.path(path).parent().unwrap()).unwrap();
        let _ = fs::remove_file(card.path(path));
        let made = std::process::Command::new("mkfifo").arg(card.path(path)).status().unwrap();
        assert!(made.success());
        let sysroot = card::sysroot(Some(&card.path("root")), Some(&card.path("boot")));
        let error = sysroot.and_then(|sysroot| {
            card::read(&sysroot, &[NODE_FILE]).map(|_: changes::Snapshot| Tree::new())
        });
        let said = error.unwrap_err().to_string();
        assert!(
            said.contains(path.rsplit('/').next().unwrap()) && said.contains("regular file"),
            "{said}"
        );
    }
}

/// Half of a setup, whose undoing would stop at the same place, is worse than none.
#[test]
fn what_has_the_wrong_type_is_found_before_anything_is_changed() {
    let file = |card: &Card, path: &str| card.write(path, "x\n");
    let folder = |card: &Card, path: &str| fs::create_dir_all(card.path(path)).unwrap();
    let link = |card: &Card, path: &str| symlink("/nowhere", card.path(path)).unwrap();
    type Put<'a> = &'a dyn Fn(&Card, &str);
    let cases: [(Put<'_>, &str); 6] = [
        (&file, "root/etc/clusterhat"),
        (&link, "root/etc/clusterhat"),
        (&file, "root/etc/NetworkManager/conf.d"),
        (&folder, "boot/.config.txt.clusterhat-new"),
        (&folder, "root/etc/.hosts.clusterhat-new"),
        (&folder, "root/var/lib/clusterhat/node-setup/.manifest.json.clusterhat-new"),
    ];
    for (put, path) in cases {
        let card = Card::stock("trixie");
        put(&card, path);
        let before = card.tree();
        let request = CardRequest::new(3.try_into().unwrap()).with_hostname(Some("p3".into()));
        let plan = card.plan(request).unwrap();
        let error = plan.apply(&card.sysroot()).unwrap_err().to_string();
        let shown = card.path(path);
        assert!(error.starts_with(&format!("{} is ", shown.display())), "{error}");
        assert!(error.ends_with("move it elsewhere first"), "{error}");
        assert_same(&card.tree(), &before);
    }
}

/// What somebody put in the place of a folder of ours is theirs, and keeps nothing from being undone.
#[test]
fn what_took_the_place_of_a_folder_of_ours_is_kept() {
    for is_link in [false, true] {
        let card = Card::stock("trixie");
        let request = CardRequest::new(3.try_into().unwrap());
        let plan = card.plan(request).unwrap();
        plan.apply(&card.sysroot()).unwrap();
        let ours = card.path("root/etc/clusterhat");
        let elsewhere = card.path("root/srv");
        fs::create_dir(&elsewhere).unwrap();
        fs::remove_dir_all(&ours).unwrap();
        if is_link {
            symlink("/srv", &ours).unwrap();
        } else {
            fs::write(&ours, "theirs\n").unwrap();
        }
        let undone = changes::undo(&card.sysroot(), Changed::Overwrite).unwrap();
        assert!(undone.kept.contains(&ours), "{undone:?}");
        assert!(elsewhere.is_dir() && fs::symlink_metadata(&ours).is_ok());
        assert!(!card.path("root/var/lib/clusterhat").exists());
    }
}
