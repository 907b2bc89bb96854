//! Cards that change between runs: another ID, somebody's edits, links.

use std::fs;
use std::os::unix::fs::symlink;

use system_config::card::{self, CardRequest};
use system_config::changes::{self, Changed};

use crate::tree::{Card, assert_same};

fn set_up(card: &Card, id: u8) -> usize {
    let request = CardRequest::new(id.try_into().unwrap());
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
    plan.changes().len()
}

#[test]
fn another_id_changes_just_that() {
    let card = Card::stock("trixie");
    let before = card.tree();
    set_up(&card, 3);
    // node.toml and the profile with the fixed address.
    assert_eq!(set_up(&card, 200), 2);
    assert!(card.read("root/etc/clusterhat/node.toml").contains("id = 200\n"));
    let fixed = "root/etc/NetworkManager/system-connections/clusterhat-usb0-fixed.nmconnection";
    assert!(card.read(fixed).contains("address1=172.19.181.200/24\n"));
    changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn the_cluster_is_asked_for_and_stays() {
    let card = Card::stock("trixie");
    let before = card.tree();
    let ask = |id: u8, cluster: Option<&str>| {
        let plan = card.plan_with(CardRequest::new(id.try_into().unwrap()), |file| {
            file.cluster = cluster.map(|name| name.parse().unwrap()).or(file.cluster.take());
        });
        let plan = plan.unwrap();
        plan.apply(&card.sysroot()).unwrap();
        card.read("root/etc/clusterhat/node.toml")
    };
    assert!(ask(3, Some("rack-1")).ends_with("id = 3\ncluster = \"rack-1\"\n"));
    assert!(ask(4, None).ends_with("id = 4\ncluster = \"rack-1\"\n"));
    assert!(ask(4, Some("rack-2")).ends_with("id = 4\ncluster = \"rack-2\"\n"));
    changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
    let path = "root/etc/clusterhat/node.toml";
    card.write(path, "id = 3 # the third\ncluster = \"a\"  # mine\n");
    assert_eq!(ask(3, Some("b")), "id = 3 # the third\ncluster = \"b\"  # mine\n");
    card.write(path, "# mine\nid = 3\n");
    assert_eq!(ask(3, Some("b")), "cluster = \"b\"\n# mine\nid = 3\n");
}

#[test]
fn a_folder_of_ours_with_somebodys_file_stays() {
    let card = Card::stock("trixie");
    set_up(&card, 3);
    card.write("root/etc/clusterhat/mine", "");
    let undone = changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_eq!(undone.kept, [card.path("root/etc/clusterhat")]);
    assert!(card.path("root/etc/clusterhat/mine").exists());
}

#[test]
fn links_of_a_card_are_the_cards_own() {
    let card = Card::stock("trixie");
    let outside = tempfile::tempdir().unwrap();
    let hosts = outside.path().join("hosts");
    fs::write(&hosts, "127.0.1.1 controller\n").unwrap();
    // An absolute link on a mounted card means the card, never this machine.
    let within = format!("root{}", hosts.display());
    card.write(&within, "127.0.1.1 raspberrypi\n");
    fs::remove_file(card.path("root/etc/hosts")).unwrap();
    symlink(&hosts, card.path("root/etc/hosts")).unwrap();
    fs::rename(card.path("root/etc/hostname"), card.path("root/etc/name")).unwrap();
    symlink("/etc/name", card.path("root/etc/hostname")).unwrap();
    let before = card.tree();
    let request = CardRequest::new(5.try_into().unwrap()).with_hostname(Some("p5".into()));
    let plan = card.plan(request).unwrap();
    plan.apply(&card.sysroot()).unwrap();
    assert_eq!(card.read("root/etc/name"), "p5\n");
    assert_eq!(card.read(&within), "127.0.1.1 p5\n");
    assert_eq!(fs::read_to_string(&hosts).unwrap(), "127.0.1.1 controller\n");
    changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
}

/// A refusal before anything is changed, with the way out.
#[track_caller]
fn refuses(card: &Card, parts: &[&str]) {
    let before = card.tree();
    for changed in [Changed::Leave, Changed::Overwrite] {
        let undone = changes::undo(&card.sysroot(), changed).unwrap_err();
        let planned = changes::plan_undo(&card.sysroot(), changed).unwrap_err();
        let plan = card.plan(CardRequest::new(4.try_into().unwrap()));
        // An unchanged plan needs no record.
        let again = plan.unwrap().apply(&card.sysroot()).unwrap_err();
        for error in [undone.to_string(), planned.to_string(), again.to_string()] {
            let parts =
                parts.iter().chain(&["nothing was changed", "clusterhat/node-setup to go on"]);
            for part in parts {
                assert!(error.contains(part), "{part:?} is not in {error:?}");
            }
        }
    }
    assert_same(&card.tree(), &before);
}

const RECORD: &str = "root/var/lib/clusterhat/node-setup";

/// Undoing made an empty `config.txt` of an empty copy of it.
#[test]
fn a_copy_that_is_not_what_was_recorded_is_not_put_back() {
    let card = Card::stock("trixie");
    set_up(&card, 3);
    let manifest = format!("{RECORD}/manifest.json");
    let record: serde_json::Value = serde_json::from_str(&card.read(&manifest)).unwrap();
    let entries = record["entries"].as_array().unwrap();
    let of_config = entries.iter().find(|entry| entry["path"] == "config.txt").unwrap();
    let copy = format!("{RECORD}/{}", of_config["before"]["file"]["copy"].as_str().unwrap());
    let whole = card.read(&copy);
    let parts = [&*copy, "is damaged", "belongs to", "boot/config.txt"];
    for damaged in ["", &whole[..whole.len() / 2], &whole.replacen('a', "b", 1)] {
        card.write(&copy, damaged);
        refuses(&card, &parts);
    }
    fs::remove_file(card.path(&copy)).unwrap();
    refuses(&card, &[&copy, "is missing", "boot/config.txt"]);
    card.write(&copy, whole);
    changes::undo(&card.sysroot(), Changed::Refuse).unwrap();
}

/// Before their first boot, two cards of one image differ in nothing. Said to be undone, with the record gone.
#[test]
fn the_boot_partition_of_another_card_keeps_the_record() {
    let card = Card::stock("trixie");
    let before = card.tree();
    let config = card.read("boot/config.txt");
    card.write("other/cmdline.txt", card.read("boot/cmdline.txt"));
    set_up(&card, 3);
    for theirs in [config.clone(), "gpu_mem=16\n".to_owned() + &config] {
        card.write("other/config.txt", theirs);
        let after = card.tree();
        let both = || card::sysroot(Some(&card.path("root")), Some(&card.path("other"))).unwrap();
        for changed in [Changed::Refuse, Changed::Leave] {
            let error = changes::undo(&both(), changed).unwrap_err().to_string();
            assert!(error.contains("other/config.txt has nothing of what"), "{error}");
            assert!(changes::plan_undo(&both(), changed).is_err());
        }
        assert_same(&card.tree(), &after);
    }
    fs::remove_dir_all(card.path("other")).unwrap();
    let now = card.read("boot/config.txt");
    card.write("boot/config.txt", &config);
    assert!(changes::undo(&card.sysroot(), Changed::Leave).is_err(), "by hand: it is told, too");
    card.write("boot/config.txt", now);
    changes::undo(&card.sysroot(), Changed::Leave).unwrap();
    assert_same(&card.tree(), &before);
    set_up(&card, 3);
    card.write("boot/config.txt", &config);
    changes::undo(&card.sysroot(), Changed::Overwrite).unwrap();
    assert_same(&card.tree(), &before);
}

/// The next setup took what we had written for what was there before.
#[test]
fn copies_without_a_manifest_are_told() {
    let card = Card::stock("trixie");
    set_up(&card, 3);
    let manifest = format!("{RECORD}/manifest.json");
    let text = card.read(&manifest);
    fs::remove_file(card.path(&manifest)).unwrap();
    refuses(&card, &["manifest.json is missing"]);
    card.write(&manifest, "{");
    refuses(&card, &["manifest.json: ", "numbered copies"]);
    card.write(&manifest, text.replace("\"version\": 1", "\"version\": 99"));
    refuses(&card, &["it has version 99, and this program knows version 1"]);
}

#[test]
fn the_record_is_json_that_others_can_read() {
    let card = Card::stock("trixie");
    set_up(&card, 3);
    let text = card.read("root/var/lib/clusterhat/node-setup/manifest.json");
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entries = manifest["entries"].as_array().unwrap();
    let config = entries.iter().find(|entry| entry["path"] == "config.txt").unwrap();
    assert_eq!(
        (&config["base"], &config["before"]["file"]["mode"]),
        (&"boot".into(), &0o644.into())
    );
    let copy = config["before"]["file"]["copy"].as_str().unwrap();
    let kept = card.read(&format!("root/var/lib/clusterhat/node-setup/{copy}"));
    assert!(kept.ends_with("[all]\n"));
    card.write("root/var/lib/clusterhat/node-setup/manifest.json", "{");
    let error = changes::undo(&card.sysroot(), Changed::Refuse).unwrap_err().to_string();
    assert!(error.contains("manifest.json: ") && error.contains("by hand"), "{error}");
}
