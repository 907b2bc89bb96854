//! Signals in the middle of switching: the command ends, says what stands, and wherever its output goes.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clusterhat_tests::command::{Output, World, status};
use clusterhat_tests::running::until;
use command::{Run as _, clusterhat, heeding_signals};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Longer than any test runs.
const PAUSE: &str = "300";

fn is_on(world: &World, node: u8) -> bool {
    let latch = world.read()["chips"]["1"]["r"][1].as_u64().unwrap();
    world.read()["chips"]["1"]["r"][3] == 0 && latch >> (node - 1) & 1 == 1
}

/// The command with real waits, which ends with its test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command, stdout: Stdio) -> Self {
        let mut heeding = heeding_signals(command);
        heeding.env_remove("CLUSTERHAT_SIM_NOWAIT").stdout(stdout).stderr(Stdio::null());
        Self(heeding.stdin(Stdio::null()).spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    fn has_open(&self, end: &str) -> bool {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.0.id())).unwrap();
        let files = files.flatten().filter_map(|file| file.path().read_link().ok());
        files.into_iter().any(|file| file.to_string_lossy().ends_with(end))
    }

    /// The exit status as a shell has it.
    fn end(&mut self) -> i32 {
        let mut ended = None;
        until("its end", || {
            ended = self.0.try_wait().unwrap();
            ended.is_some()
        });
        status(ended.unwrap())
    }

    fn document(&mut self) -> Value {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An output that takes no byte, for as long as its other end is kept.
fn blocked() -> (Stdio, UnixStream) {
    let (mut output, end) = UnixStream::pair().unwrap();
    output.set_nonblocking(true).unwrap();
    loop {
        match output.write(&[b' '; 4096]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    output.set_nonblocking(false).unwrap();
    (OwnedFd::from(output).into(), end)
}

#[test]
fn each_signal_has_its_status_and_tells_what_stands() {
    let signals =
        [(Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131), (Signal::TERM, 143)];
    for (signal, expected) in signals {
        let world = World::builtin("v2.5");
        let mut command = world.command(&["on", "p1", "p2", "--delay", PAUSE, "--json"]);
        let mut running = Running::start(&mut command, Stdio::piped());
        until("p1's power", || is_on(&world, 1));
        // The observer hears of it a moment later.
        until("the pause", || world.held_locks().len() == 1);
        running.signal(signal);
        let document = running.document();
        assert_eq!(running.end(), expected);
        let error = &document["error"];
        assert_eq!(
            (&error["kind"], &error["exit_status"]),
            (&json!("interrupted"), &json!(expected))
        );
        let state = |node, stands| json!({"node": node, "power": "on", "stands": stands});
        let switched = json!([state("p1", "new"), state("p2", "old")]);
        assert_eq!(error["switched"], switched, "{document}");
        assert_eq!(error["message"], "interrupted; switched on: p1; not switched: p2");
        assert!(!is_on(&world, 2));
    }
}

#[test]
fn an_interruption_tells_nodes_that_were_on_already_from_those_left() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1", "--delay", "0"]).status, 0);
    let mut command = world.command(&["on", "p1", "p2", "p3", "--delay", PAUSE, "--json"]);
    let mut running = Running::start(&mut command, Stdio::piped());
    until("p2's power", || is_on(&world, 2));
    until("the pause", || world.held_locks().len() == 1);
    running.signal(Signal::TERM);
    let document = running.document();
    assert_eq!(running.end(), 143);
    let state = |node, stands| json!({"node": node, "power": "on", "stands": stands});
    let switched = json!([state("p1", "new"), state("p2", "new"), state("p3", "old")]);
    assert_eq!(document["error"]["switched"], switched, "{document}");
    let message = "interrupted; switched on: p2; not switched: p3";
    assert_eq!(document["error"]["message"], message);
}

/// Two nodes that are on, whose agents do not answer.
fn hung() -> World {
    let mut value = World::builtin_value("v2.5");
    let hangs = json!({ "boots_in": 0, "hangs": true });
    value["nodes"] = json!({ "p1": hangs, "p2": hangs });
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    world
}

/// The error of a command that a signal ends once it has a file open whose name ends so.
fn interrupted(world: &World, file: &str, args: &[&str]) -> Value {
    let mut command = world.command(&[args, &["--json"]].concat());
    let mut running = Running::start(&mut command, Stdio::piped());
    until(file, || running.has_open(file));
    running.signal(Signal::INT);
    let error = running.document()["error"].take();
    assert_eq!((running.end(), &error["kind"]), (130, &json!("interrupted")), "{error}");
    assert_eq!(error["exit_status"], 130);
    error
}

/// Seen: nobody knew whether the nodes' power had been cut.
#[test]
fn nodes_that_were_asked_to_shut_down_are_told() {
    let world = hung();
    let error = interrupted(&world, "lock.ttypi1a", &["shutdown", "p1", "p2"]);
    let text = "interrupted; p1 p2 were asked to shut down and may still halt; they keep their power: \
                `clusterhat shutdown p1 p2` waits for them again, `clusterhat off --immediate p1 p2` cuts it now";
    assert_eq!(error["message"], text);
    let state = |node| json!({"node": node, "power": "off", "stands": "old"});
    assert_eq!(error["switched"], json!([state("p1"), state("p2")]));
    let error = interrupted(&world, "lock.ttypi1a", &["reboot", "p1"]);
    assert_eq!(error["message"], "interrupted; p1 was asked to restart and may still do so");
    assert!(is_on(&world, 1) && is_on(&world, 2));
}

/// Seen: "a node that was being switched at that moment may be in either state", of one whose board did not answer.
#[test]
fn a_board_that_does_not_answer_leaves_no_doubt_about_the_others() {
    let mut value = World::builtin_value("two-hats");
    value["nodes"] = json!({ "p1": { "boots_in": 0, "hangs": true } });
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let mut value = world.read();
    value["chips"].as_object_mut().unwrap().remove("1:0x23");
    world.write(&value);
    let error = interrupted(&world, "lock.ttypi1a", &["shutdown", "p1", "p5"]);
    let message = error["message"].as_str().unwrap();
    // Only where p5 was still being asked it has to be said who keeps its power.
    let who = if message.contains("p1 was") { "it" } else { "p1" };
    let p1 = format!(
        "asked to shut down and may still halt; {who} keeps its power: `clusterhat shutdown p1` waits for it again, \
         `clusterhat off --immediate p1` cuts it now"
    );
    assert!(message.contains(&p1), "{message}");
    let p5 = "; whether p5 has power is not known, as its board does not answer";
    assert!(message.ends_with(p5), "{message}");
    let state = |node, stands| json!({"node": node, "power": "off", "stands": stands});
    assert_eq!(error["switched"], json!([state("p1", "old"), state("p5", "unknown")]));
}

#[test]
fn who_only_waits_says_so() {
    let world = hung();
    for (file, args) in [
        ("inotify", &["wait", "p1", "--for", "halted"][..]),
        ("lock.ttypi1", &["console", "p1", "--expect", "nobody says this", "--timeout", PAUSE]),
    ] {
        let error = interrupted(&world, file, args);
        assert_eq!(error["message"], "interrupted while waiting", "{args:?}");
        assert_eq!(error["switched"], Value::Null, "{args:?}");
    }
}

/// Seen: a node that had been on before was said to be in either state.
#[test]
fn a_wait_for_a_node_that_was_on_has_switched_nothing() {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({ "p1": { "stays": "enumerated" } });
    let world = World::new(&value);
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    std::fs::remove_file(world.lock("power-on")).unwrap();
    let args = ["on", "p1", "--wait=agent", "--json"];
    let mut running = Running::start(&mut world.command(&args), Stdio::piped());
    until("the switching", || world.lock("power-on").exists());
    running.signal(Signal::INT);
    let document = running.document();
    let error = &document["error"];
    assert_eq!(error["message"], "interrupted while waiting; nothing was switched");
    assert_eq!(error["switched"], json!([{"node": "p1", "power": "on", "stands": "new"}]));
    assert_eq!(running.end(), 130);
}

#[test]
fn a_cycle_that_is_interrupted_names_the_command_that_switches_the_nodes_on() {
    let world = hung();
    let args = ["cycle", "p1", "p2", "--off-time", PAUSE, "--json"];
    let mut running = Running::start(&mut world.command(&args), Stdio::piped());
    until("the off time", || !is_on(&world, 1));
    running.signal(Signal::TERM);
    let document = running.document();
    let error = &document["error"];
    let text = "interrupted; switched off: p[1-2]; `clusterhat on p1 p2` switches them on again";
    assert_eq!(error["message"], text);
    let state = |node| json!({"node": node, "power": "off", "stands": "new"});
    assert_eq!(error["switched"], json!([state("p1"), state("p2")]));
    assert_eq!(running.end(), 143);
}

#[test]
fn a_blocked_output_does_not_keep_a_signal_from_ending_it() {
    for args in [
        // In the middle of it.
        &["on", "p1", "p2", "--delay", PAUSE, "--json"][..],
        &["cycle", "p2", "--off-time", PAUSE, "--json"],
        // At the report.
        &["on", "p1", "--json"],
        &["on", "p1"],
        &["off", "p2", "--json"],
    ] {
        let world = World::builtin("v2.5");
        assert_eq!(world.run(&["on", "p2"]).status, 0);
        let expected = |world: &World| match args[0] {
            "on" => is_on(world, 1),
            _ => !is_on(world, 2),
        };
        let (output, _end) = blocked();
        let mut running = Running::start(&mut world.command(args), output);
        until("what was asked for", || expected(&world));
        running.signal(Signal::TERM);
        assert_eq!(running.end(), 143, "{args:?}");
    }
}

/// Seen with a limit of processes: nodes kept their power, since nobody could have waited for a signal.
#[test]
fn nodes_lose_their_power_also_where_no_thread_can_be_had() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1", "p2"]).status, 0);
    let without_threads = |args: &[&str]| {
        let mut command = world.command(args);
        // More than there are addresses.
        command.env("RUST_MIN_STACK", (1_u64 << 50).to_string());
        command
    };
    for args in [&["off", "p1"][..], &["off", "p2", "--json"]] {
        let output = Output::of(&mut without_threads(args));
        assert_eq!((output.status, &*output.stderr), (0, ""), "{output:?}");
    }
    assert!(!is_on(&world, 1) && !is_on(&world, 2));
    // A signal ends it as any other program.
    let args = ["on", "p1", "p2", "--delay", PAUSE];
    let mut running = Running::start(&mut without_threads(&args), Stdio::null());
    until("p1's power", || is_on(&world, 1));
    running.signal(Signal::TERM);
    assert_ne!(running.end(), 0);
    assert!(!is_on(&world, 2));
}

/// As `nohup` starts it.
#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let world = World::builtin("v2.5");
    let mut shell = world.program(Path::new("sh"));
    shell.args(["-c", "trap '' HUP; exec \"$0\" on p1 p2 --delay 1"]).arg(clusterhat());
    let mut running = Running::start(shell.env("CLUSTERHAT_SIM", world.path()), Stdio::null());
    until("p1's power", || is_on(&world, 1));
    running.signal(Signal::HUP);
    assert_eq!(running.end(), 0);
    assert!(is_on(&world, 2));
}

/// A signal that comes as the last node was switched: either it or the report tells, and never both.
#[test]
fn a_signal_at_the_end_leaves_one_document() {
    for _ in 0..8 {
        let world = World::builtin("v2.5");
        let mut command = world.command(&["on", "p1", "--json"]);
        let mut running = Running::start(&mut command, Stdio::piped());
        until("p1's power", || is_on(&world, 1));
        running.signal(Signal::TERM);
        let document = running.document();
        let ended = running.end();
        let told = &document["error"]["exit_status"];
        assert_eq!(ended, if told.is_null() { 0 } else { 143 }, "{document}");
        assert!(told.is_null() || *told == 143, "{document}");
    }
}
