//! Eight processes switch one board through the driver, each a signal of its own: no update is lost.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use clusterhat_tests::command::World;

/// In all, over eight processes, each with a runtime folder of its own.
const OPERATIONS: usize = 10_000;

const SIGNALS: [&str; 8] = ["P1", "P2", "P3", "P4", "LED", "HUB", "ALERT", "WP"];

#[test]
fn eight_processes_lose_no_update() {
    let world = World::builtin("v2.5");
    let count = (OPERATIONS / SIGNALS.len()).to_string();
    let start = Instant::now();
    let hammer = Path::new(env!("CARGO_BIN_EXE_hammer"));
    let spawn = |signal: &&str| {
        let mut command: Command = world.program(hammer);
        let runtime = world.folder().join(signal);
        std::fs::create_dir(&runtime).unwrap();
        command
            .env("XDG_RUNTIME_DIR", runtime)
            .arg(world.path())
            .args([*signal, &count])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let hammers: Vec<_> = SIGNALS.iter().map(spawn).collect();
    let mut on = 0_u8;
    for (bit, hammer) in hammers.into_iter().enumerate() {
        let output = hammer.wait_with_output().unwrap();
        assert!(output.status.success(), "{}: {}", SIGNALS[bit], output.status);
        on |= u8::from(output.stdout == b"on\n") << bit;
    }
    eprintln!("{OPERATIONS} operations in {:?}", start.elapsed());
    let latch = world.read()["chips"]["1"]["r"][1].as_u64().unwrap();
    // The hub is on where its pin is low.
    assert_eq!(latch as u8 ^ 0x20, on);
    assert!(world.held_locks().is_empty());
}
