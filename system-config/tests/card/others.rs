//! Undo takes our lines back; what others wrote since stays.

use std::fs;

use proptest::prelude::*;
use system_config::card::CardRequest;
use system_config::changes::{self, ChangeError, Changed, Edited};

use crate::tree::{Card, Thing, Tree, assert_same, fixtures};

const NODE_TOML: &str = "root/etc/clusterhat/node.toml";

fn set_up(card: &Card, id: u8) {
    let request = CardRequest::new(id.try_into().unwrap()).with_hostname(Some("p3".into()));
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
}

/// The most that a setup changes.
fn hand_made() -> Card {
    let card = Card::stock("bookworm");
    card.lay(&fixtures().join("cases/03-hand-made"));
    card
}

fn edit(card: &Card, path: &str, from: &str, to: &str) {
    let text = card.read(path);
    assert!(text.contains(from), "{from:?} is not in {text:?}");
    card.write(path, text.replacen(from, to, 1));
}

#[track_caller]
fn undone(card: &Card) {
    let undone = changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_eq!(undone.edited, []);
    assert_eq!(
        changes::undo(&card.sysroot(), Changed::Refuse).unwrap(),
        changes::Undone::default()
    );
}

/// The first boot takes its own words out of the line, and gives the partition another number.
#[test]
fn what_the_first_boot_did_to_cmdline_txt_stays() {
    let card = hand_made();
    edit(&card, "boot/cmdline.txt", "rootwait", "rootwait init=/usr/lib/firstboot");
    let before = card.read("boot/cmdline.txt");
    set_up(&card, 3);
    edit(&card, "boot/cmdline.txt", " init=/usr/lib/firstboot", "");
    edit(&card, "boot/cmdline.txt", "-02", "-12");
    assert!(!card.read("boot/cmdline.txt").contains("g_ether"));
    undone(&card);
    let then = before.replace(" init=/usr/lib/firstboot", "").replace("-02", "-12");
    assert_eq!(card.read("boot/cmdline.txt"), then);
}

/// As the README says: a cluster's name goes into that file.
#[test]
fn a_line_in_a_file_that_we_made_stays_and_so_does_the_file() {
    let card = Card::stock("trixie");
    let before = card.tree();
    set_up(&card, 3);
    let text = card.read(NODE_TOML) + "cluster = \"rack-1\"\n";
    card.write(NODE_TOML, text);
    undone(&card);
    assert_eq!(card.read(NODE_TOML), "cluster = \"rack-1\"\n");
    fs::remove_dir_all(card.path("root/etc/clusterhat")).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn edits_before_a_second_set_up_stay_too() {
    let card = Card::stock("trixie");
    set_up(&card, 3);
    card.write(NODE_TOML, "# mine\nid = 3\nethernet = \"ecm\"\n");
    edit(&card, "root/etc/hosts", "127.0.1.1", "192.0.2.9 printer\n127.0.1.1");
    set_up(&card, 4);
    assert_eq!(card.read(NODE_TOML), "# mine\nid = 4\nethernet = \"ecm\"\n");
    undone(&card);
    assert_eq!(card.read(NODE_TOML), "# mine\nethernet = \"ecm\"\n");
    let stock = Card::stock("trixie").read("root/etc/hosts");
    let hosts = stock.replace("127.0.1.1", "192.0.2.9 printer\n127.0.1.1");
    assert_eq!(card.read("root/etc/hosts"), hosts);
}

#[test]
fn an_edit_of_our_own_line_is_named_and_left_alone() {
    let card = Card::stock("trixie");
    let before = card.tree();
    set_up(&card, 3);
    edit(&card, NODE_TOML, "id = 3", "id = 7");
    let profile = "root/etc/NetworkManager/system-connections/clusterhat-usb0.nmconnection";
    edit(&card, profile, "dhcp-timeout=45", "dhcp-timeout=60\nmtu=1400");
    edit(&card, "root/etc/hostname", "p3", "db");
    let after = card.tree();
    let error = changes::undo(&card.sysroot(), Changed::Refuse).unwrap_err();
    assert_same(&card.tree(), &after);
    let said = error.to_string();
    assert!(said.contains("node.toml line 2") && said.contains("hostname line 1"), "{said}");

    let edited =
        |path: &str, lines: &[usize]| Edited { path: card.path(path), lines: lines.into() };
    let left = [edited(NODE_TOML, &[2]), edited(profile, &[]), edited("root/etc/hostname", &[1])];
    for _ in 0..2 {
        let undone = changes::undo(&card.sysroot(), Changed::Leave).unwrap();
        assert_eq!(undone.edited, left);
        let now = card.tree();
        for path in [NODE_TOML, profile, "root/etc/hostname"] {
            assert_eq!(now.get(path), after.get(path), "{path}");
        }
        for path in ["boot/config.txt", "root/etc/hosts"] {
            assert_eq!(now.get(path), before.get(path), "{path}");
        }
    }
    changes::undo(&card.sysroot(), Changed::Overwrite).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn force_takes_back_our_lines_and_no_others() {
    let card = Card::stock("trixie");
    let config = card.read("boot/config.txt");
    set_up(&card, 3);
    edit(&card, "boot/config.txt", "dr_mode=peripheral", "dr_mode=host");
    edit(&card, "boot/config.txt", "\n", "\ngpu_mem=16\n");
    assert!(changes::undo(&card.sysroot(), Changed::Refuse).is_err());
    changes::undo(&card.sysroot(), Changed::Overwrite).unwrap();
    assert_eq!(card.read("boot/config.txt"), config.replacen('\n', "\ngpu_mem=16\n", 1));
}

#[test]
fn rights_that_were_changed_since_stay() {
    let card = Card::stock("trixie");
    set_up(&card, 3);
    card.mode("root/etc/hosts", 0o600);
    edit(&card, "root/etc/hosts", "p3", "p3 db");
    undone(&card);
    let Some(Thing::File(mode, text)) = card.tree().remove("root/etc/hosts") else { panic!() };
    assert_eq!(mode, 0o600);
    assert!(String::from_utf8(text).unwrap().contains("raspberrypi db\n"));
}

/// A profile of NetworkManager counts only with its mode.
#[test]
fn rights_alone_are_taken_back_too() {
    let card = Card::stock("trixie");
    card.write("root/etc/profile", "a=1\n");
    let sys_path = changes::SysPath::root("etc/profile");
    let mut system = changes::Snapshot::new(&card.sysroot());
    system.add_file(sys_path.clone()).unwrap();
    let mut draft = changes::Draft::new(&system);
    draft.own_file(sys_path, "a=1\n".into(), 0o600);
    let before = card.tree();
    draft.finish().apply(&card.sysroot()).unwrap();
    assert_eq!(card.tree()["root/etc/profile"], Thing::File(0o600, "a=1\n".into()));
    undone(&card);
    assert_same(&card.tree(), &before);
}

/// Written by 0.1.0 before it knew of others' lines: set up as node 3, edited, set up as node 4.
fn old_record(card: &Card) {
    let folder = fixtures().join("records/0.1");
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    let copy = |content: &serde_json::Value| {
        fs::read(folder.join(content["file"]["copy"].as_str().unwrap())).unwrap()
    };
    for entry in record["entries"].as_array_mut().unwrap() {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        let path = format!("{}/{}", text("base"), text("path"));
        let ours = &entry["ours"][0];
        if ours.get("link").is_some() {
            let target = ours["link"].as_str().unwrap();
            fs::create_dir_all(card.path(&path).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, card.path(&path)).unwrap();
        } else {
            card.write(&path, copy(ours));
        }
        // Those of the machine on which it was written.
        for state in ["before", "ours"] {
            let state = &mut entry[state];
            let state = if state.is_array() { &mut state[0] } else { state };
            if let Some(file) = state.get_mut("file") {
                file["owner"] = serde_json::Value::Null;
            }
        }
    }
    for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()) {
        let name = file.to_str().unwrap();
        let bytes = fs::read(folder.join(name)).unwrap();
        card.write(&format!("root/var/lib/clusterhat/node-setup/{name}"), bytes);
    }
    card.write("root/var/lib/clusterhat/node-setup/manifest.json", record.to_string());
}

#[test]
fn a_record_of_the_first_release_is_undone() {
    let card = hand_made();
    fs::remove_dir(card.path("root/etc/NetworkManager/system-connections")).unwrap();
    let before = card.tree();
    old_record(&card);
    edit(&card, "boot/config.txt", "\n", "\ngpu_mem=16\n");
    // Which of its lines are whose is not told in there.
    let undone = changes::undo(&card.sysroot(), Changed::Leave).unwrap();
    assert_eq!(undone.edited, [Edited { path: card.path(NODE_TOML), lines: vec![] }]);
    changes::undo(&card.sysroot(), Changed::Overwrite).unwrap();
    let mut now = card.tree();
    let Some(Thing::File(_, config)) = now.remove("boot/config.txt") else { panic!() };
    let Thing::File(_, was) = &before["boot/config.txt"] else { panic!() };
    let was = String::from_utf8(was.clone()).unwrap();
    assert_eq!(String::from_utf8(config).unwrap(), was.replacen('\n', "\ngpu_mem=16\n", 1));
    let mut then = before;
    then.remove("boot/config.txt");
    assert_same(&now, &then);
}

/// What is in the folders that we and others share.
fn lines(tree: &Tree, path: &str) -> Vec<String> {
    let Some(Thing::File(_, bytes)) = tree.get(path) else { return Vec::new() };
    String::from_utf8(bytes.clone()).unwrap().lines().map(str::to_owned).collect()
}

const SHARED: [&str; 4] =
    ["boot/config.txt", "root/etc/hosts", "root/etc/modules", "root/etc/clusterhat/node.toml"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// Lines that others put in anywhere, before and between the runs, are there in the end, in their
    /// order, and nothing else is.
    #[test]
    fn lines_of_others_stay(
        edits in prop::collection::vec((0..SHARED.len(), 0_usize..40, 0_usize..3), 0..12),
        ids in prop::collection::vec(1_u8..=252, 1..3),
    ) {
        let card = hand_made();
        let mut expected = card.tree();
        let ours_alone = expected.clone();
        for (turn, id) in ids.iter().enumerate() {
            set_up(&card, *id);
            for (number, (file, at, when)) in edits.iter().enumerate() {
                if *when % ids.len() != turn {
                    continue;
                }
                let path = SHARED[*file];
                let mut text = lines(&card.tree(), path);
                text.insert(at % (text.len() + 1), format!("# line {number} of others"));
                card.write(path, text.join("\n") + "\n");
            }
        }
        undone(&card);
        let now = card.tree();
        for path in SHARED {
            let theirs: Vec<_> = lines(&now, path);
            let (others, rest): (Vec<_>, Vec<_>) =
                theirs.into_iter().partition(|line| line.ends_with(" of others"));
            prop_assert_eq!(rest, lines(&ours_alone, path), "{}", path);
            let put = |(_, (file, ..)): &(usize, &(usize, usize, usize))| SHARED[*file] == path;
            prop_assert_eq!(others.len(), edits.iter().enumerate().filter(put).count());
            expected.remove(path);
        }
    }

    /// Nothing that others do to the files makes undo lose or invent anything without a word.
    #[test]
    fn what_is_lost_is_told(text in "([a-d]|id = 3|dr_mode|\\[all\\]|\n){0,12}") {
        let card = Card::stock("trixie");
        set_up(&card, 3);
        card.write("root/etc/hosts", &text);
        match changes::undo(&card.sysroot(), Changed::Refuse) {
            Ok(_) => {
                let hosts = card.read("root/etc/hosts");
                for line in text.lines().filter(|line| !line.is_empty()) {
                    prop_assert!(hosts.contains(line), "{line:?} of {text:?} is not in {hosts:?}");
                }
            }
            Err(ChangeError::ChangedSince(_)) => prop_assert_eq!(card.read("root/etc/hosts"), text),
            Err(error) => panic!("{error}"),
        }
    }
}
