//! A world's file as several users and runtime folders share it, and as one who may only read it sees it.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clusterhat_tests::command::{Output, World, clusterhat};
use hat_driver::linux::lock::FileLock;
use serde_json::json;

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
    assert_eq!(world.locks().len(), 3, "{:?}", world.locks());
    for lock in world.locks() {
        assert_eq!(mode(&lock), 0o664, "{lock:?}");
    }
}

/// A user who may write neither the file nor its folder: another one where the test runs as root.
fn reader(world: &World, args: &[&str]) -> Output {
    let mut command = world.command(args);
    if fs::metadata(world.folder()).unwrap().uid() == 0 {
        let program = world.folder().join("clusterhat");
        fs::copy(clusterhat(), &program).unwrap();
        command = Command::new(program);
        command.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1").args(args);
        command.uid(NOBODY).gid(NOBODY);
    }
    let runtime = world.folder().join("reader");
    fs::create_dir_all(&runtime).unwrap();
    chmod(&runtime, 0o777);
    chmod(world.folder(), 0o555);
    let output = Output::of(command.env("XDG_RUNTIME_DIR", runtime));
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
