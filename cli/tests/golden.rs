//! Golden transcripts: one scripted session of every command for each built-in world and for boards with
//! a trouble of their own, as text and as JSON, with what the hardware is commanded after each step.
//!
//! `tests/golden/<world>.txt` and `<world>.json.txt` hold what is expected. After a change that is meant:
//! `BLESS=1 cargo test -p clusterhat-cli --test golden`, and read the difference before it is committed.

mod command;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clusterhat_tests::command::{Output, World};
use clusterhat_tests::golden::{self, BLESS};
use command::Run as _;
use hat_driver::sim::{self, builtin};
use serde_json::{Value, json};

/// Every command once on a board whose power has just come on, and what users get wrong.
const EVERY_COMMAND: &str = "
    status
    init
    init
    on p1..p2
    status
    on
    cycle p2
    alert on
    alert off
    led off
    led on
    hub off
    status
    hub reset
    wp off
    wp on
    fan on
    off 'p[1-2]'
    on --dry-run
    cycle p1 p3 --dry-run
    off
    boards
    boards --probe
    maxpi
    cycle --dry-run
    on p9
    on 'p[1-4'
    on ''
    on P1
    led
    frobnicate";

/// What only ClusterCTRL boards can, where there is one of the order 20.
const CTRL_COMMANDS: &str = "
    act off
    act on 20
    usbboot off p1 p2
    path
    path p1
    board order 20 21
    board save 21 --what order
    board save 21 --what defaults
    board save 99
    board reset 21
    board reset 21 --yes
    status
    board order 21 30
    board order 0 1";

/// A world with a trouble, or a configuration, of its own: a built-in one with a change.
struct Case {
    name: &'static str,
    of: &'static str,
    change: fn(&mut Value),
    script: &'static str,
}

const CASES: &[Case] = &[
    // P2's transistor has failed: its pin stays low.
    Case {
        name: "stuck-pin",
        of: "v2.5",
        change: |world| {
            world["chips"]["1"]["stuck"] = json!([null, 0, null, null, null, null, null, null])
        },
        script: "on p1..p3\n status\n off p3\n cycle p1 p2\n off\n status\n boards",
    },
    // The same on the upper of two HATs, where P2 is p6.
    Case {
        name: "stuck-pin-upper",
        of: "two-hats",
        change: |world| {
            world["chips"]["1:0x23"]["stuck"] = json!([null, 0, null, null, null, null, null, null])
        },
        script: "on p4..p7\n status\n off",
    },
    Case {
        name: "pca9554",
        of: "v2.4",
        change: |world| world["chips"]["1"]["kind"] = json!("pca"),
        script: "status\n boards --probe\n init\n on p4\n wp off\n status\n off",
    },
    // A board with two nodes, initialised and with P1 on before the command was there.
    Case {
        name: "size-2",
        of: "v2.6",
        change: |world| {
            world["config"] = json!("TYPE=c\nCLUSTERHAT_SIZE=2\nFANGPIO=18\n");
            world["chips"]["1"]["r"] = json!([145, 145, 0, 0, 255]);
        },
        script: "status\n maxpi\n boards\n init\n on\n on p3\n off all\n fan on\n fan on\n fan off",
    },
    // The jumper powers all four places at power-up.
    Case {
        name: "size-2-jumper",
        of: "v2.6",
        change: |world| {
            world["config"] = json!("TYPE=c\nCLUSTERHAT_SIZE=2\n");
            world["chips"]["1"]["ext"] = json!([1, 1, 1, 1, null, null, null, 0]);
        },
        script: "status\n init\n status\n off p1 p2\n on p1\n off --dry-run\n off\n status\n off all",
    },
    // P3's transistor leads for ever, on the first of two boards.
    Case {
        name: "size-2-stuck",
        of: "two-hats",
        change: |world| {
            let config = world["clusterhat_toml"].as_str().unwrap_or_default();
            world["clusterhat_toml"] = json!(config.replacen("0x20", "0x20\nsize = 2", 1));
            for chip in ["1", "1:0x23"] {
                world["chips"][chip]["ext"] = json!([1, 1, 1, 1, null, null, null, 0]);
            }
            world["chips"]["1"]["stuck"] = json!([null, null, 1, null, null, null, null, null]);
        },
        script: "off --dry-run\n off\n status",
    },
    Case {
        name: "named-nodes",
        of: "v2.5",
        change: |world| world["clusterhat_toml"] = json!(NAMED_NODES),
        script: "status\n on --dry-run\n on web db\n on all\n status db p102\n cycle web --dry-run\n \
            off 'p[101-103/2]'\n on dbb\n on p1\n on db,p9\n boards\n \
            inventory --format hosts\n inventory --format ssh\n inventory --format ansible\n \
            inventory --format mpi web db\n inventory --format slurm\n inventory --format json db\n \
            network status\n network setup --mode nat\n network setup --mode tunnel\n \
            network setup --mode nat --subnet 10.0.0.1/24\n network undo\n setup",
    },
    Case {
        name: "at-boot",
        of: "v2.5",
        change: |world| {
            world["clusterhat_toml"] = json!(
                "at-boot = \"last\"\n[nodes.p3]\nat-boot = \"on\"\n[nodes.p4]\nat-boot = \"keep\"\n"
            );
        },
        script: "restore --dry-run\n restore\n on p1\n off p3\n restore\n restore --all --dry-run\n \
            restore p3 --all\n restore p9",
    },
    Case {
        name: "under-voltage",
        of: "v2.5",
        change: |world| world["undervoltage_above"] = json!(2),
        script: "on\n status\n on p4\n on --ignore-undervoltage\n status\n cycle p1\n off",
    },
    Case {
        name: "unknown-revision",
        of: "v2.5",
        change: |world| world["hat"]["product_ver"] = json!("0x0027"),
        script: "status\n on p1\n boards\n boards --probe",
    },
    // A HAT without an EEPROM that speaks for it.
    Case {
        name: "no-eeprom",
        of: "v2.5",
        change: |world| world["hat"] = Value::Null,
        script: "status\n on p1\n maxpi\n boards\n boards --probe",
    },
    Case {
        name: "another-hat",
        of: "v1.0",
        change: |world| world["hat"]["product"] = json!("Sense HAT"),
        script: "status\n boards --probe",
    },
    Case {
        name: "no-answer",
        of: "v2.5",
        change: |world| world["chips"] = json!({}),
        script: "status\n init\n on p1\n off\n cycle p2\n led off\n boards\n boards --probe\n maxpi",
    },
    // One of two HATs was pulled off: what becomes of the other.
    Case {
        name: "upper-hat-gone",
        of: "two-hats",
        change: |world| {
            drop(world["chips"].as_object_mut().and_then(|chips| chips.remove("1:0x23")))
        },
        script: "status\n on p1\n on\n init\n led off\n off\n boards\n status",
    },
    Case {
        name: "lower-hat-gone",
        of: "two-hats",
        change: |world| drop(world["chips"].as_object_mut().and_then(|chips| chips.remove("1"))),
        script: "status\n on p5\n on\n init\n led off\n off\n off p5\n status",
    },
    // Another program has made P1's pin an output and left the rest.
    Case {
        name: "partly-configured",
        of: "v2.5",
        change: |world| world["chips"]["1"]["r"] = json!([241, 255, 0, 254, 255]),
        script: "status\n on p2\n init\n status\n boards --probe\n off p2\n off p1\n off\n status",
    },
    // A Pi that has just booted pulls BCM 0 to 8 up: ALERT and P1 show high.
    Case {
        name: "v1-pulled-up",
        of: "v1.3",
        change: |world| {
            world["gpio_pulled"] = json!({"5": 1, "6": 1});
            world["config"] = json!("TYPE=c\nFANGPIO=13\n");
        },
        script: "status\n on p2 --dry-run\n on p2\n status\n off --dry-run\n off\n status\n fan on",
    },
    // A HAT alone, asked for what it has not.
    Case {
        name: "no-clusterctrl",
        of: "v2.5",
        change: |_| (),
        script: "act off\n act on 20\n usbboot off p1\n path p1 p2\n board order 20 21\n \
            board save 20\n board reset 20 --yes",
    },
    // Two boards as their factory made them.
    Case {
        name: "one-order-twice",
        of: "mixed",
        change: |world| world["chips"]["12"]["order"] = json!(20),
        script: "status\n on p1\n boards\n board order 20 21",
    },
    // Firmware that knows neither ACT LED nor fan nor paths, and readings without a known scale.
    Case {
        name: "old-triple",
        of: "triple",
        change: |world| {
            let board = &mut world["chips"]["11"];
            (board["fan"], board["act"], board["paths"]) = (Value::Null, Value::Null, json!([]));
            (board["fw"], board["adc"]) = (json!([1, 3]), json!([[1, 778], [9, 1]]));
            board["temp"] = json!([2, 270]);
        },
        script: "status\n act on\n fan on 20\n fan on\n path p1\n usbboot on p1\n on p1\n boards",
    },
    // The pHAT takes its first command, and never ends it.
    Case {
        name: "busy-phat",
        of: "mixed",
        change: |world| world["chips"]["12"]["slow"] = json!(u32::MAX),
        script: "on p5 p8\n status\n status\n alert on\n off p5\n maxpi",
    },
    // The first thing asked of a fresh board is another output than a node.
    Case { name: "output-first", of: "v2.5", change: |_| (), script: "led off\n led off\n status" },
];

const NAMED_NODES: &str = "\
first = 101
[nodes.p101]
name = \"web\"
[nodes.p103]
name = \"db\"
delay = 30
";

#[test]
fn built_in_worlds() {
    let scripts: Vec<_> = builtin::names()
        .map(|name| {
            let has_ctrl = builtin::simulation(&name).is_some_and(|world| !world.ctrls.is_empty());
            let more = if has_ctrl { CTRL_COMMANDS } else { "" };
            (name, format!("{EVERY_COMMAND}{more}"))
        })
        .collect();
    compare_all(scripts.iter().map(|(name, script)| (&name[..], &script[..])), World::builtin);
}

#[test]
fn worlds_with_a_trouble() {
    compare_all(CASES.iter().map(|case| (case.name, case.script)), |name| {
        let case = CASES.iter().find(|case| case.name == name).expect("a case");
        let mut world = World::builtin_value(case.of);
        (case.change)(&mut world);
        World::new(&world)
    });
}

#[test]
fn help() {
    let world = World::builtin("v2.5");
    let subcommands = world.run(&["--help"]).stdout;
    let subcommands = subcommands.lines().skip_while(|line| *line != "Commands:").skip(1);
    let words: Vec<_> = subcommands
        .map_while(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(words.contains(&"completions"), "{words:?}");
    let mut text = step(&world, &["--help"]) + &step(&world, &["-h"]);
    for word in words {
        text += &step(&world, &[word, "--help"]);
    }
    golden::assert(&folder().join("help.txt"), text);
}

#[test]
fn every_golden_file_has_a_world() {
    let names = builtin::names().chain(CASES.iter().map(|case| case.name.to_owned()));
    let expected: BTreeSet<_> = names
        .flat_map(|name| [format!("{name}.txt"), format!("{name}.json.txt")])
        .chain(["help.txt".to_owned()])
        .collect();
    let files = fs::read_dir(folder()).expect("tests/golden");
    let files: BTreeSet<_> = files
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let stale: Vec<_> = files.difference(&expected).collect();
    assert!(stale.is_empty(), "no world is behind these files; remove them: {stale:?}");
    for file in files {
        let text = fs::read_to_string(folder().join(&file)).expect("a text");
        for changing in [env!("CARGO_PKG_VERSION"), env!("CARGO_MANIFEST_DIR"), "/tmp/", ".json:"] {
            assert!(!text.contains(changing), "golden/{file} contains {changing:?}");
        }
    }
}

/// Plays each script in its world, in both formats; tells all differences at once.
fn compare_all<'a>(
    scripts: impl Iterator<Item = (&'a str, &'a str)>,
    make: impl Fn(&str) -> World,
) {
    let mut problems = Vec::new();
    for (name, script) in scripts {
        let text = session(&make(name), script, None);
        problems.extend(golden::difference(&folder().join(format!("{name}.txt")), text));
        let json = session(&make(name), script, Some("--json"));
        problems.extend(golden::difference(&folder().join(format!("{name}.json.txt")), json));
    }
    assert!(problems.is_empty(), "{}\n{BLESS}", problems.join("\n"));
}

/// The transcript of a script: one call of the command a line.
fn session(world: &World, script: &str, format: Option<&str>) -> String {
    let mut transcript = String::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words = line.split_whitespace().map(|word| word.trim_matches('\''));
        let words: Vec<_> = format.into_iter().chain(words).collect();
        transcript += &step(world, &words);
        transcript += &hardware(world);
        transcript.push('\n');
    }
    transcript
}

/// What one call prints, and its exit status where that is not 0.
fn step(world: &World, words: &[&str]) -> String {
    let shown: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    // Long lines of the help break here, whatever terminal the test was started from.
    let run = Output::of(world.command(words).env("COLUMNS", "100"));
    let stderr: String = run.stderr.lines().map(|line| format!("! {line}\n")).collect();
    let exit = if run.status == 0 { String::new() } else { format!("= exit {}\n", run.status) };
    let text = format!("$ clusterhat {}\n{}{stderr}{exit}", shown.join(" "), run.stdout);
    // The help breaks a paragraph with a line of blanks, which editors and git remove.
    let text: String = text.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    let text = text.replace(&world.path().display().to_string(), "WORLD");
    // Every document names the world, and one line for people does; that is no news here.
    text.replace("\"simulated\":\"WORLD\",", "")
}

/// The word as a shell wants it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

/// What the expanders, the ClusterCTRL boards and the GPIO lines are commanded.
fn hardware(world: &World) -> String {
    let state = sim::Simulation::parse(&world.read().to_string()).expect("a world");
    let mut text = String::new();
    for ((bus, address), chip) in &state.expanders {
        let (latch, direction) = (chip.latch, chip.direction);
        text +=
            &format!("# i2c-{bus} {address:#04x}: latch {latch:08b} direction {direction:08b}\n");
    }
    for (bus, board) in &state.ctrls {
        let levels = |nodes: &[u8]| nodes.iter().map(ToString::to_string).collect::<String>();
        let level = |level: Option<u8>| level.map_or("-".to_owned(), |level| level.to_string());
        text += &format!(
            "# i2c-{bus} order {}: nodes {} usbboot {} alert {} led {} act {} fan {}\n",
            board.order,
            levels(&board.p),
            board.u.as_deref().map_or("-".to_owned(), levels),
            board.alert,
            board.led,
            level(board.act),
            level(board.fan)
        );
        if let Some(saved) = &board.saved {
            text += &format!("# i2c-{bus} saved: {}\n", saved.join(" "));
        }
    }
    if !state.gpio.is_empty() {
        let lines: Vec<_> =
            state.gpio.iter().map(|(line, level)| format!("{line}={}", u8::from(*level))).collect();
        text += &format!("# gpio: {}\n", lines.join(" "));
    }
    text
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}
