//! `shutdown`, `reboot` and `off` on nodes that run: by their simulated serial ports, and by an ssh that starts the
//! real agent on a node of files.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod concurrent;
mod with_controller;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use clusterhat_tests::command::{Output, World, clusterhat_node};
use clusterhat_tests::process;
use clusterhat_tests::running::until;
use clusterhat_tests::schema::Schema;
use rustix::process::Signal;
use serde_json::{Value, json};

use command::{Run as _, clusterhat};

/// Nothing here takes that long, unless it hangs.
const LONG: Duration = Duration::from_secs(120);

/// A world with p1 and p2 on, as far as they get.
fn world(change: impl FnOnce(&mut Value)) -> World {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({ "p1": { "boots_in": 0 }, "p2": { "boots_in": 0 } });
    change(&mut value);
    let world = World::new(&value);
    let on = world.run(&["on", "p1", "p2"]);
    assert_eq!(on.status, 0, "{on:?}");
    world
}

/// Whether p1 has power.
fn is_on(world: &World) -> bool {
    let status = world.run(&["status", "p1", "--json"]).json();
    status["nodes"][0]["commanded"] == true
}

fn json(world: &World, args: &[&str]) -> (i32, Value) {
    let output = world.run(&[&["--json"], args].concat());
    (output.status, output.json())
}

/// Programs that stand for those of the system, and a node of files for the agent that ssh starts.
struct Programs {
    folder: tempfile::TempDir,
}

impl Programs {
    /// `node` is the ID that the node gives itself.
    fn new(node: u8) -> Self {
        let programs = Self { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["bin", "node/bin", "node/etc/clusterhat"] {
            fs::create_dir_all(programs.path(folder)).expect("a folder");
        }
        fs::write(programs.path("node/etc/clusterhat/node.toml"), format!("id = {node}\n"))
            .expect("a file");
        let calls = programs.path("calls");
        programs.script("node/bin/systemctl", &format!("echo \"$*\" >>{}", calls.display()));
        let agent = format!(
            "echo \"ssh $*\" >>{}; echo $$ >>{}\nPATH={}:$PATH exec {} agent --stdio --root {}",
            calls.display(),
            programs.path("sessions").display(),
            programs.path("node/bin").display(),
            clusterhat_node().display(),
            programs.path("node").display()
        );
        programs.script("bin/ssh", &agent);
        programs
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn script(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.path("calls")).unwrap_or_default()
    }

    /// Waits until one of them was called so.
    fn wait_for(&self, call: &str) {
        let start = Instant::now();
        while !self.calls().contains(call) {
            assert!(start.elapsed() < LONG, "{call:?} is not in {:?}", self.calls());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The node ends the sessions of ssh, as systemd does; until the command knows of it, since its child is gone then.
    fn end_sessions(&self) {
        let sessions = fs::read_to_string(self.path("sessions")).unwrap_or_default();
        for session in sessions.lines() {
            let _ = process::signal(session.parse().unwrap(), Signal::KILL);
            let process = Path::new("/proc").join(session);
            until("the end of a session", || !process.exists());
        }
    }

    fn command(&self, world: &World, args: &[&str]) -> Command {
        let mut command = world.command(args);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        command
    }
}

/// Waits until a `shutdown` has recorded that its node's system accepts.
fn await_accepted(world: &World) {
    until("the record of it", || {
        let record = fs::read_to_string(world.lock("record")).unwrap_or_default();
        let mut asked = record.lines().filter(|line| line.starts_with("asked "));
        asked.any(|line| line.split(' ').skip(2).any(|node| node.ends_with('d')))
    });
}

/// A node without an agent on its port, which may be logged in to.
fn without_agent(value: &mut Value) {
    value["nodes"]["p1"]["stays"] = json!("reachable");
    value["clusterhat_toml"] = json!("[nodes.p1]\nssh = \"pi@first\"\n");
}

/// What a system that goes down does to a simulated node, a second later: it takes longer than its agent's answer.
fn halts(world: &World) {
    let uptime = fs::read_to_string("/proc/uptime").expect("a Linux kernel");
    let uptime: f64 = uptime.split(' ').next().and_then(|s| s.parse().ok()).expect("seconds");
    let mut value = world.read();
    let nodes = value["lives"]["nodes"].as_object_mut().expect("nodes");
    let (_, life) = nodes.iter_mut().next().expect("a node");
    life["down"] = json!(((uptime + 1.0) * 1e9) as u64);
    let new = world.folder().join("new.json");
    fs::write(&new, format!("{value}\n")).expect("a file");
    fs::rename(new, world.path()).expect("the world");
}

#[test]
fn a_node_is_shut_down_and_then_loses_its_power() {
    let world = world(|_| {});
    let (status, document) = json(&world, &["shutdown", "p1", "p3"]);
    assert_eq!(status, 0, "{document}");
    let node = &document["nodes"][0];
    assert_eq!((&node["result"], &node["transport"]), (&json!("shut-down"), &json!("serial")));
    assert_eq!(document["nodes"][1]["result"], "already-off");
    assert!(!is_on(&world));
    let p2 = world.run(&["status", "p2", "--json"]).json();
    assert_eq!(p2["nodes"][0]["commanded"], true, "nobody asked for p2");
}

#[test]
fn nodes_are_shut_down_at_the_same_time() {
    let world = world(|_| {});
    let start = Instant::now();
    let output = world.run(&["shutdown", "all"]);
    assert_eq!(output.status, 0, "{output:?}");
    let lines: Vec<_> = output.stdout.lines().filter(|line| line.ends_with("shut down")).collect();
    assert_eq!(lines.len(), 2, "{output:?}");
    // One after the other they would take twice the time that a card has to finish.
    assert!(start.elapsed() < 2 * clusterhat::SETTLE, "{:?}", start.elapsed());
}

#[test]
fn a_restart_keeps_the_power() {
    let world = world(|_| {});
    let (status, document) = json(&world, &["reboot", "p1", "p3"]);
    assert_eq!(status, 1, "{document}");
    assert_eq!(document["rebooting"][0]["transport"], "serial");
    assert_eq!(document["rebooting"][1]["error"], "it is off", "{document}");
    assert_eq!(document["error"]["kind"], "not-shut-down");
    assert!(is_on(&world));
}

/// Nor is its agent asked, or its program missed.
#[test]
fn a_restart_of_nodes_that_are_off_names_the_command_that_starts_them() {
    let (world, programs) = (world(|_| {}), Programs::new(3));
    for (nodes, sentence) in [
        (&["p3"][..], "not restarted, because they are off: p3; `clusterhat on p3` starts it"),
        (
            &["p1", "p3", "p4"],
            "not restarted, because they are off: p3 p4; `clusterhat on p3 p4` starts them",
        ),
    ] {
        let args = [&["reboot"][..], nodes].concat();
        let output = Output::of(&mut programs.command(&world, &args));
        assert_eq!((output.status, &*output.stderr), (1, &*format!("clusterhat: {sentence}\n")));
    }
    let off = Output::of(&mut programs.command(&world, &["shutdown", "p3"]));
    assert_eq!((off.status, &*off.stderr), (0, ""), "{off:?}");
    assert!(off.stdout.contains("no change"), "{off:?}");
    assert_eq!(programs.calls(), "");
}

#[test]
fn a_node_that_hangs_keeps_its_power_unless_forced() {
    let hang = |value: &mut Value| value["nodes"]["p1"]["hangs"] = json!(true);
    let world = world(hang);
    let (status, document) = json(&world, &["shutdown", "p1", "--timeout", "500ms"]);
    assert_eq!((status, &document["error"]["kind"]), (3, &json!("timed-out")), "{document}");
    assert_eq!(document["nodes"][0]["result"], "still-on");
    assert!(is_on(&world));
    // Nor is it meant to be off after a loss of power.
    let (_, document) = json(&world, &["restore", "--dry-run"]);
    assert_eq!(document["nodes"][0]["last"], "on", "{document}");
    let (status, document) = json(&world, &["shutdown", "p1", "--timeout", "500ms", "--force"]);
    assert_eq!((status, &document["nodes"][0]["result"]), (0, &json!("forced")), "{document}");
    assert!(!is_on(&world));
}

/// Seen: 1, where `shutdown` has 3.
#[test]
fn a_restart_of_a_node_that_hangs_times_out() {
    let world = world(|value| value["nodes"]["p1"]["hangs"] = json!(true));
    let (status, document) = json(&world, &["reboot", "p1", "--timeout", "500ms"]);
    assert_eq!((status, &document["error"]["kind"]), (3, &json!("timed-out")), "{document}");
    assert!(is_on(&world));
}

#[test]
fn without_its_agent_a_node_is_shut_down_by_ssh() {
    let (world, programs) = (world(without_agent), Programs::new(1));
    let mut command = programs.command(&world, &["--json", "shutdown", "p1"]);
    let output = thread::scope(|scope| {
        let output = scope.spawn(move || Output::of(&mut command));
        programs.wait_for("poweroff");
        await_accepted(&world);
        programs.end_sessions();
        halts(&world);
        output.join().expect("it ends")
    });
    Schema::of_clusterhat().assert_valid(&output.stdout);
    let node = &output.json()["nodes"][0];
    assert_eq!((&node["result"], &node["transport"]), (&json!("shut-down"), &json!("ssh")));
    assert!(!is_on(&world));
    let calls = programs.calls();
    let first = calls.lines().next().unwrap_or_default();
    assert!(first.starts_with("ssh -T -o BatchMode=yes -o ConnectTimeout="), "{calls}");
    assert!(first.ends_with(" -- pi@first clusterhat-node agent --stdio"), "{calls}");
}

#[test]
fn a_node_that_accepts_and_does_not_halt_keeps_its_power() {
    let (world, programs) = (world(without_agent), Programs::new(1));
    let args = ["--json", "shutdown", "p1", "--timeout", "5"];
    let output = Output::of(&mut programs.command(&world, &args));
    let document = output.json();
    assert_eq!((output.status, &document["error"]["kind"]), (3, &json!("timed-out")));
    assert!(output.stdout.contains("not halted after 5 s"), "{output:?}");
    assert!(programs.calls().contains("poweroff") && is_on(&world));
}

#[test]
fn where_neither_way_leads_to_it_both_are_told_and_the_power_stays() {
    let (world, programs) = (world(without_agent), Programs::new(1));
    programs.script(
        "bin/ssh",
        "echo 'Welcome' >&2; echo 'ssh: connect to host first port 22: \u{1b}[1mrefused' >&2; exit 255",
    );
    let output = Output::of(&mut programs.command(&world, &["shutdown", "p1"]));
    assert_eq!(output.status, 3, "the port is there, and silent: {output:?}");
    for part in [
        "no agent on p1: serial port: no answer",
        "ssh pi@first: ssh: connect to host first port 22: \\u{1b}[1mrefused",
        "; cut its power with `clusterhat off --immediate p1`, or use --force",
    ] {
        assert!(output.stderr.contains(part), "{output:?}");
    }
    assert!(is_on(&world));
    let forced = Output::of(
        &mut programs.command(&world, &["shutdown", "p1", "--force", "--timeout", "500ms"]),
    );
    assert_eq!(forced.status, 0, "{forced:?}");
    assert!(forced.stdout.contains("cut without having halted") && !is_on(&world), "{forced:?}");
}

/// Seen: `off --immediate` without nodes, which cuts the power of all.
#[test]
fn the_advice_names_the_nodes_that_keep_their_power_and_no_others() {
    let world = world(|value| value["nodes"]["p1"]["hangs"] = json!(true));
    for args in [&["shutdown", "p1"][..], &["off", "--graceful", "p1"]] {
        let output = world.run(&[args, &["--timeout", "500ms"]].concat());
        assert_eq!(output.status, 3, "{output:?}");
        let advice = output.stderr.split('`').nth(1).expect("a command");
        assert_eq!(advice, "clusterhat off --immediate p1", "{output:?}");
    }
    let words = ["shutdown", "p1", "p2", "--timeout", "0"];
    let output = world.run(&words);
    let both = "cut their power with `clusterhat off --immediate p1 p2`";
    assert!(output.stderr.contains(both), "{output:?}");
}

/// Seen: a line of 900 characters, with the same advice for each node, and that of an agent that is not there for one that hangs.
#[test]
fn what_several_nodes_have_to_say_is_a_line_each_and_what_helps_is_told_once() {
    let world = world(|value| {
        value["nodes"]["p1"]["hangs"] = json!(true);
        value["nodes"]["p2"]["hangs"] = json!(true);
    });
    let output = world.run(&["reboot", "p1", "p2", "--timeout", "500ms"]);
    let why = |node| {
        format!(
            "  {node}: no agent on {node}: serial port: no answer; ssh {node}: a simulated node has no network\n"
        )
    };
    let text = format!(
        "clusterhat: did not restart, and keep their power:\n{}{}  look at its console: its system hangs, or its agent \
         does not run\n",
        why("p1"),
        why("p2")
    );
    assert_eq!((output.status, output.stderr), (3, text));
}

#[test]
fn a_name_that_leads_to_another_machine_shuts_nothing_down() {
    let (world, programs) = (world(without_agent), Programs::new(2));
    let output = Output::of(&mut programs.command(&world, &["shutdown", "p1"]));
    assert!(output.stderr.contains("it reaches p2, not p1"), "{output:?}");
    assert!(!programs.calls().contains("poweroff") && is_on(&world), "{}", programs.calls());
}

/// On a terminal where somebody types this.
fn on_terminal(world: &World, args: &str, typed: &str) -> Output {
    let mut shell = world.program(Path::new("sh"));
    let pipe = format!("printf '{typed}' | script -qec \"$PROGRAM {args}\" /dev/null");
    shell.args(["-c", &pipe]).env("PROGRAM", clusterhat()).env("TERM", "dumb");
    shell.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
    Output::of(&mut shell)
}

#[test]
fn off_asks_on_a_terminal_where_a_node_is_running() {
    let world = world(|_| {});
    let no = on_terminal(&world, "off p1 p2 p3", "n\\n");
    let question = "p[1-2] are running, and may lose data; `clusterhat shutdown p[1-2]` shuts down first. Continue? [y/N]";
    assert!(no.stdout.contains(question), "{no:?}");
    assert!(no.stdout.contains("not confirmed; nothing was done") && is_on(&world), "{no:?}");
    let noise = on_terminal(&world, "off p1", "\\377\\n");
    assert!(noise.stdout.contains("nothing was done") && is_on(&world), "{noise:?}");
    assert_eq!((noise.status, no.status), (1, 1), "{noise:?}");
    for elsewhere in ["2>/dev/null", ">/dev/null"] {
        let no = on_terminal(&world, &format!("off p1 p2 p3 {elsewhere}"), "n\\n");
        assert!(no.stdout.contains(question) && is_on(&world), "{elsewhere}: {no:?}");
    }
    let yes = on_terminal(&world, "off p1", "y\\n");
    assert!(yes.stdout.contains("p1 is running") && !is_on(&world), "{yes:?}");
    let none = on_terminal(&world, "off p1 p3", "");
    assert!(!none.stdout.contains("running"), "nothing to lose: {none:?}");
    // Seen: nothing was asked of nodes whose hub was off.
    assert_eq!(world.run(&["hub", "off"]).status, 0);
    let hidden = on_terminal(&world, "off p2", "n\\n");
    let question = "p2 may be running, as a USB hub that is off hides that, and may lose data; after `clusterhat hub on`, \
                    `clusterhat shutdown p2` shuts down first. Continue? [y/N]";
    assert!(hidden.stdout.contains(question), "{hidden:?}");
    let is_p2_on = |world: &World| world.run(&["is-on", "p2"]).status == 0;
    assert!(hidden.status == 1 && is_p2_on(&world), "{hidden:?}");
    assert_eq!(world.run(&["hub", "on"]).status, 0);
    let sure = on_terminal(&world, "off p2 --yes", "");
    assert!(!sure.stdout.contains("running") && sure.stdout.contains("off"), "{sure:?}");
}

/// Seen: they lost their power without a word before, even with --graceful.
#[test]
fn off_of_all_asks_on_a_terminal_where_places_beyond_the_configured_size_have_power() {
    let world = world(|value| {
        value["config"] = json!("TYPE=c\nCLUSTERHAT_SIZE=2\n");
        value["chips"]["1"]["r"] = json!([0x9c, 0x9c, 0, 0, 0x7f]);
    });
    let latch = || world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0xf;
    let beyond = "what has power at hat1:P3 hat1:P4, beyond the configured size, cannot be asked to shut down, and may lose data. \
                  Continue? [y/N]";
    for args in ["off --graceful", "off"] {
        let no = on_terminal(&world, args, "n\\n");
        assert!(no.status == 1 && no.stdout.contains(beyond), "{args}: {no:?}");
        assert_eq!(no.stdout.contains("p[1-2] are running"), args == "off", "{no:?}");
        assert_eq!(latch(), 0xf, "{args}");
    }
    // These leave them alone.
    let named = on_terminal(&world, "off --graceful p1", "");
    assert!(!named.stdout.contains("beyond") && latch() == 0xe, "{named:?}");
    let yes = on_terminal(&world, "off --graceful", "y\\n");
    assert!(yes.status == 0 && latch() == 0, "{yes:?}");
    let none = on_terminal(&world, "off", "");
    assert!(none.status == 0 && !none.stdout.contains("Continue"), "{none:?}");
}

#[test]
fn off_is_a_cut_for_a_script_unless_it_is_graceful() {
    let world = world(|_| {});
    let graceful = world.run(&["off", "p2", "--graceful"]);
    assert!(graceful.stdout.contains("shut down"), "{graceful:?}");
    let cut = world.run(&["off", "p1"]);
    assert_eq!((cut.status, cut.stdout.contains("shut down")), (0, false), "{cut:?}");
    assert!(!is_on(&world));
    let limit = world.run(&["off", "p1", "--timeout", "5"]);
    assert_eq!(limit.status, 2);
    assert!(limit.stderr.contains("add --graceful"), "{limit:?}");
}

#[test]
fn the_configuration_makes_off_graceful() {
    let world = world(|value| value["clusterhat_toml"] = json!("graceful-off = true\n"));
    let graceful = world.run(&["off", "p1"]);
    assert!(graceful.stdout.contains("shut down") && !is_on(&world), "{graceful:?}");
    let cut = world.run(&["off", "p2", "--immediate"]);
    assert!(!cut.stdout.contains("shut down"), "{cut:?}");
}

/// Seen: places beyond the configured size kept their power, with exit status 0. No node there can be asked.
#[test]
fn a_graceful_off_of_all_takes_the_places_beyond_the_configured_size() {
    let world = world(|value| {
        value["config"] = json!("TYPE=c\nCLUSTERHAT_SIZE=2\n");
        value["chips"]["1"]["r"] = json!([0x9c, 0x9c, 0, 0, 0x7f]);
    });
    let latch = || world.read()["chips"]["1"]["r"][1].as_u64().unwrap() & 0xf;
    assert_eq!(latch(), 0xf);
    let plan = world.run(&["off", "--graceful", "--dry-run"]);
    let text = "would shut down p1 p2; each goes off once it has halted\nwould switch off hat1:P3 hat1:P4\n";
    assert_eq!((plan.status, &*plan.stdout), (0, text), "{plan:?}");
    // These name nodes, or cut nothing that cannot be asked.
    assert_eq!(world.run(&["off", "p1", "p2", "--graceful"]).status, 0);
    assert_eq!(world.run(&["shutdown", "all"]).status, 0);
    assert_eq!(latch(), 0xc);
    let (status, document) = json(&world, &["off", "--graceful"]);
    assert_eq!(status, 0, "{document}");
    assert_eq!(document["beyond_size"], json!([{ "board": "hat1", "places": ["P3", "P4"] }]));
    assert_eq!(latch(), 0);
}

/// A dry run that speaks of a cut would have somebody look for another command.
#[test]
fn a_dry_run_says_that_nodes_would_be_shut_down() {
    let world = world(|_| {});
    let plan = world.run(&["off", "--dry-run", "--graceful"]);
    let text = "would shut down p1 p2; each goes off once it has halted\n";
    assert_eq!((plan.status, &*plan.stdout), (0, text), "{plan:?}");
    let (_, document) = json(&world, &["off", "p1", "p3", "--dry-run", "--graceful"]);
    let step = json!({ "wait_s": 0.0, "action": "off", "nodes": ["p1"], "shut_down": true });
    assert_eq!(document["steps"], json!([step]), "{document}");
    let cut = world.run(&["off", "p1", "--dry-run"]);
    assert_eq!(cut.stdout, "would switch off p1\n");
    let none = world.run(&["off", "p3", "--dry-run", "--graceful"]);
    assert_eq!(none.stdout, "no change\n");
    assert!(is_on(&world));

    let mut value = world.read();
    value["clusterhat_toml"] = json!("graceful-off = true\n");
    world.write(&value);
    assert_eq!(world.run(&["off", "--dry-run"]).stdout, text);
    assert_eq!(world.run(&["off", "p1", "--dry-run", "--immediate"]).stdout, cut.stdout);
}

#[test]
fn cycle_asks_on_a_terminal_where_a_node_is_running() {
    let world = world(|_| {});
    let before = world.read()["lives"].clone();
    let no = on_terminal(&world, "cycle p1 p3", "n\\n");
    let question = "p1 is running, and may lose data; `clusterhat reboot p1` restarts without a power cut. Continue? [y/N]";
    assert!(no.stdout.contains(question), "{no:?}");
    assert!(no.stdout.contains("not confirmed; nothing was done"), "{no:?}");
    assert_eq!((no.status, world.read()["lives"].clone()), (1, before.clone()));
    let sure = on_terminal(&world, "cycle p1 --yes", "");
    assert!(!sure.stdout.contains("running") && sure.stdout.contains("power cycled"), "{sure:?}");
    assert_ne!(world.read()["lives"], before);
    let none = on_terminal(&world, "cycle p3", "");
    assert!(!none.stdout.contains("running"), "nothing to lose: {none:?}");
}
