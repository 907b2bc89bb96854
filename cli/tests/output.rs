//! What the command prints, whatever its words are and wherever the output goes.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Stdio};

use clusterhat_tests::command::{Output, World, status};
use command::{Run as _, clusterhat};
use serde_json::json;

/// A word that nobody has written by hand.
const LONG: usize = 100_000;

/// Runs a command whose outputs go where it says.
fn run(command: &mut Command) -> Output {
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Output { status: status(output.status), stdout, stderr }
}

#[test]
fn help_is_a_command_too() {
    let world = World::builtin("v2.5");
    for words in [&["on"][..], &["board", "order"], &["network", "setup"], &[]] {
        let asked = world.run(&[&["help"], words].concat());
        assert_eq!(asked, world.run(&[words, &["--help"]].concat()), "{words:?}");
        assert_eq!((asked.status, &*asked.stderr), (0, ""), "{words:?}");
        assert!(asked.stdout.contains("Usage: clusterhat"), "{asked:?}");
    }
    assert_eq!(world.run(&["help", "nothing"]).status, 2);
}

/// Words that work are words that are told.
#[test]
fn the_short_help_hides_no_word() {
    let world = World::builtin("v2.5");
    let help = world.run(&["-h"]).stdout;
    let vendors = ["getpath", "setorder", "save", "saveorder", "saveusbboot", "savepos"];
    for word in vendors.iter().chain(&["savedefaults", "reset"]) {
        assert_eq!(world.run(&[word, "--help"]).status, 0, "{word}");
        let told = help.split(|c: char| !c.is_alphanumeric()).any(|other| other == *word);
        assert!(told, "{word}: {help}");
    }
}

/// Neither a full disk nor a closed standard error keeps the report from its reader.
#[test]
fn a_warning_that_cannot_be_printed_does_not_lose_the_report() {
    let mut value = World::builtin_value("v2.5");
    value["clusterhat_toml"] = json!("frobnicate = 1\n");
    let world = World::new(&value);
    let told = world.run(&["status"]);
    assert!(told.stderr.contains("warning"), "{told:?}");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = run(world.command(&["status"]).stdout(Stdio::piped()).stderr(full));
    assert_eq!((output.status, &output.stdout), (0, &told.stdout));
    let mut shell = world.program(Path::new("sh"));
    shell.args(["-c", "exec \"$0\" status 2>&-"]).arg(clusterhat());
    let output = Output::of(shell.env("CLUSTERHAT_SIM", world.path()));
    assert_eq!((output.status, &output.stdout), (0, &told.stdout));
}

/// Nor does an output that cannot be written lose the error.
#[test]
fn a_full_disk_is_told_beside_the_error() {
    let mut value = World::builtin_value("v2.5");
    value["chips"]["1"]["stuck"] = json!([0, null, null, null, null, null, null, null]);
    value["faults"] = json!([{"transfer": 1, "kind": "io", "lasting": true}]);
    let world = World::new(&value);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = run(world.command(&["status"]).stdout(full).stderr(Stdio::piped()));
    assert_eq!(output.status, 1);
    assert!(output.stderr.contains("board hat1"), "{output:?}");
    assert!(output.stderr.contains("cannot write the output"), "{output:?}");
}

/// Seen: `chaos` into a file that had reached its limit was ended by SIGXFSZ, and left nodes off.
#[test]
fn an_output_beyond_the_limit_of_files_is_an_error_of_the_output_alone() {
    let world = World::builtin("v2.5");
    let log = world.path().with_file_name("log");
    // More than any other file that the command writes: units of 512 bytes.
    std::fs::write(&log, vec![b'.'; 100 * 512]).unwrap();
    let mut shell = world.program(Path::new("sh"));
    shell.args(["-c", "ulimit -f 100; exec \"$0\" cycle p1 --off-time 0.1 >> \"$1\""]);
    shell.arg(clusterhat()).arg(&log).env("CLUSTERHAT_SIM", world.path());
    world.run(&["on", "p1", "--delay", "0"]);
    let output = Output::of(&mut shell);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("cannot write the output"), "{output:?}");
    assert_eq!(world.run(&["is-on", "p1"]).status, 0);
}

/// Nor one of words that make no sense, for which there is no command.
#[test]
fn a_full_disk_does_not_hide_a_usage_error() {
    let world = World::builtin("v2.5");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let args = ["frobnicate", "--json"];
    let output = run(world.command(&args).stdout(full).stderr(Stdio::piped()));
    assert_eq!(output.status, 2);
    assert!(output.stderr.contains("'frobnicate'"), "{output:?}");
    assert!(output.stderr.contains("cannot write the output"), "{output:?}");
}

#[test]
fn overlong_words_are_cut() {
    let world = World::builtin("v2.5");
    let long = "x".repeat(LONG);
    let set = format!("p[1-{}", "1".repeat(LONG));
    let option = format!("--{long}");
    for args in [
        &[&*long][..],
        &["on", &long],
        &["on", &set],
        &["led", &long],
        &["on", &option],
        &["on", "--delay", &long],
        &["status", "--config", &long],
        &["status", "--root", &long, "--sim", "v2.5"],
        &["status", "--sim", &long],
        &["board", "order", &long, "1"],
        &["inventory", "--format", &long],
        &["network", "setup", "--mode", &long],
        &["network", "setup", "--mode", "nat", "--subnet", &long],
        &["help", &long],
    ] {
        let args: Vec<_> = args.to_vec();
        let shown: Vec<_> = args.iter().map(|arg| &arg[..arg.len().min(12)]).collect();
        for output in [world.run(&args), world.run(&[&["--json"], &args[..]].concat())] {
            let length = output.stdout.len() + output.stderr.len();
            assert!(length < 3000, "{shown:?}: {length} characters");
            assert!(output.status == 2 || args.contains(&"--root"), "{shown:?}: {}", output.status);
        }
    }
}

/// A network has room for nodes 1 to 252.
#[test]
fn a_number_too_large_leaves_the_rest_of_the_inventory() {
    let mut value = World::builtin_value("v2.5");
    value["clusterhat_toml"] = json!("first = 251\n");
    let world = World::new(&value);
    for format in ["hosts", "ssh", "ansible", "mpi", "slurm"] {
        let output = world.run(&["inventory", "--format", format]);
        assert_eq!(output.status, 1, "{format}: {output:?}");
        let (known, others): (Vec<_>, Vec<_>) =
            output.stdout.lines().partition(|line| !line.starts_with('#'));
        let known = known.join("\n");
        assert!(known.contains("p251") && known.contains("p252"), "{format}: {known}");
        assert!(!known.contains("p253") && !known.contains("p254"), "{format}: {known}");
        assert!(others.iter().any(|line| line.contains("p253")), "{format}: {others:?}");
        assert!(output.stderr.contains("left out: p[253-254]"), "{output:?}");
    }
    let document = world.run(&["inventory", "--format", "json"]).json();
    assert_eq!(document["error"]["kind"], "left-out");
    assert!(document["nodes"][1]["address"].is_string(), "{document}");
    assert!(document["nodes"][2]["error"].is_string(), "{document}");
    let output = world.run(&["inventory", "--format", "hosts", "p251"]);
    assert_eq!(output.status, 0, "{output:?}");
}

/// What was done, or why it was not, is told somewhere.
#[test]
fn an_output_that_cannot_be_written_hides_nothing_that_was_done() {
    let world = World::builtin("v2.5");
    let onto_full = |args: &[&str]| {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        run(world.command(args).stdout(full).stderr(Stdio::piped()))
    };
    for args in [&["on", "p1"][..], &["on", "p1", "--json"]] {
        let output = onto_full(args);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(
            output.stderr.contains("clusterhat: everything was switched as requested\n"),
            "{output:?}"
        );
    }
    let mut broken = world.read();
    broken["faults"] = json!([{"transfer": 1, "kind": "nak", "lasting": true}]);
    world.write(&broken);
    let output = onto_full(&["off", "p1", "--json"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("board hat1"), "{output:?}");
    assert!(!output.stderr.contains("as requested"), "{output:?}");
}

/// Seen: `setup` before `status`.
#[test]
fn of_similar_commands_the_nearest_is_suggested() {
    let output = World::builtin("v2.5").run(&["statu"]);
    assert!(output.stderr.contains("did you mean 'status'?"), "{output:?}");
    assert!(!output.stderr.contains("setup"), "{output:?}");
}
