//! Every `error.kind` of the JSON Schema: a call of the command that ends with it.
//!
//! A kind that is new has to be added here, with the call, or with the reason for which no call prints it.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;
use std::thread;

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::running::{Running, until};
use clusterhat_tests::schema::Schema;
use command::{Run as _, heeding_signals, make_hooks_folder};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Kinds of the library that the command never prints.
const NEVER_PRINTED: [(&str, &str); 5] = [
    ("renumbered", "it is of clusterhatd, whose clients have seen other numbers"),
    ("stopped", "its observer stops an operation for a signal only, and then says \"interrupted\""),
    (
        "events",
        "it is of the kernel's sockets and of inotify(7), which every process gets up to limits",
    ),
    ("internal", "it is of clusterhatd's tasks, one of which ended by a defect"),
    (
        "input",
        "it is of poll(2) and of a terminal's modes, which do not fail on what JSON is printed for",
    ),
];

type Call = fn() -> Output;

/// The kind, the exit status, and a call that ends so.
const CALLS: [(&str, i32, Call); 30] = [
    ("usage", 2, || run("v2.5", &["on", "--frobnicate"])),
    ("nodes", 2, || run("v2.5", &["on", "p9"])),
    ("configuration", 2, || with("v2.5", "clusterhat_toml", json!("delay = -1\n")).run(JSON_ON)),
    ("simulation", 2, || run("v2.5", &["--sim", "nosuch", "status"])),
    ("port", 1, || {
        with("v2.5", "clusterhat_toml", json!("first = 252\n"))
            .run(&["console", "p253", "--send", "x", "--json"])
    }),
    ("not-controller", 4, || with("v2.5", "config", json!("TYPE=node\n")).run(JSON_ON)),
    ("no-such-output", 1, || run("v3.1", &["led", "off"])),
    ("no-such-order", 2, || run("triple", &["board", "save", "99", "--yes"])),
    ("not-confirmed", 2, || run("triple", &["board", "reset", "20"])),
    ("interrupted", 143, interrupted),
    ("not-shut-down", 1, || run("v2.5", &["reboot", "p1"])),
    ("absent", 1, || with("da", "chips", da_without_a_hat()).run(&["on", "p5", "--json"])),
    ("no-path", 1, || run("v2.5", &["path", "p1"])),
    ("service", 1, refused),
    ("locked", 3, locked),
    ("left-out", 1, || {
        with("v2.5", "clusterhat_toml", json!("first = 252\n")).run(&[
            "inventory",
            "--format",
            "json",
        ])
    }),
    ("setup", 2, || below(|_| {}, &["setup"])),
    ("network", 1, || {
        below(
            |root| fs::create_dir(root.join("etc")).unwrap(),
            &["network", "setup", "--mode", "nat"],
        )
    }),
    ("problems-found", 1, || below(|root| fs::create_dir(root.join("etc")).unwrap(), &["doctor"])),
    ("note", 1, || {
        let world = World::builtin("v2.5");
        fs::write(world.lock("chaos"), "torn").unwrap();
        world.run(&["chaos", "--restore"])
    }),
    ("output", 1, || run("v2.5", &["console", "p1", "--send", "x", "--log", "/nonexistent/log"])),
    ("no-board", 4, || with("v2.5", "hat", json!({})).run(JSON_ON)),
    ("under-voltage", 1, || with("v2.5", "undervoltage_above", json!(0)).run(JSON_ON)),
    ("undone", 1, undone),
    ("vetoed", 1, || below(refuse_everything, &["on", "p1"])),
    ("desired", 1, || with_desired("{}")),
    ("boot-loop", 1, || {
        with_desired(
            r#"{"version":1,"boards":[{"place":"i2c-1:0x20","nodes":{"1":{"due":true}}}],"start":{"cut_short":2}}"#,
        )
    }),
    ("timed-out", 3, || run("v2.5", &["console", "p1", "--send", "x", "--timeout", "0.01"])),
    ("cycle-incomplete", 1, cycle_incomplete),
    ("board", 1, || {
        with("v2.5", "faults", json!([{"transfer": 1, "kind": "nak", "lasting": true}]))
            .run(JSON_ON)
    }),
];

const JSON_ON: &[&str] = &["on", "p1", "--json"];

/// Longer than any test runs.
const PAUSE: &str = "300";

fn run(name: &str, args: &[&str]) -> Output {
    World::builtin(name).run(&[args, &["--json"]].concat())
}

fn with(name: &str, key: &str, value: Value) -> World {
    let mut world = World::builtin_value(name);
    world[key] = value;
    World::new(&world)
}

/// Below a root that holds no more than this.
fn below(make: fn(&Path), args: &[&str]) -> Output {
    let root = tempfile::tempdir().unwrap();
    make(root.path());
    let root = root.path().to_str().unwrap();
    World::builtin("v2.5").run(&[args, &["--root", root, "--json"]].concat())
}

fn refuse_everything(root: &Path) {
    let hooks = make_hooks_folder(root);
    let hook = hooks.join("no");
    fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
}

fn with_desired(text: &str) -> Output {
    let world = with("v2.5", "clusterhat_toml", json!("at-boot = \"on\"\n"));
    fs::write(world.folder().join(".world.json.desired"), text).unwrap();
    world.run(&["restore", "--json"])
}

fn da_without_a_hat() -> Value {
    let mut chips = World::builtin_value("da")["chips"].clone();
    chips["11"]["p"][4] = json!(255);
    chips
}

fn is_on(world: &World) -> bool {
    let registers = &world.read()["chips"]["1"]["r"];
    registers[3] == 0 && registers[1].as_u64().unwrap() & 1 == 1
}

/// An `on` that waits between p1 and p2, as `meanwhile` finds and ends it.
fn between(pause: &str, meanwhile: impl FnOnce(&World, &mut Running)) -> Output {
    let world = World::builtin("v2.5");
    let mut command = world.command(&["on", "p1", "p2", "--delay", pause, "--json"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    let mut command = heeding_signals(&command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut on = Running::spawn(&mut command);
    until("p1's power", || is_on(&world));
    meanwhile(&world, &mut on);
    on.finish()
}

fn interrupted() -> Output {
    between(PAUSE, |_, on| {
        kill_process(Pid::from_raw(on.id() as i32).unwrap(), Signal::TERM).unwrap();
    })
}

fn undone() -> Output {
    between("1", |world, _| assert_eq!(world.run(&["off", "p1"]).status, 0))
}

/// By a service that answers everything in this way.
fn refused() -> Output {
    let world = World::builtin("v2.5");
    let socket = world.folder().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let service = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.0 429 Too Many Requests\r\n\r\n").unwrap();
    });
    let mut command = world.command(&["events", "--json"]);
    let output = Output::of(command.env("CLUSTERHAT_SOCKET", socket));
    service.join().unwrap();
    output
}

fn locked() -> Output {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let lock = File::open(world.lock("i2c-1")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    world.run(&["off", "p1", "--lock-limit", "0", "--json"])
}

/// At one of its transfers the bus goes for good after the node's power did.
fn cycle_incomplete() -> Output {
    let outputs = (1..40).map(|transfer| {
        let world = World::builtin("v2.5");
        assert_eq!(world.run(&["on", "p1"]).status, 0);
        let mut faulty = world.read();
        faulty["faults"] = json!([{"transfer": transfer, "kind": "nak", "lasting": true}]);
        world.write(&faulty);
        world.run(&["cycle", "p1", "--json"])
    });
    let is_it = |output: &Output| output.json()["error"]["kind"] == "cycle-incomplete";
    outputs.into_iter().find(is_it).expect("a transfer after which the node stays off")
}

#[test]
fn each_kind_is_printed() {
    let wrong = CALLS.iter().filter_map(|(kind, status, call)| {
        let output = call();
        Schema::of_clusterhat().assert_valid(&output.stdout);
        let is_so = output.status == *status && output.json()["error"]["kind"] == *kind;
        (!is_so).then(|| format!("{kind}: {output:?}"))
    });
    let wrong: Vec<_> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_kind_is_missing() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster/schema/document.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let kinds = schema["$defs"]["ErrorKind"]["oneOf"].as_array().unwrap();
    let kinds: BTreeSet<_> = kinds.iter().map(|kind| kind["const"].as_str().unwrap()).collect();
    let printed = CALLS.iter().map(|(kind, ..)| *kind);
    let known: BTreeSet<_> = printed.chain(NEVER_PRINTED.map(|(kind, _)| kind)).collect();
    assert_eq!(known, kinds);
}
