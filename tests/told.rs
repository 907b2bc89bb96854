//! What was switched is told with every kind of error, and each error once.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::fs;

use clusterhat_tests::command::World;

/// p1 to p4 are a HAT's, p5 to p7 and p8 to p9 those of ClusterCTRL boards on buses 11 and 12.
fn mixed() -> World {
    let world = World::builtin("mixed");
    assert_eq!(world.run(&["init"]).status, 0);
    world
}

/// Nobody can lock a folder.
fn spoil_lock(world: &World, what: &str) {
    let path = world.lock(what);
    // It is there where the lock was used before.
    let _ = fs::remove_file(&path);
    fs::create_dir(path).unwrap();
}

#[test]
fn a_lock_that_cannot_be_used_hides_nothing_that_was_done() {
    for (command, word) in [("on", "switched on: p1"), ("off", "switched off: p1")] {
        let world = mixed();
        let before = if command == "on" { "off" } else { "on" };
        assert_eq!(world.run(&[before]).status, 0);
        spoil_lock(&world, "i2c-11");
        let text = world.run(&[command, "p1", "p5"]);
        assert_eq!(text.status, 1, "{text:?}");
        assert!(text.stderr.contains(word), "{}", text.stderr);
        assert!(text.stderr.contains("i2c-11: it is no regular file: remove it"), "{text:?}");
        assert_eq!(world.run(&[before, "p1"]).status, 0);
        let document = world.run(&[command, "p1", "p5", "--json"]).json();
        let switched = document["error"]["switched"].to_string();
        assert!(switched.contains("\"p1\"") && !switched.contains("\"p6\""), "{document}");
    }
}

#[test]
fn a_pin_that_does_not_follow_is_told_once_under_one_name() {
    let mut value = World::builtin_value("two-hats");
    value["chips"]["1:0x23"]["stuck"] =
        serde_json::json!([null, 0, null, null, null, null, null, null]);
    let world = World::new(&value);
    for args in [&["on", "p5..p8", "--json"][..], &["cycle", "p6", "--json"]] {
        let document = world.run(args).json();
        let message = document["error"]["message"].as_str();
        let message = message.unwrap_or_else(|| panic!("{args:?}: {document}"));
        assert_eq!(message.matches("the pin shows off although on is commanded").count(), 1);
        assert!(message.contains(": p6: ") && !message.contains("P2"), "{message}");
    }
}
