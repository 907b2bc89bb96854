//! The drop-in under the vendor's name, `clusterctrl`: output, exit status and hardware after each call.
//!
//! `transcripts/` holds recordings of the vendor's tool on boards as the worlds there describe them, a
//! call a line. Where there is no recording, what is expected restates the tool's surface: the lines of
//! its `status` and the messages that scripts look for.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod boards;
#[path = "../command/mod.rs"]
mod command;
mod hats;
mod outside;
mod recordings;
mod words;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use clusterhat_tests::command::{Output, World};
use command::clusterhat;
use serde_json::{Map, Value, json};

/// The command under the vendor's name, in a world.
struct Tool {
    world: World,
}

impl Tool {
    fn new(world: &Value) -> Self {
        let world = World::new(world);
        symlink(clusterhat(), link(&world)).unwrap();
        Self { world }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.program(&link(&self.world));
        command.env("CLUSTERHAT_SIM", self.world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
        command.args(words);
        command
    }

    /// All text goes to standard output.
    fn run(&self, words: &[&str]) -> (String, i32) {
        let output = Output::of(&mut self.command(words));
        assert_eq!(output.stderr, "", "{words:?}: {output:?}");
        (output.stdout, output.status)
    }

    #[track_caller]
    fn says(&self, words: &[&str], stdout: &str, status: i32) {
        assert_eq!(self.run(words), (stdout.to_owned(), status), "{words:?}");
    }

    /// Done without a word.
    #[track_caller]
    fn does(&self, words: &[&str]) {
        self.says(words, "", 0);
    }

    fn latch(&self) -> u64 {
        self.world.read()["chips"]["1"]["r"][1].as_u64().unwrap()
    }

    fn board(&self, bus: &str) -> Value {
        self.world.read()["chips"][bus].clone()
    }
}

fn link(world: &World) -> PathBuf {
    world.folder().join("clusterctrl")
}

/// The lines of `status` up to the HAT's own.
fn head(hat: &str, ctrls: &str, nodes: usize) -> String {
    format!(
        "clusterhat:{hat}\nclusterctrl:{ctrls}\nmaxpi:{nodes}\npirevision:Unknown\nthrottled:NA\n"
    )
}

/// The HAT's lines, with what its EEPROM says, before those of its outputs.
fn hat(major: u8, minor: u8) -> String {
    format!(
        "hat_version:{major}.{minor}\nhat_version_major:{major}\nhat_version_minor:{minor}\nhat_size:4\n\
         hat_uuid:00000000-0000-0000-0000-000000000001\nhat_vendor:8086 Consultancy\n\
         hat_product_id:0x0004\nis_pi5:False\n"
    )
}

/// Lines `p1:` ... from a number on.
fn nodes(first: usize, on: &[u8]) -> String {
    let lines = on.iter().enumerate().map(|(index, on)| format!("p{}:{on}\n", first + index));
    lines.collect()
}

fn v2_5() -> Value {
    World::builtin_value("v2.5")
}

fn configured(config: &str) -> Value {
    let mut world = v2_5();
    world["config"] = json!(config);
    world
}

const ALL_ON: [u8; 4] = [1; 4];
const ALL_OFF: [u8; 4] = [0; 4];

/// Outputs, chip and nodes of a HAT with an XRA1200P.
fn outputs(major: u8, hub: u8, led: u8, on: &[u8]) -> String {
    let led = if major == 2 { format!("hat_led:{led}\n") } else { String::new() };
    format!("hat_alert:0\nhat_hub:{hub}\nhat_wp:1\n{led}hat_wplink:0\nhat_xra1200p:True\n")
        + &nodes(1, on)
}

/// Boards of one ability, whatever real ones of their kind have: one ADC, a fan, an ACT LED.
fn mixed() -> Value {
    let mut world = World::builtin_value("mixed");
    for bus in ["11", "12"] {
        let board = &mut world["chips"][bus];
        (board["adc"], board["temp"]) = (json!([[1, 778]]), Value::Null);
        (board["act"], board["fan"]) = (json!(1), json!(0));
        (board["u"], board["eeprom"]["u"]) = (Value::Null, Value::Null);
    }
    world
}
