//! `wait`, `on` and `cycle` with `--wait`, `is-on` and `status --watch`: nodes that live, and some that do not get far.

mod command;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::until;
use command::Run;
use hat_driver::linux::lock::FileLock;
use serde_json::{Value, json};

/// A v2.5 board whose nodes behave so.
fn world(behaviours: Value) -> World {
    let mut world = World::builtin_value("v2.5");
    world["nodes"] = behaviours;
    World::new(&world)
}

fn states(output: &Output) -> Vec<String> {
    let document = output.json();
    let nodes = document["wait"]["nodes"].as_array().or(document["nodes"].as_array());
    let state = |node: &Value| node["state"].as_str().map(str::to_owned);
    nodes.into_iter().flatten().filter_map(state).collect()
}

#[test]
fn nodes_that_start_are_waited_for() {
    let world = world(json!({}));
    let output = world.run(&["on", "p1", "p2", "--wait"]);
    assert_eq!(output.status, 0, "{output:?}");
    let expected = "hat1: initialised first\nNODE  POWER\np1    on\np2    on\n\
                    NODE  STATE  SINCE\np1    agent  0 s\np2    agent  0 s\n";
    // The age is as old as the machine is slow.
    let stdout: String = output.stdout.lines().map(|line| without_age(line) + "\n").collect();
    let expected: String = expected.lines().map(|line| without_age(line) + "\n").collect();
    assert_eq!(stdout, expected);
    let output = world.run(&["--json", "cycle", "p1", "--wait=link"]);
    let document = output.json();
    assert_eq!(document["nodes"][0]["cycled"], true, "{output:?}");
    assert_eq!(document["wait"]["goal"], "link");
    assert_eq!(document["wait"]["nodes"][0]["reached"], true);
    assert_eq!(states(&output), ["agent"], "beyond it");
    for goal in ["reachable", "agent", "powered"] {
        assert_eq!(world.run(&["wait", "p1..p2", "--for", goal]).status, 0, "{goal}");
    }
    assert_eq!(world.run(&["wait", "p3", "p4", "--for", "off"]).status, 0);
}

fn without_age(line: &str) -> String {
    line.split("  ")
        .filter(|word| !word.trim().ends_with(" s"))
        .collect::<Vec<_>>()
        .join("  ")
        .trim_end()
        .to_owned()
}

#[test]
fn who_waits_in_vain_is_told_how_far_each_got_and_why() {
    let world = world(json!({
        "p1": {"stays": "boot-rom"}, "p2": {"stays": "powered"},
        "p3": {"stays": "enumerated"}, "p4": {"stays": "link"},
    }));
    let output = world.run(&["--json", "on", "--wait", "--timeout", "0.05"]);
    assert_eq!(output.status, 3, "{output:?}");
    let document = output.json();
    let error = &document["error"];
    assert_eq!((&error["kind"], &error["exit_status"]), (&json!("timed-out"), &json!(3)));
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("not reachable within 0.05 s: "), "{message}");
    for part in [
        "p1 is boot-rom (it stays in its boot ROM: no bootable card)",
        "p2 is powered (not on the USB within 0.05 s)",
        "p3 is enumerated (its network interface is not up)",
        "p4 is link (its link has no address: check the network on the node and here)",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(states(&output), ["boot-rom", "powered", "enumerated", "link"]);
    assert!(document["nodes"].as_array().unwrap().iter().all(|node| node["power"] == "on"));
    let output = world.run(&["wait", "p1", "--timeout", "0"]);
    assert_eq!(output.status, 3, "{output:?}");
    assert!(output.stdout.contains("p1    boot-rom"), "{output:?}");
    // The power is as it was.
    assert_eq!(world.run(&["is-on", "all"]).status, 0);
}

#[test]
fn nodes_that_miss_the_usb_are_cycled_as_often_as_is_said() {
    let world = world(json!({"p1": {"stays": "boot-rom"}, "p2": {"stays": "powered"}}));
    let words = ["--json", "on", "p1..p3", "--wait", "--timeout", "0.05", "--retries", "2"];
    let output = world.run(&words);
    assert_eq!(output.status, 3, "{output:?}");
    let cycles = |node: usize| output.json()["wait"]["nodes"][node]["cycles"].clone();
    // Its boot ROM is on the USB: no power cycle gives it a card.
    assert_eq!([cycles(0), cycles(1), cycles(2)], [json!(0), json!(2), json!(0)]);
    let text = world.run(&["cycle", "p2", "--wait", "--timeout", "0.05", "--retries", "1"]);
    assert!(text.stdout.contains("power cycled once; not on the USB within "), "{text:?}");
    assert_eq!(world.run(&["is-on", "p1..p3"]).status, 0, "all have power in the end");
}

/// Seen: advice to write `-- -1`, which is a node.
#[test]
fn a_number_out_of_range_is_refused_as_that() {
    let world = world(json!({}));
    for (args, told) in [
        (&["on", "p1", "--wait", "--retries", "-1"][..], "invalid value '-1' for '--retries <N>'"),
        (&["top", "--count", "-1"], "invalid value '-1' for '--count <N>'"),
        (&["top", "--count", "0"], "0 is not in 1.."),
    ] {
        let output = world.run(args);
        assert_eq!(output.status, 2, "{output:?}");
        assert!(output.stderr.contains(told) && !output.stderr.contains("tip:"), "{output:?}");
    }
}

#[test]
fn the_options_of_waiting_need_a_wait() {
    let world = world(json!({}));
    for words in [
        &["on", "p1", "--retries", "1"][..],
        &["on", "p1", "--timeout", "1"],
        &["on", "p1", "--wait=up"],
        &["wait", "p1", "--for", "up"],
        &["wait", "p9"],
        &["wait", "--timeout=-1"],
        &["is-on"],
        &["is-on", "p9"],
    ] {
        let output = world.run(words);
        assert_eq!(output.status, 2, "{words:?} {output:?}");
    }
    assert_eq!(world.run(&["is-on", "p1"]).status, 1, "nothing was switched");
}

#[test]
fn the_exit_status_tells_whether_a_node_is_on() {
    let world = world(json!({}));
    let silent = |words: &[&str]| {
        let output = world.run(words);
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        output.status
    };
    assert_eq!(silent(&["is-on", "p1"]), 1);
    world.run(&["on", "p1", "p2"]);
    assert_eq!(silent(&["is-on", "p1"]), 0);
    assert_eq!(silent(&["is-on", "p1..p2"]), 0);
    assert_eq!(silent(&["is-on", "p1..p3"]), 1, "not all of them");
    let output = world.run(&["--json", "is-on", "p3"]);
    assert_eq!((output.status, &output.json()["on"]), (1, &json!(false)), "{output:?}");
    assert!(output.json().get("error").is_none(), "no is an answer");
    let mut value = world.read();
    value["faults"] = json!([{"transfer": 1, "kind": "io", "lasting": true}]);
    world.write(&value);
    let output = world.run(&["is-on", "p1"]);
    assert_eq!(output.status, 4, "{output:?}");
    assert!(output.stderr.contains("hat1"), "{output:?}");
}

/// 1 means no, and nothing else.
#[test]
fn what_keeps_an_answer_from_its_reader_is_not_a_no() {
    let world = world(json!({}));
    world.run(&["on", "p1"]);
    for node in ["p1", "p2"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let mut command = world.command(&["--json", "is-on", node]);
        let output = Output::of(command.stdout(full).stderr(Stdio::piped()));
        assert_eq!(output.status, 4, "{node}: {output:?}");
        assert!(output.stderr.contains("cannot write the output"), "{output:?}");
    }
    // A ClusterCTRL board is asked by one process at a time.
    let world = World::builtin("triple");
    assert_eq!(world.run(&["is-on", "p1"]).status, 1);
    let mut lock = FileLock::open(&world.lock("i2c-11")).expect("a lock");
    lock.acquire(std::time::Duration::ZERO).expect("it is free");
    let output = world.run(&["--lock-limit", "0.1", "is-on", "p1"]);
    assert_eq!(output.status, 3, "{output:?}");
}

/// What cannot be opened does not say no.
#[test]
fn a_board_that_cannot_be_opened_is_no_answer() {
    let root = tempfile::tempdir().expect("a folder");
    for folder in ["dev", "etc/clusterhat"] {
        std::fs::create_dir_all(root.path().join(folder)).expect("a folder");
    }
    std::fs::write(root.path().join("dev/i2c-1"), "").expect("no device");
    let board = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";
    std::fs::write(root.path().join("etc/clusterhat/clusterhat.toml"), board).expect("a file");
    let root = root.path().to_str().expect("a path");
    let mut command = world(json!({})).command(&["is-on", "p1", "--root", root]);
    let output = command.env_remove("CLUSTERHAT_SIM").output().expect("it runs");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

/// A program whose lines are read as they come, ended when it is dropped.
struct Lines {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Lines {
    fn of(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> Value {
        let line = self.lines.next().expect("it goes on").expect("a line");
        serde_json::from_str(&line).expect("a document")
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Seen: `status --watch | head` ended with an error.
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let world = world(json!({"p1": {"stays": "link"}}));
    for words in [&["status", "--watch"][..], &["events"]] {
        let mut child = world
            .command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        drop(child.stdout.take());
        let mut is_on = false;
        until("its end", || {
            is_on = !is_on;
            assert_eq!(world.run(&[if is_on { "on" } else { "off" }, "p1"]).status, 0);
            child.try_wait().expect("a child").is_some()
        });
        let output = child.wait_with_output().expect("it has ended");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !text.contains("Broken pipe"), "{output:?}");
    }
}

#[test]
fn a_watch_shows_what_others_switch_without_polling() {
    let world = world(json!({"p1": {"stays": "link"}}));
    let mut watch = Lines::of(world.command(&["--json", "status", "p1", "--watch"]));
    let state = |document: &Value| document["nodes"][0]["state"].clone();
    assert_eq!(state(&watch.next()), "off");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let document = watch.next();
    assert_eq!(state(&document), "link");
    assert_eq!(document["nodes"][0]["seen"], true);
    assert_eq!(world.run(&["off", "p1"]).status, 0);
    assert_eq!(state(&watch.next()), "off");
}

#[test]
fn a_wait_ends_when_another_process_switches_the_node() {
    let world = world(json!({}));
    let mut wait = world.command(&["--json", "wait", "p1", "--for", "enumerated"]);
    let wait = wait.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let output = wait.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["nodes"][0]["reached"], true, "{document}");
}

/// Seen: `no node is named "agent"`, and nothing of the equals sign.
#[test]
fn a_state_among_the_nodes_is_told_with_the_option_that_takes_it() {
    let world = World::builtin("v2.5");
    for (args, option) in [
        (&["on", "p1", "--wait", "agent"][..], "--wait=agent"),
        (&["cycle", "p1", "--wait", "agent"], "--wait=agent"),
        (&["wait", "p1", "agent"], "--for=agent"),
    ] {
        let output = world.run(args);
        let end = format!("did you mean {option}?\n");
        assert!(output.stderr.ends_with(&end), "{args:?}: {output:?}");
        assert_eq!(output.status, 2, "{output:?}");
    }
    let other = world.run(&["on", "p1", "--wait", "nobody"]);
    assert!(!other.stderr.contains("--wait="), "{other:?}");
}

/// Seen: two minutes of silence.
#[test]
fn a_wait_for_nodes_that_are_off_says_so_at_once() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let output = world.run(&["wait", "p1..p3", "--for", "agent", "--timeout", "0"]);
    let notice = "clusterhat: p2 p3 are off: `clusterhat on p2 p3`\n";
    assert!(output.stderr.contains(notice), "{output:?}");
    assert_eq!(output.status, 3, "{output:?}");
    // Seen: `clusterhat on p2`, which makes no node halt.
    let halts = world.run(&["wait", "p2", "--for", "halted", "--timeout", "0"]);
    assert_eq!((halts.status, halts.stderr.contains("clusterhat on")), (3, false), "{halts:?}");
    for args in [&["wait", "p2", "--for", "off"][..], &["wait", "p1", "--for", "agent"]] {
        let output = world.run(args);
        assert_eq!((output.status, output.stderr.contains(" off: ")), (0, false), "{output:?}");
    }
    let json = world.run(&["wait", "p2", "--timeout", "0", "--json"]);
    assert_eq!((json.status, &*json.stderr), (3, ""), "{json:?}");
}

/// Seen: whoever named a socket at which nobody listens was shown less, and not told so.
#[test]
fn a_socket_that_was_named_is_told_where_nobody_listens() {
    let world = world(json!({}));
    let socket = world.path().with_file_name("nobody.sock");
    let mut command = world.command(&["events"]);
    let mut events = command
        .env("CLUSTERHAT_SOCKET", &socket)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(events.stderr.take().expect("a pipe")).lines();
    let told = lines.map(|line| line.expect("a line")).find(|line| line.contains("nobody.sock"));
    events.kill().expect("it runs");
    events.wait().expect("it has ended");
    let expected = format!(
        "clusterhat: cannot reach clusterhatd at {}: No such file or directory (os error 2): only changes of nodes' states are shown",
        socket.display()
    );
    assert_eq!(told, Some(expected));
}

/// Seen: nodes were switched, and what cannot come was waited for.
#[test]
fn a_state_that_no_start_leads_to_is_refused_before_anything_is_switched() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p2"]).status, 0);
    let before = world.read();
    for goal in ["off", "absent", "halted", "failed"] {
        for (command, node) in [("on", "p1"), ("cycle", "p2")] {
            let output = world.run(&[command, node, &format!("--wait={goal}")]);
            assert_eq!(output.status, 2, "{output:?}");
            let known = "powered, boot-rom, enumerated, link, reachable, agent]";
            assert!(output.stderr.contains(known), "{output:?}");
        }
    }
    assert_eq!(world.read(), before);
}
