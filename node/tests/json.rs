//! `clusterhat-node --json`: one document on standard output, on success and on failure.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "shared with the tests of the setup of cards")]
#[path = "../../system-config/tests/card/tree.rs"]
mod tree;

use std::fs::{self, OpenOptions};
use std::process::{Command, Output};

use clusterhat_tests::schema::Schema;
use serde_json::Value;
use tree::{Card, assert_same};

fn run(card: &Card, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhat-node"));
    command.args(words).arg("--root").arg(card.path("root")).output().unwrap()
}

/// The only thing that is printed.
#[track_caller]
fn document(card: &Card, words: &[&str], status: i32) -> Value {
    let output = run(card, words);
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(Schema::of_node().check(&document), Ok(()), "{text}");
    assert_eq!(document["schema"], 1, "{text}");
    document
}

#[test]
fn a_report_names_its_command() {
    let card = Card::stock("trixie");
    let boot = card.path("boot");
    let boot = boot.to_str().unwrap();
    let done = document(&card, &["--json", "setup", "--id", "3", "--boot-dir", boot], 0);
    assert_eq!((&done["command"], &done["id"]), (&"setup".into(), &3.into()));
    assert!(done.get("error").is_none() && done.get("warnings").is_none(), "{done}");
}

#[test]
fn errors_have_a_kind_and_the_exit_status() {
    let card = Card::stock("trixie");
    for (words, file, kind, status) in [
        (&["--json", "up"][..], "", "configuration", 2),
        (&["--json", "up"], "id = 999\n", "configuration", 2),
        (&["--json", "setup", "--id", "3", "--boot-dir", "/"], "", "usage", 2),
        (&["setup", "--json"], "", "usage", 2),
        (&["up", "--wait", "2 days", "--json"], "", "usage", 2),
        (&["fly", "--json"], "", "usage", 2),
        (&["setup", "--id", "999", "--json"], "", "usage", 2),
    ] {
        card.write("root/etc/clusterhat/node.toml", file);
        let document = document(&card, words, status);
        assert_eq!(document["error"]["kind"], kind, "{document}");
        assert_eq!(document["error"]["exit_status"], status);
        let command =
            words.iter().find(|word| !word.starts_with('-')).filter(|word| **word != "fly");
        assert_eq!(document["command"], **command.unwrap_or(&""), "{document}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
    }
}

#[test]
fn a_usage_error_begins_with_the_program_as_any_other_error_does() {
    let card = Card::stock("trixie");
    let said = |words: &[&str]| {
        let output = run(&card, words);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let start = "clusterhat-node: unknown command 'undoo'\n\n  tip: did you mean 'undo'?\n";
    assert!(said(&["undoo"]).starts_with(start), "{}", said(&["undoo"]));
    assert!(said(&["up"]).starts_with("clusterhat-node: "), "{}", said(&["up"]));
}

#[test]
fn help_is_a_command_too() {
    let card = Card::stock("trixie");
    let [help, option] = [&["help", "setup"], &["setup", "--help"]].map(|words| run(&card, words));
    assert!(help.status.success() && option.status.success());
    assert_eq!(help.stdout, option.stdout);
    assert_eq!(run(&card, &["help", "fly"]).status.code(), Some(2));
}

/// Seen: 200 kB for one wrong word.
#[test]
fn long_words_are_cut() {
    let card = Card::stock("trixie");
    let long = "x".repeat(100_000);
    let cut = format!("\"{}...\" (100000 characters)", "x".repeat(60));
    let output = run(&card, &["setup", "--id", &long]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("{cut} is not a node ID")) && text.len() < 1000, "{text}");
    let document = document(&card, &["setup", "--id", &long, "--json"], 2);
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains(&cut) && message.len() < 1000, "{message}");
}

/// As for any other number, the reason is the value and not the shape of an option.
#[test]
fn a_negative_time_is_named_as_one() {
    let card = Card::stock("trixie");
    for command in ["up", "down"] {
        let document = document(&card, &["--json", command, "--wait", "-1"], 2);
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains("a time cannot be negative"), "{message}");
    }
}

/// Nor is help that went nowhere a success.
#[test]
fn a_full_disk_is_an_error_for_help_too() {
    for words in [&["--help"][..], &["--version"], &["fly", "--json"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhat-node"));
        let output = command.args(words).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("cannot write the output"), "{words:?}: {stderr}");
    }
}

#[test]
fn warnings_are_in_the_document() {
    let card = Card::stock("trixie");
    card.write("root/etc/clusterhat/node.toml", "id = 3\nethernte = \"ecm\"\nboot = 1\n");
    let output = run(&card, &["up"]);
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("node.toml:3: boot = 1"),
        "{output:?}"
    );
    card.write("root/etc/clusterhat/node.toml", "ethernte = \"ecm\"\n");
    let document = document(&card, &["--json", "up"], 2);
    let warning = document["warnings"][0].as_str().unwrap();
    assert!(warning.ends_with("did you mean \"ethernet\"?"), "{warning}");
}

/// Seen: "check its permissions: invalid utf-8 sequence of 1 bytes from index 12".
#[test]
fn a_file_in_another_encoding_is_told_with_the_line() {
    let card = Card::stock("trixie");
    card.write("root/etc/clusterhat/node.toml", "");
    fs::write(card.path("root/etc/clusterhat/node.toml"), b"id = 3\n# caf\xe9\n").unwrap();
    for words in [&["--json", "up"][..], &["--json", "status"], &["--json", "agent", "--stdio"]] {
        let output = run(&card, words);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {text}");
        assert!(text.contains("node.toml:2: not UTF-8: save this file as UTF-8"), "{text}");
    }
}

#[test]
fn an_undo_can_be_looked_at_first() {
    let card = Card::stock("trixie");
    let boot = card.path("boot");
    let boot = boot.to_str().unwrap();
    assert!(run(&card, &["setup", "--id", "3", "--boot-dir", boot]).status.success());
    let before = card.tree();
    let planned = document(&card, &["--json", "undo", "--dry-run", "--boot-dir", boot], 0);
    assert_same(&card.tree(), &before);
    assert!(planned["diff"].as_str().unwrap().contains("-dtparam=dr_mode=peripheral"), "{planned}");
    let done = document(&card, &["--json", "undo", "--boot-dir", boot], 0);
    assert_eq!(
        planned["restored"].as_array().unwrap().len(),
        done["restored"].as_array().unwrap().len()
    );
    let text = String::from_utf8(run(&card, &["undo", "--dry-run", "--boot-dir", boot]).stdout);
    assert_eq!(text.unwrap(), "nothing to undo\n");
}
