//! The drop-in under the vendor's name, `clusterctrl`: output, exit status and hardware after each call.
//!
//! `transcripts/` holds recordings of the vendor's tool on boards as the worlds there describe them, a
//! call a line. Where there is no recording, what is expected restates the tool's surface: the lines of
//! its `status` and the messages that scripts look for.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use clusterhat_tests::command::{Output, World};
use command::clusterhat;
use serde_json::{Map, Value, json};

/// A step at which the vendor's tool is wrong, and what is right.
struct Difference {
    recording: &'static str,
    /// The step, from 0.
    step: usize,
    /// The number in the list of the tool's defects.
    defect: u8,
    reason: &'static str,
    /// What is to be printed instead.
    stdout: &'static str,
    status: i32,
}

/// None of the recorded steps shows a defect.
const DIFFERENCES: &[Difference] = &[];

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

/// What a recording holds after each step: latch and direction of expanders, settings of boards.
fn recorded_state(world: &Value) -> Map<String, Value> {
    let chips = world["chips"].as_object().unwrap().iter();
    let state = |chip: &Value| match chip["kind"].as_str() {
        Some("ctrl") => ["order", "p", "u", "alert", "led", "act", "fan", "saved"]
            .map(|key| (key.to_owned(), chip.get(key).cloned().unwrap_or_default()))
            .into_iter()
            .collect(),
        _ => json!({"latch": chip["r"][1], "dir": chip["r"][3]}),
    };
    chips.map(|(bus, chip)| (bus.clone(), state(chip))).collect()
}

fn recordings() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut recordings: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect();
    recordings.sort_by(|a: &(String, Value), b| a.0.cmp(&b.0));
    recordings
}

/// Differences of one step from its recording.
fn compare(name: &str, index: usize, step: &Value, tool: &Tool) -> Option<String> {
    let words: Vec<_> =
        step["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let difference = DIFFERENCES.iter().find(|d| (d.recording, d.step) == (name, index));
    let expected = match difference {
        Some(difference) => (difference.stdout.to_owned(), difference.status),
        None => (step["stdout"].as_str().unwrap().to_owned(), step["rc"].as_i64().unwrap() as i32),
    };
    let said = tool.run(&words);
    let world = tool.world.read();
    let state = Value::Object(recorded_state(&world));
    let lines = world.get("gpio").cloned().unwrap_or_else(|| json!({}));
    let recorded = step.get("gpio").cloned().unwrap_or_else(|| json!({}));
    if said == expected && state == step["after"] && lines == recorded {
        return None;
    }
    let why = difference.map_or(String::new(), |d| format!(" (defect {}: {})", d.defect, d.reason));
    Some(format!(
        "{name}, step {index}, {words:?}{why}:\n  said {said:?}\n  not  {expected:?}\n  state {state} \
         {lines}\n  not   {} {recorded}",
        step["after"]
    ))
}

#[test]
fn recordings_replay() {
    let (mut steps, mut wrong) = (0, Vec::new());
    for (name, recording) in recordings() {
        let tool = Tool::new(&recording["world"]);
        for (index, step) in recording["steps"].as_array().unwrap().iter().enumerate() {
            steps += 1;
            wrong.extend(compare(&name, index, step, &tool));
        }
    }
    assert!(wrong.is_empty(), "{} of {steps} steps\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(steps, 490, "recordings are missing");
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

#[test]
fn v1_0_switches_lines() {
    // The recording machine pulled no line up.
    let mut value = World::builtin_value("v1.0");
    value["gpio_pulled"] = json!({});
    let tool = Tool::new(&value);
    let status = |alert, on: &[u8]| {
        head("1", "False", 4) + &hat(1, 0) + &format!("hat_alert:{alert}\n") + &nodes(1, on)
    };
    tool.says(&["status"], &status(0, &ALL_OFF), 0);
    tool.does(&["on", "p2"]);
    assert_eq!(tool.world.read()["gpio"], json!({"13": 1}));
    tool.does(&["on"]);
    tool.does(&["alert", "on"]);
    tool.says(&["status"], &status(1, &ALL_ON), 0);
    for state in ["on", "off"] {
        tool.says(&["hub", state], "ERROR: hub control not supported on Cluster HAT v1.x\n\n", 0);
    }
    for words in [["hub", "reset"], ["led", "off"], ["wp", "off"]] {
        tool.does(&words);
    }
    tool.says(&["status"], &status(1, &ALL_ON), 0);
}

/// Outputs, chip and nodes of a HAT with an XRA1200P.
fn outputs(major: u8, hub: u8, led: u8, on: &[u8]) -> String {
    let led = if major == 2 { format!("hat_led:{led}\n") } else { String::new() };
    format!("hat_alert:0\nhat_hub:{hub}\nhat_wp:1\n{led}hat_wplink:0\nhat_xra1200p:True\n")
        + &nodes(1, on)
}

#[test]
fn the_hub_s_pin_is_the_other_way_round_on_v2_0() {
    // The level of pin 5 with the hub on. v3.0: as its initialisation has it (defect 4).
    for (major, minor, level) in [(2, 0, 1), (2, 1, 0), (2, 6, 0), (3, 0, 0), (3, 1, 0)] {
        let tool = Tool::new(&World::builtin_value(&format!("v{major}.{minor}")));
        let status = |hub, led, on: &[u8]| {
            head("1", "False", 4) + &hat(major, minor) + &outputs(major, hub, led, on)
        };
        tool.says(&["status"], &status(1, 1, &ALL_OFF), 0);
        // Write protection on, ALERT off, all nodes off.
        assert_eq!(tool.latch() & 0xef, 0x80 | level << 5, "v{major}.{minor}");
        tool.does(&["hub", "off"]);
        assert_eq!(tool.latch() & 0xef, 0x80 | (1 - level) << 5, "v{major}.{minor}");
        tool.does(&["on", "p1", "p4"]);
        tool.does(&["led", "off"]);
        tool.says(&["status"], &status(0, 0, &[1, 0, 0, 1]), 0);
        tool.does(&["hub", "reset"]);
        tool.says(&["status"], &status(1, 0, &[1, 0, 0, 1]), 0);
        tool.does(&["off"]);
        tool.says(&["status"], &status(1, 0, &ALL_OFF), 0);
    }
}

#[test]
fn nodes_that_the_jumper_powers_stay_on() {
    for (kind, link, chip) in [("xra", "0", "True"), ("pca", "-1", "False")] {
        let mut world = v2_5();
        world["chips"]["1"]["kind"] = json!(kind);
        world["chips"]["1"]["ext"] = json!([1, 1, 1, 1, null, null, null, 0]);
        let tool = Tool::new(&world);
        let outputs = format!(
            "hat_alert:0\nhat_hub:1\nhat_wp:1\nhat_led:1\nhat_wplink:{link}\nhat_xra1200p:{chip}\n"
        );
        let status = head("1", "False", 4) + &hat(2, 5) + &outputs + &nodes(1, &ALL_ON);
        tool.says(&["status"], &status, 0);
        assert_eq!(tool.board("1")["r"].as_array().unwrap()[1..4], [0x9f, 0, 0], "{kind}");
        tool.does(&["init"]);
        assert_eq!(tool.latch(), 0x9f, "{kind}: a second init changes nothing");
    }
    let mut world = v2_5();
    world["chips"]["1"]["ext"] = json!([1, 1, 1, 0, null, null, null, 0]);
    let tool = Tool::new(&world);
    tool.does(&["init"]);
    // The tool knows all or none, and cuts what three of four nodes have: no initialisation does here.
    assert_eq!(tool.latch(), 0x97, "each node keeps what its pin shows");
}

#[test]
fn a_soldered_link_keeps_the_write_protection() {
    let mut world = v2_5();
    world["chips"]["1"]["ext"][7] = json!(1);
    let tool = Tool::new(&world);
    let outputs = "hat_alert:0\nhat_hub:1\nhat_wp:1\nhat_led:1\nhat_wplink:1\nhat_xra1200p:True\n";
    let status = head("1", "False", 4) + &hat(2, 5) + outputs + &nodes(1, &ALL_OFF);
    tool.says(&["status"], &status, 0);
    tool.says(&["wp", "off"], "Unable to disable EEPROM WP (Solder link set)\n", 0);
    tool.says(&["status"], &status, 0);
    tool.does(&["wp", "on"]);
}

#[test]
fn a_forced_version_stands_for_an_eeprom() {
    let mut world = configured("TYPE=c\nCLUSTERHAT_FORCE=2.5\n");
    world.as_object_mut().unwrap().remove("hat");
    let tool = Tool::new(&world);
    let hat = "hat_version:2.5\nhat_version_major:2\nhat_version_minor:5\nhat_size:4\nhat_uuid:NA\n\
               hat_vendor:NA\nhat_pid:NA\nhat_force:2.5\nis_pi5:False\n";
    tool.does(&["on", "p3"]);
    let status = head("2.5", "False", 4) + hat + &outputs(2, 1, 1, &[0, 0, 1, 0]);
    tool.says(&["status"], &status, 0);
}

/// Defect 1: the tool dies after the first node and leaves ALERT lit.
#[test]
fn a_configured_delay_is_a_number() {
    let tool = Tool::new(&configured("TYPE=c\nCLUSTERCTRL_DELAY=0.5\n"));
    tool.does(&["on"]);
    assert_eq!(tool.latch(), 0x9f, "all nodes on, ALERT off");
    tool.does(&["off"]);
    assert_eq!(tool.latch(), 0x90);
    // The waits are there: three between four nodes.
    let mut command = tool.command(&["on"]);
    command.env_remove("CLUSTERHAT_SIM_NOWAIT");
    let start = std::time::Instant::now();
    assert_eq!(Output::of(&mut command).status, 0);
    assert!(start.elapsed().as_secs_f64() >= 1.5, "{:?}", start.elapsed());
}

/// Defect 3: the tool powers P4 too.
#[test]
fn nodes_beyond_the_configured_size_are_left_alone() {
    let tool = Tool::new(&configured("TYPE=c\nCLUSTERHAT_SIZE=3\n"));
    tool.does(&["on", "p1"]);
    tool.does(&["on"]);
    assert_eq!(tool.latch(), 0x97);
    tool.says(&["on", "p4"], "ERROR: Valid options are p1-p3\n", 1);
    tool.says(&["maxpi"], "3\n", 0);
}

#[test]
fn other_roles_say_nothing() {
    for config in ["TYPE=usbboot\nID=2\n", "TYPE=node\nID=3\n", "TYPE=x\n", "", "ID=3\n"] {
        let tool = Tool::new(&configured(config));
        let before = tool.world.read();
        for words in
            [&["on"][..], &["status"], &["maxpi"], &["frob"], &["on", "p9"], &["save", "x"]]
        {
            tool.does(words);
        }
        assert_eq!(tool.world.read(), before, "{config:?}");
    }
    for config in ["type=c\n", "TYPE='c'\n", "TYPE=\"cnat\" # NAT\n"] {
        Tool::new(&configured(config)).says(&["maxpi"], "4\n", 0);
    }
}

#[test]
fn the_usage_needs_no_board() {
    for world in [v2_5(), json!({"chips": {}}), configured("TYPE=node\n")] {
        let tool = Tool::new(&world);
        let before = tool.world.read();
        let (usage, status) = tool.run(&[]);
        assert!(usage.starts_with("Usage: "), "{usage}");
        assert_eq!(status, 0);
        for words in [&["help"][..], &["--help"], &["-h"], &["/?"], &["help", "on"]] {
            tool.says(words, &usage, 0);
        }
        assert_eq!(tool.world.read(), before);
    }
}

#[test]
fn every_command_stands_in_the_usage() {
    let (usage, _) = Tool::new(&v2_5()).run(&["help"]);
    for word in
        "on off status maxpi init getpath alert led hub wp act fan usbboot setorder save saveorder \
                 saveusbboot savepos savedefaults reset"
            .split_whitespace()
    {
        let known = usage.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
        assert!(known, "{word}: {usage}");
    }
}

/// Defect 14: tracebacks of the tool.
/// The vendor's tool initialises the HAT before it looks at its words.
#[test]
fn words_that_mean_nothing_initialise_nothing() {
    let world = World::builtin_value("v2.5");
    let tool = Tool::new(&world);
    let before = tool.world.read();
    for words in [&["frob"][..], &["hub"], &["on", "p9"], &["led", "frob"], &["fan", "on", "0"]] {
        tool.run(words);
        assert_eq!(tool.world.read(), before, "{words:?}");
    }
    tool.run(&["maxpi"]);
    assert_ne!(tool.world.read(), before);
}

#[test]
fn words_that_are_no_numbers_are_told() {
    let tool = Tool::new(&World::builtin_value("triple"));
    let before = tool.world.read();
    for node in
        ["p", "", "p-1", "p+1", "p 1", "1", "p1.0", "p1,p2", "p0x1", "p99999999999999999999"]
    {
        for words in [&["on", node][..], &["off", "p1", node], &["usbboot", "on", node]] {
            tool.says(words, "ERROR: Valid options are p1-p3\n", 1);
        }
    }
    for order in ["x", "", "-1", "1.5", "20x"] {
        tool.says(&["save", order], "Invalid order\n", 1);
        tool.says(&["savedefaults", order], "Invalid order\n", 1);
        tool.says(&["reset", order], "Invalid order\n", 1);
        tool.says(&["setorder", order, "3"], "Invalid order old\n", 1);
        tool.says(&["setorder", "20", order], "Invalid order new\n", 1);
        let unknown = "Error: Unable to find Cluster CTRL device with that order\n";
        for word in ["saveorder", "saveusbboot", "savepos"] {
            tool.says(&[word, order], &format!("Invalid order\n{unknown}"), 0);
        }
        assert!(tool.run(&["fan", "on", order]).0.contains("Invalid order"));
        assert!(tool.run(&["act", "on", order]).0.contains("Invalid order"));
    }
    assert_eq!(tool.world.read()["chips"], before["chips"]);
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

/// Five nodes that choose how they boot.
fn six() -> Value {
    let mut world = World::builtin_value("a+6");
    let board = &mut world["chips"]["11"];
    (board["adc"], board["temp"]) = (json!([[1, 778]]), Value::Null);
    (board["u"], board["eeprom"]["u"]) = (json!([1, 1, 1, 1, 1]), json!([1, 1, 1, 1, 1]));
    world
}

#[test]
fn boards_follow_the_hat_by_their_order() {
    let ctrl = |order: u8, text: &str| format!("ctrl{order}:FW:1.8 ADC1:5014mV FAN:{text}\n");
    let status = |bus: &str,
                  triple: (u8, usize),
                  phat: (u8, usize),
                  on: [&[u8]; 2],
                  hat_on: &[u8]| {
        let (triple_lines, phat_lines) = (
            ctrl(triple.0, "00000000") + &nodes(triple.1, on[0]),
            ctrl(phat.0, "00000000") + &nodes(phat.1, on[1]),
        );
        let ctrls =
            if triple.0 < phat.0 { triple_lines + &phat_lines } else { phat_lines + &triple_lines };
        head("1", "2", 9) + bus + &hat(2, 5) + &outputs(2, 1, 1, hat_on) + &ctrls
    };
    let tool = Tool::new(&mixed());
    tool.does(&["on", "p4", "p5", "p9"]);
    let expected = status(
        "ctrl_bus:20:11:3 30:12:2 \n",
        (20, 5),
        (30, 8),
        [&[1, 0, 0], &[0, 1]],
        &[0, 0, 0, 1],
    );
    tool.says(&["status"], &expected, 0);
    // The order rules, not the bus.
    tool.does(&["setorder", "20", "40"]);
    let expected = status(
        "ctrl_bus:30:12:2 40:11:3 \n",
        (40, 7),
        (30, 5),
        [&[1, 0, 0], &[0, 1]],
        &[0, 0, 0, 1],
    );
    tool.says(&["status"], &expected, 0);
    tool.does(&["off", "p6"]);
    assert_eq!(tool.board("12")["p"], json!([0, 0]));
    tool.says(&["on", "p10"], "ERROR: Valid options are p1-p9\n", 1);
    let duplicate = tool.run(&["setorder", "30", "40"]);
    assert!(duplicate.0.starts_with("ERROR: ") && duplicate.1 == 1, "{duplicate:?}");
    assert_eq!(tool.board("12")["order"], 30);
}

#[test]
fn an_alert_is_that_of_the_node_s_board() {
    let tool = Tool::new(&mixed());
    let alerts = || [tool.board("11")["alert"].clone(), tool.board("12")["alert"].clone()];
    tool.does(&["alert", "on", "p8"]);
    assert_eq!((alerts(), tool.latch()), ([json!(0), json!(1)], 0x90));
    tool.does(&["alert", "on"]);
    assert_eq!((alerts(), tool.latch()), ([json!(1), json!(1)], 0xd0));
    tool.does(&["alert", "off", "p1", "p5"]);
    assert_eq!((alerts(), tool.latch()), ([json!(0), json!(1)], 0x90));
}

#[test]
fn all_nodes_of_all_boards_go_on_and_off() {
    let tool = Tool::new(&mixed());
    tool.does(&["on"]);
    assert_eq!(tool.latch(), 0x9f);
    assert_eq!(
        (&tool.board("11")["p"], &tool.board("12")["p"]),
        (&json!([1, 1, 1]), &json!([1, 1]))
    );
    assert_eq!((&tool.board("11")["alert"], &tool.board("12")["alert"]), (&json!(0), &json!(0)));
    // LEDs of a pHAT: its own command for all at once would power its nodes.
    tool.does(&["off"]);
    for state in ["off", "on"] {
        tool.does(&["led", state]);
        assert_eq!(tool.board("12")["p"], json!([0, 0]), "led {state}");
    }
}

#[test]
fn one_order_on_two_boards_stops_every_command() {
    let mut world = mixed();
    world["chips"]["12"]["order"] = json!(20);
    let tool = Tool::new(&world);
    let text = "ERROR: Duplicate ClusterCTRL 'order' found\nI2C Bus: 11 Order: 20\nI2C Bus: 12 Order: 20\n";
    for words in [&["status"][..], &["on"], &["off", "p1"], &["maxpi"], &["save", "20"]] {
        tool.says(words, text, 1);
    }
    assert_eq!(tool.board("11")["p"], json!([0, 0, 0]));
    assert_eq!(tool.latch(), 0x90, "initialised: the HAT is not in doubt");
}

/// What is left out comes first: scripts read the last lines.
#[test]
fn a_board_that_cannot_be_opened_leaves_the_others_to_work() {
    let mut world = mixed();
    world["chips"]["12"]["busy"] = json!(u32::MAX);
    let tool = Tool::new(&world);
    tool.does(&["init"]);
    tool.does(&["on", "p1", "p4"]);
    let (text, status) = tool.run(&["status"]);
    let (error, rest) = text.split_once('\n').unwrap();
    assert!(error.starts_with("ERROR: ") && error.contains("pHAT"), "{text}");
    assert!(rest.contains("clusterctrl:1\nmaxpi:7\n"), "{text}");
    assert!(rest.contains("p1:1\np2:0\np3:0\np4:1\nctrl20:") && !rest.contains("p5:"), "{text}");
    assert_eq!(status, 1);
    let (text, status) = tool.run(&["on", "p5"]);
    assert!(text.starts_with("ERROR: p5: the numbering is uncertain") && status == 1, "{text}");
    let (text, status) = tool.run(&["off"]);
    assert!(text.starts_with("ERROR: ") && status == 1, "{text}");
    assert_eq!(tool.latch(), 0x90);
    assert_eq!(tool.board("11")["alert"], json!(0));
}

#[test]
fn usb_boot_lines_stand_between_the_nodes() {
    let tool = Tool::new(&six());
    let status = |p: [u8; 5], u: [u8; 5]| {
        let lines = (0..5).map(|n| format!("p{}:{}\nu{}:{}\n", n + 1, p[n], n + 1, u[n]));
        head("False", "1", 5)
            + "ctrl_bus:20:11:5 \nctrl20:FW:1.8 ADC1:5014mV FAN:00000000\n"
            + &lines.collect::<String>()
    };
    tool.says(&["status"], &status([0; 5], [1; 5]), 0);
    tool.does(&["usbboot", "off", "p2", "p5"]);
    tool.does(&["on", "p5"]);
    tool.says(&["status"], &status([0, 0, 0, 0, 1], [1, 0, 1, 1, 0]), 0);
    tool.does(&["usbboot", "on", "p2"]);
    tool.says(&["status"], &status([0, 0, 0, 0, 1], [1, 1, 1, 1, 0]), 0);
    for words in [&["usbboot", "on"][..], &["usbboot"], &["usbboot", "p1"]] {
        tool.says(words, "Error: Missing arguments\n", 0);
    }
    tool.says(&["saveusbboot", "20"], "saved\n", 0);
    tool.says(&["reset", "20"], "reset\n", 0);
    tool.says(&["status"], &status([0; 5], [1, 1, 1, 1, 0]), 0);
    tool.says(&["savedefaults", "20"], "saved\n", 0);
    tool.says(&["reset", "20"], "reset\n", 0);
    tool.says(&["status"], &status([0; 5], [1; 5]), 0);
}

/// Defect 7: the tool walks on to later boards with node numbers of 0 and less.
#[test]
fn usb_boot_touches_the_node_s_board_alone() {
    let (mut world, six) = (mixed(), six()["chips"]["11"].clone());
    let mut later = six.clone();
    later["order"] = json!(99);
    world["chips"]["13"] = six;
    world["chips"]["13"]["order"] = json!(50);
    world["chips"]["14"] = later;
    let tool = Tool::new(&world);
    // p1 is on the HAT, p5 on the Triple: neither can choose.
    tool.does(&["usbboot", "off", "p1", "p5"]);
    tool.does(&["usbboot", "off", "p11"]);
    assert_eq!(tool.board("13")["u"], json!([1, 0, 1, 1, 1]));
    assert_eq!(tool.board("14")["u"], json!([1, 1, 1, 1, 1]));
}

/// Defect 10: 1.10 is no 1.1, and firmware other than 1.6 has a fan too.
#[test]
fn firmware_1_10_is_told_whole() {
    let mut world = World::builtin_value("triple");
    world["chips"]["11"]["fw"] = json!([1, 10]);
    world["chips"]["11"]["temp"] = json!([2, 270]);
    world["chips"]["11"]["adc"] = json!([[1, 778], [2, 360]]);
    let tool = Tool::new(&world);
    tool.does(&["fan", "on", "20"]);
    let (text, _) = tool.run(&["status"]);
    let line = text.lines().find(|line| line.starts_with("ctrl20:"));
    assert_eq!(line, Some("ctrl20:FW:1.10 ADC1:5014mV ADC2:12002mV T1:18.85C FAN:00000001"));
    assert_eq!(text.lines().last(), Some("u3:1"), "nothing behind the last node");
}

#[test]
fn the_controller_s_fan_is_where_the_configuration_puts_it() {
    let mut world = mixed();
    world["config"] = json!("TYPE=c\nFANGPIO=18\n");
    let tool = Tool::new(&world);
    let fans = || {
        let (world, triple, phat) = (tool.world.read(), tool.board("11"), tool.board("12"));
        let line = world.get("gpio").and_then(|lines| lines["18"].as_u64()).unwrap_or(0);
        [line, triple["fan"].as_u64().unwrap(), phat["fan"].as_u64().unwrap()]
    };
    for (words, expected) in [
        (&["fan", "on", "c"][..], [1, 0, 0]),
        (&["fan", "off", "c"], [0, 0, 0]),
        (&["fan", "on", "30"], [0, 0, 1]),
        (&["fan", "on"], [1, 1, 1]),
        (&["fan", "off", "20"], [1, 0, 1]),
        (&["fan", "off", "77"], [1, 0, 1]),
        (&["fan", "off"], [0, 0, 0]),
    ] {
        tool.does(words);
        assert_eq!(fans(), expected, "{words:?}");
    }
    // Without the key the controller has none.
    let tool = Tool::new(&mixed());
    tool.does(&["fan", "on", "c"]);
    assert_eq!(tool.world.read().get("gpio"), None);
}

/// Sorted as texts; a HAT's nodes are not told here, since no hub shows.
#[test]
fn paths_are_told_without_switching() {
    let tool = Tool::new(&World::builtin_value("a+6"));
    let before = tool.world.read();
    let (text, status) = tool.run(&["getpath"]);
    assert_eq!(status, 0);
    let ends: Vec<_> = text.lines().map(|line| line.split_once(':').unwrap()).collect();
    assert_eq!(
        ends.iter().map(|(node, _)| *node).collect::<Vec<_>>(),
        ["p1", "p2", "p3", "p4", "p5"]
    );
    // The vendor's table: A+6, controller at 4.1.
    for ((_, path), end) in ends.iter().zip(["1", "2", "3", "4.2", "4.4"]) {
        assert!(path.ends_with(&format!(".{end}")), "{path}");
    }
    let only: Vec<_> = text.lines().filter(|line| line.starts_with("p2:")).collect();
    tool.says(&["getpath", "p2"], &format!("{}\n", only[0]), 0);
    tool.says(&["getpath", "p6"], "ERROR: Valid options are p1-p5\n", 1);
    let after = tool.world.read();
    for key in ["p", "u", "alert", "led", "order"] {
        assert_eq!(after["chips"]["11"][key], before["chips"]["11"][key], "{key}");
    }
}

#[test]
fn twelve_paths_are_sorted_as_texts() {
    let mut world = World::builtin_value("a+6");
    let mut more = world["chips"]["11"].clone();
    more["order"] = json!(21);
    world["chips"]["12"] = more.clone();
    more["order"] = json!(22);
    world["chips"]["13"] = more;
    let (text, _) = Tool::new(&world).run(&["getpath"]);
    let nodes: Vec<_> = text.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let mut sorted = nodes.clone();
    sorted.sort_unstable();
    assert_eq!((nodes.len(), &nodes), (15, &sorted));
    assert_eq!(nodes[..3], ["p1", "p10", "p11"]);
}

#[test]
fn a_board_that_does_not_answer_is_an_error_on_standard_output() {
    for name in ["v2.5", "triple"] {
        let mut world = World::builtin_value(name);
        world["faults"] = json!([{"transfer": 1, "kind": "io", "lasting": true}]);
        let tool = Tool::new(&world);
        for words in [&["status"][..], &["on", "p1"], &["off"]] {
            let (text, status) = tool.run(words);
            assert!(
                text.starts_with("ERROR: ") && text.lines().count() == 1,
                "{name} {words:?}: {text}"
            );
            assert_eq!(status, 1, "{name} {words:?}");
        }
    }
}

#[test]
fn a_power_on_that_fails_leaves_no_alert_lit() {
    let mut world = v2_5();
    world["chips"]["1"]["stuck"] = json!([null, 0, null, null, null, null, null, null]);
    let tool = Tool::new(&world);
    let (text, status) = tool.run(&["on"]);
    assert!(text.starts_with("ERROR: ") && text.contains("p2") && status == 1, "{text}");
    assert_eq!(tool.latch() & 0x40, 0, "ALERT");
}

/// The pHAT takes its first command and never ends it.
#[test]
fn a_board_that_fails_leaves_the_others_their_turn() {
    let mut world = mixed();
    world["chips"]["12"]["slow"] = json!(u32::MAX);
    for (words, latch, key, value) in
        [(&["on"][..], 0x9f, "p", json!([1, 1, 1])), (&["led", "off"], 0x80, "led", json!(0))]
    {
        let tool = Tool::new(&world);
        let (text, status) = tool.run(words);
        assert!(text.starts_with("ERROR: ") && text.contains("pHAT") && status == 1, "{text}");
        assert_eq!(tool.latch(), latch, "{words:?}: the HAT, its ALERT off");
        let triple = tool.board("11");
        assert_eq!((&triple[key], &triple["alert"]), (&value, &json!(0)), "{words:?}: the Triple");
    }
}

/// The lines that the scripts of users pick.
#[test]
fn scripts_find_their_lines() {
    let tool = Tool::new(&v2_5());
    tool.does(&["on", "p2"]);
    let pipe = |filter: &str| {
        let mut sh = tool.world.program(Path::new("sh"));
        sh.env("CLUSTERHAT_SIM", tool.world.path());
        sh.args(["-c", &format!("\"$0\" status | {filter}")]).arg(link(&tool.world));
        Output::of(&mut sh).stdout
    };
    assert_eq!(pipe("tail -n 4"), nodes(1, &[0, 1, 0, 0]));
    assert_eq!(pipe("grep ^p[0-9]"), nodes(1, &[0, 1, 0, 0]));
    assert_eq!(pipe("sed -n s/^p2://p"), "1\n");
    assert_eq!(pipe("grep -c ^u"), "0\n");
}
