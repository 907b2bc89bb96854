//! A world's file as several users and runtime folders share it, and as one who may only read it sees it;
//! and what keeps a simulation and a machine's own boards from being taken for each other.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::pages::file_page;
use command::{Run as _, clusterhat};
use hat_driver::linux::lock::FileLock;
use hat_driver::sim::{Behaviour, Simulation};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

/// Somebody without rights, where the test runs as root.
const NOBODY: u32 = 65534;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn elsewhere(world: &World, args: &[&str]) -> Command {
    let runtime = world.folder().join("elsewhere");
    fs::create_dir_all(&runtime).unwrap();
    let mut command = world.command(args);
    command.env("XDG_RUNTIME_DIR", runtime);
    command
}

#[test]
fn locks_hold_for_every_runtime_folder_and_through_links() {
    let world = World::builtin("mixed");
    assert_eq!(world.run(&["on", "p1", "p5"]).status, 0);
    let link = world.folder().join("link.json");
    symlink("world.json", &link).unwrap();
    let link = link.display().to_string();
    for (lock, args) in
        [("power-on", ["on", "p2"]), ("i2c-1", ["off", "p1"]), ("i2c-11", ["off", "p5"])]
    {
        let mut lock = FileLock::open(&world.lock(lock)).unwrap();
        lock.acquire(Duration::ZERO).unwrap();
        for more in [&["--lock-limit", "0.05"][..], &["--lock-limit", "0.05", "--sim", &link]] {
            let output = Output::of(&mut elsewhere(&world, &[&args, more].concat()));
            assert_eq!(output.status, 3, "{args:?} {more:?}: {output:?}");
        }
    }
    assert!(!world.runtime().join("clusterhat").exists(), "nothing of a file's lies elsewhere");
}

/// A second user of the world must be able to take its locks and to write it, whatever the umask of the
/// first one is.
#[test]
fn locks_and_new_versions_have_the_permissions_of_the_world() {
    let world = World::builtin("v2.5");
    chmod(&world.path(), 0o664);
    let mut shell = world.program(Path::new("sh"));
    shell.env("CLUSTERHAT_SIM", world.path()).env("PROGRAM", clusterhat());
    shell.args(["-c", "umask 077; exec \"$PROGRAM\" on p1"]);
    let output = Output::of(&mut shell);
    assert_eq!(output.status, 0, "{output:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.path()), 0o664);
    assert_eq!(world.locks().len(), 4, "{:?}", world.locks());
    for lock in world.locks() {
        assert_eq!(mode(&lock), 0o664, "{lock:?}");
    }
}

/// A user who may write neither the file nor its folder: another one where the test runs as root.
fn reader(world: &World, args: &[&str]) -> Output {
    let runtime = world.folder().join("reader");
    fs::create_dir_all(&runtime).unwrap();
    chmod(&runtime, 0o777);
    reader_with(world, args, &[("XDG_RUNTIME_DIR", runtime)])
}

fn reader_with(world: &World, args: &[&str], variables: &[(&str, PathBuf)]) -> Output {
    let mut command = world.command(args);
    if fs::metadata(world.folder()).unwrap().uid() == 0 {
        let program = world.folder().join("clusterhat");
        // A file that this process itself has written is busy while another test starts a program.
        let copied = Command::new("cp").arg(clusterhat()).arg(&program).status();
        assert!(copied.unwrap().success());
        command = Command::new(program);
        command.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1").args(args);
        command.uid(NOBODY).gid(NOBODY);
    }
    chmod(world.folder(), 0o555);
    let output = Output::of(command.envs(variables.iter().cloned()));
    chmod(world.folder(), 0o755);
    output
}

#[test]
fn a_world_that_may_only_be_read_can_be_read() {
    for mode in [0o444, 0o644] {
        let world = World::builtin("mixed");
        assert_eq!(world.run(&["on", "p1", "p5"]).status, 0);
        chmod(&world.path(), mode);
        let before = world.read();
        for args in [&["boards"][..], &["path", "p5"], &["on", "--dry-run"], &["maxpi"]] {
            let output = reader(&world, args);
            assert_eq!(output.status, 0, "{args:?}: {output:?}");
        }
        let status = reader(&world, &["status", "--json"]).json();
        let on = status["nodes"].as_array().unwrap().iter().filter(|node| node["seen"] == true);
        let on: Vec<_> = on.map(|node| &node["node"]).collect();
        assert_eq!(on, [&json!("p1"), &json!("p5")], "{status}");
        for args in [["on", "p2"], ["off", "p1"], ["off", "p5"], ["alert", "on"]] {
            let output = reader(&world, &args);
            assert_eq!(output.status, 1, "{args:?}: {output:?}");
            assert!(
                output.stderr.contains("may only be read, not changed"),
                "{args:?}: {output:?}"
            );
        }
        assert_eq!(world.read(), before);
    }
}

/// Nobody is to be kept from anything.
#[test]
fn a_world_that_may_only_be_read_needs_no_runtime_folder() {
    let world = World::builtin("v2.5");
    chmod(&world.path(), 0o444);
    let temporary = tempfile::tempdir().unwrap();
    chmod(temporary.path(), 0o777);
    let variables = [("XDG_RUNTIME_DIR", world.path()), ("TMPDIR", temporary.path().to_owned())];
    let output = reader_with(&world, &["maxpi"], &variables);
    assert_eq!((output.status, &*output.stdout), (0, "4\n"), "{output:?}");
}

/// Both streams as they are.
fn raw(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

#[test]
fn a_simulation_says_that_it_is_one_once() {
    let world = World::builtin("v2.5");
    let path = world.path().display().to_string();
    let note = format!("clusterhat: simulated boards ({path}): no hardware is switched\n");
    for (args, more) in [
        (&["on", "p1"][..], ""),
        (&["status"], ""),
        (&["boards"], ""),
        (&["on", "p1", "--dry-run"], ""),
        (&["act", "on"], "clusterhat: no board here can switch its ACT LED\n"),
        (
            &["setup"],
            "clusterhat: --sim simulates a board, not a system: pass --root DIR, with the system's root as DIR, such as --root / for this one (with --dry-run to preview)\n",
        ),
    ] {
        let (_, stderr) = raw(&mut world.command(args));
        assert_eq!(stderr, format!("{note}{more}"), "{args:?}");
        let (stdout, stderr) = raw(world.command(args).arg("--json"));
        assert_eq!(stderr, "", "{args:?}");
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["simulated"], path, "{args:?}: {stdout}");
    }
    // What is no command, or asks for no world, either says so as well or says nothing.
    for args in [&["frobnicate", "--json"][..], &["--json", "on", "--delay", "x"]] {
        let (stdout, _) = raw(&mut world.command(args));
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["simulated"], path, "{args:?}: {stdout}");
        let mut named = world.program(clusterhat());
        let (stdout, _) = raw(named.args(["--sim", "v2.5"]).args(args));
        assert!(stdout.contains(r#""simulated":"v2.5""#), "{args:?}: {stdout}");
    }
    for args in [["completions", "bash"], ["--version", "-V"], ["on", "--help"]] {
        assert_eq!(raw(&mut world.command(&args)).1, "", "{args:?}");
    }
}

/// The drop-in's output is the vendor's: only standard error may say more.
#[test]
fn the_drop_in_says_it_on_standard_error() {
    let world = World::builtin("v2.5");
    let link = world.folder().join("clusterctrl");
    symlink(clusterhat(), &link).unwrap();
    let mut command = world.program(&link);
    let (stdout, stderr) = raw(command.env("CLUSTERHAT_SIM", world.path()).arg("maxpi"));
    let note = "no hardware is switched\n";
    assert!(
        stderr.starts_with("clusterctrl: simulated boards (") && stderr.ends_with(note),
        "{stderr}"
    );
    assert_eq!(stdout, "4\n");
}

/// A machine without boards, told from a world by what is found there.
fn on_machine(world: &World, program: &Path, words: &[&str]) -> Command {
    let mut command = world.program(program);
    command.env("CLUSTERHAT_ROOT", world.runtime()).args(words);
    command
}

#[test]
fn what_names_no_world_never_means_the_machine() {
    let world = World::builtin("v2.5");
    let no_text = OsStr::from_bytes(b"v2.5\xff");
    for words in [&["status", "--sim", ""][..], &["--sim=", "status"]] {
        let output = Output::of(&mut on_machine(&world, clusterhat(), words));
        assert_eq!(output.status, 2, "{words:?}: {output:?}");
        assert!(output.stderr.contains("--sim <SIMULATION>"), "{words:?}: {output:?}");
    }
    let mut command = on_machine(&world, clusterhat(), &["status"]);
    let output = Output::of(command.env("CLUSTERHAT_SIM", no_text));
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.contains(r#"CLUSTERHAT_SIM="v2.5\xFF" is not UTF-8"#), "{output:?}");
    let mut command = on_machine(&world, clusterhat(), &["status", "--json"]);
    let document = Output::of(command.env("CLUSTERHAT_SIM", no_text)).json();
    assert_eq!(document["error"]["kind"], "simulation", "{document}");
    let link = world.folder().join("clusterctrl");
    symlink(clusterhat(), &link).unwrap();
    let mut command = on_machine(&world, &link, &["status"]);
    let output = Output::of(command.env("CLUSTERHAT_SIM", no_text));
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.starts_with("ERROR: ") && output.stdout.contains("UTF-8"), "{output:?}");
}

#[test]
fn an_empty_variable_is_none() {
    let world = World::builtin("v2.5");
    let machine = Output::of(&mut on_machine(&world, clusterhat(), &["status"]));
    assert_eq!(machine.status, 4, "{machine:?}");
    let mut command = on_machine(&world, clusterhat(), &["status"]);
    command.env("CLUSTERHAT_SIM", "").env("CLUSTERHAT_CONFIG", "");
    let (_, stderr) = raw(&mut command);
    assert_eq!(stderr, machine.stderr, "no simulation is announced");
    let output = Output::of(world.command(&["maxpi"]).env("CLUSTERHAT_ROOT", ""));
    assert_eq!((output.status, &*output.stdout), (0, "4\n"), "{output:?}");
}

/// The page's example has every key of a node, and none of them is misspelt.
#[test]
fn the_manual_page_explains_every_key() {
    let page = file_page("clusterhat-simulation.5");
    let simulation = Simulation::parse(&page.example).expect("a simulation");
    let object: Value = serde_json::from_str(&page.example).expect("JSON");
    let nodes = object["nodes"].as_object().expect("nodes");
    let keys = nodes.values().flat_map(|node| node.as_object().expect("an object").keys());
    let used: BTreeSet<_> = keys.map(String::as_str).collect();
    assert_eq!(used, BTreeSet::from(Behaviour::KEYS));
    let plain = Behaviour::default();
    assert!(simulation.behaviours.values().all(|behaviour| *behaviour != plain));
    for key in object.as_object().expect("an object").keys().map(String::as_str) {
        assert!(page.keys.iter().any(|known| known == key), "{key}");
    }
    for key in Behaviour::KEYS {
        assert!(page.keys.iter().any(|known| known == key), "{key}");
    }
    let world = World::new(&object);
    assert_eq!(world.run(&["on", "all"]).status, 0);
}

/// Seen: a pipe was waited for, and `/dev/zero` read until the memory was full.
#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let world = World::builtin("v2.5");
    let path = |name: &str| world.folder().join(name);
    mknodat(CWD, path("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    symlink("/dev/zero", path("zero")).unwrap();
    fs::File::create(path("long")).unwrap().set_len(3 << 30).unwrap();
    for (name, why) in [
        ("fifo", "it is not a regular file"),
        ("zero", "it is not a regular file"),
        ("long", "it is longer than 4 MiB"),
    ] {
        let mut command = world.command(&["status"]);
        let output = Output::of(command.env("CLUSTERHAT_SIM", path(name)));
        assert_eq!(output.status, 2, "{name}: {output:?}");
        assert!(output.stderr.contains(why), "{name}: {output:?}");
        if name == "fifo" {
            let named = path(name).display().to_string();
            let output = world.run(&["status", "--config", &named]);
            assert_eq!(output.status, 2, "{output:?}");
            assert!(output.stderr.contains("put a configuration file there"), "{output:?}");
        }
    }
}

/// Seen: "expected value at line 1 column 1", and "stream did not contain valid UTF-8".
#[test]
fn a_simulation_may_begin_with_a_byte_order_mark_and_is_utf_8() {
    let world = World::builtin("v2.5");
    let text = fs::read(world.path()).unwrap();
    fs::write(world.path(), [b"\xef\xbb\xbf", &text[..]].concat()).unwrap();
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    assert_eq!(world.run(&["is-on", "p1"]).status, 0);
    fs::write(world.path(), b"{\n\"config\": \"# caf\xe9\"}").unwrap();
    let output = world.run(&["status"]);
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.contains("line 2 is not UTF-8: save this file as UTF-8"), "{output:?}");
}

/// Seen: what was said to be removed was the simulation.
#[test]
fn a_lock_that_cannot_be_used_is_named() {
    let world = World::builtin("v2.5");
    let lock = world.lock("transfer");
    fs::create_dir(&lock).unwrap();
    let output = world.run(&["status"]);
    let told = format!(
        "{}: cannot use its lock {}: it is not a regular file: remove it",
        world.path().display(),
        lock.display()
    );
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.contains(&told), "{output:?}");
}

#[test]
fn a_trace_that_cannot_be_written_is_named_and_a_pipe_is_not_waited_for() {
    let world = World::builtin("v2.5");
    let fifo = world.folder().join("fifo");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    // Whoever reads it does not make it a file.
    let _reader = File::options().read(true).write(true).open(&fifo).unwrap();
    for (action, trace) in [("on", "/nowhere/trace"), ("off", &fifo.display().to_string())] {
        let mut value = world.read();
        value["trace"] = json!(trace);
        world.write(&value);
        let output = world.run(&[action, "p1"]);
        assert_eq!(output.status, 1, "{output:?}");
        let named = format!("the simulation's trace {trace}: ");
        assert!(output.stderr.contains(&named), "{output:?}");
    }
}

/// Seen: only the hooks of the root counted.
#[test]
fn a_root_that_is_named_has_the_configuration_of_a_simulation() {
    let mut value = World::builtin_value("v2.5");
    value["clusterhat_toml"] = json!("[nodes.p1]\nname = \"own\"\n");
    let world = World::new(&value);
    let root = world.folder().join("root");
    let named = root.display().to_string();
    let with_root = |words: &[&str]| world.run(&[&["--root", &named], words].concat());
    let missing = with_root(&["maxpi"]);
    assert_eq!(missing.status, 2, "{missing:?}");
    assert!(missing.stderr.contains("no such directory"), "{missing:?}");

    fs::create_dir_all(root.join("etc/clusterhat")).unwrap();
    assert_eq!(with_root(&["on", "own", "--dry-run"]).status, 0, "a root without a configuration");
    let toml = root.join("etc/clusterhat/clusterhat.toml");
    fs::write(toml, "[nodes.p1]\nname = \"of-root\"\n").unwrap();
    assert_eq!(with_root(&["on", "own", "--dry-run"]).status, 2);
    assert_eq!(with_root(&["on", "of-root", "--dry-run"]).status, 0);
    assert_eq!(world.run(&["on", "own", "--dry-run"]).status, 0);
    // Seen: the vendor's file of the root took the simulation's clusterhat.toml away.
    fs::remove_file(root.join("etc/clusterhat/clusterhat.toml")).unwrap();
    fs::create_dir_all(root.join("etc/default")).unwrap();
    fs::write(root.join("etc/default/clusterctrl"), "TYPE=c\nCLUSTERHAT_SIZE=2\n").unwrap();
    let output = with_root(&["on", "own", "p4", "--dry-run"]);
    assert_eq!(output.status, 0, "{output:?}");
    let mut bare = world.read();
    bare.as_object_mut().unwrap().remove("clusterhat_toml");
    let bare = World::new(&bare);
    let output = bare.run(&["--root", &named, "maxpi"]);
    assert_eq!((&*output.stdout, output.status), ("2\n", 0), "{output:?}");
    let other = world.folder().join("other.toml");
    fs::write(&other, "[nodes.p1]\nname = \"other\"\n").unwrap();
    let output = with_root(&["--config", &other.display().to_string(), "on", "other", "--dry-run"]);
    assert_eq!(output.status, 0, "{output:?}");
}

/// Seen: accepted without a word.
#[test]
fn a_described_node_that_is_not_there_is_told() {
    let mut value = World::builtin_value("v2.5");
    value["nodes"] = json!({ "p4": { "hangs": true }, "p99": { "hangs": true } });
    let output = World::new(&value).run(&["status"]);
    assert_eq!(output.status, 0, "{output:?}");
    let text = "warning: the simulation describes p99, but there is no such node here";
    assert!(output.stderr.contains(text), "{output:?}");
}
