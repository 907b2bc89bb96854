//! Configuration, environment and surroundings of the command, end to end: what counts, what is refused and
//! in which words, and what it does on terminals, in closed pipes and with the files of worlds.

mod command;

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use clusterhat_tests::command::{Output, World};
use command::{Run as _, clusterhat};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

/// A v2.5 board with this text at `key` of its world: `clusterhat_toml` or `config`.
fn configured(key: &str, text: &str) -> World {
    let mut world = World::builtin_value("v2.5");
    world[key] = json!(text);
    World::new(&world)
}

fn with_toml(text: &str) -> World {
    configured("clusterhat_toml", text)
}

fn with_vendors(text: &str) -> World {
    configured("config", text)
}

/// A file in the world's folder.
fn file(world: &World, name: &str, text: &str) -> PathBuf {
    let path = world.folder().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    fs::write(&path, text).expect("it can be written");
    path
}

/// The waits that `--dry-run` tells, without the first.
fn waits(command: &mut Command) -> Vec<f64> {
    let steps = Output::of(command).json()["steps"].clone();
    let steps = steps.as_array().expect("steps").iter();
    steps.skip(1).map(|step| step["wait_s"].as_f64().expect("a time")).collect()
}

const PLAN: [&str; 3] = ["on", "--dry-run", "--json"];

/// Refused with exit status 2 before anything is touched, and with these parts in the message.
fn assert_refused(output: &Output, parts: &[&str]) {
    assert_eq!(output.status, 2, "{output:?}");
    assert_eq!(output.stdout, "", "{output:?}");
    assert!(output.stderr.starts_with("clusterhat: "), "{output:?}");
    for part in parts {
        assert!(output.stderr.contains(part), "no {part:?} in {output:?}");
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let world = with_toml("delay = 3\n[nodes.p2]\ndelay = 30\n");
    assert_eq!(waits(&mut world.command(&PLAN)), [3.0, 30.0, 3.0]);
    let mut command = world.command(&PLAN);
    assert_eq!(waits(command.env("CLUSTERHAT_DELAY", "4")), [4.0; 3]);
    assert_eq!(waits(command.args(["--delay", "500ms"])), [0.5; 3]);
    assert_eq!(waits(world.command(&PLAN).env("CLUSTERHAT_DELAY", "")), [3.0, 30.0, 3.0]);
}

#[test]
fn a_time_is_written_the_same_everywhere() {
    for text in ["500ms", "0.5s", "0.5"] {
        let world = with_toml(&format!("delay = \"{text}\"\n"));
        assert_eq!(waits(&mut world.command(&PLAN)), [0.5; 3], "{text}");
        let world = World::builtin("v2.5");
        assert_eq!(waits(world.command(&PLAN).env("CLUSTERHAT_DELAY", text)), [0.5; 3], "{text}");
        assert_eq!(waits(world.command(&PLAN).args(["--delay", text])), [0.5; 3], "{text}");
    }
}

#[test]
fn the_off_time_has_the_same_precedence() {
    let world = with_toml("off-time = 3\n");
    assert_eq!(world.run(&["on", "p1"]).status, 0);
    let cycle = ["cycle", "p1", "--dry-run", "--json"];
    assert_eq!(waits(&mut world.command(&cycle)), [3.0]);
    let mut command = world.command(&cycle);
    assert_eq!(waits(command.env("CLUSTERHAT_OFF_TIME", "4s")), [4.0]);
    assert_eq!(waits(command.args(["--off-time", "5"])), [5.0]);
}

#[test]
fn a_named_configuration_replaces_the_worlds_and_the_flag_wins() {
    let world = with_toml("delay = 3\n");
    let (one, other) =
        (file(&world, "one.toml", "delay = 7\n"), file(&world, "2.toml", "delay = 8"));
    let mut command = world.command(&PLAN);
    assert_eq!(waits(command.env("CLUSTERHAT_CONFIG", &one)), [7.0; 3]);
    assert_eq!(waits(command.arg("--config").arg(&other)), [8.0; 3]);
}

#[test]
fn the_vendors_file_counts_where_ours_is_absent() {
    assert_eq!(waits(&mut with_vendors("CLUSTERCTRL_DELAY=6\n").command(&PLAN)), [6.0; 3]);
    let mut both = World::builtin_value("v2.5");
    both["config"] = json!("CLUSTERCTRL_DELAY=6\nTYPE=node\n");
    both["clusterhat_toml"] = json!("first = 1\n");
    assert_eq!(waits(&mut World::new(&both).command(&PLAN)), [1.0; 3]);
}

#[test]
fn an_unknown_key_is_a_warning_with_its_place() {
    let world = with_toml("delay = 1\n\ndellay = 2\n[nodes.p1]\ncolour = 3\n");
    let output = world.run(&["maxpi"]);
    let place = format!("{}:clusterhat_toml", world.path().display());
    let expected = format!(
        "clusterhat: warning: {place}:3: unknown key \"dellay\" is ignored; did you mean \"delay\"?\n\
         clusterhat: warning: {place}:5: unknown key \"nodes.p1.colour\" is ignored; remove it\n"
    );
    let output_of = |stdout: &str, stderr: &str| (0, stdout.to_owned(), stderr.to_owned());
    assert_eq!((output.status, output.stdout, output.stderr), output_of("4\n", &expected));
    let warnings = world.run(&["maxpi", "--json"]).json()["warnings"].clone();
    assert_eq!(warnings.as_array().map(Vec::len), Some(2), "{warnings}");
    assert_eq!(with_vendors("TYPE=c\nCLUSTERHAT_SIZ=2\n").run(&["maxpi"]).stdout, "4\n");
}

#[test]
fn a_bad_value_names_its_line_and_what_is_allowed() {
    for (text, parts) in [
        ("delay = 301\n", &[":1: delay = 301", "0 to 300 seconds"][..]),
        ("\ndelay = \"1m\"\n", &[":2: delay = \"1m\"", "0 to 300 seconds"]),
        ("off-time = 0\n", &[":1: off-time = 0", "0.1 to 300 seconds"]),
        ("first = 0\n", &[":1: first = 0", "1 to 9999"]),
        ("fan-gpio = 13\n[[board]]\nrevision = \"1.3\"\n", &[":1: fan-gpio = 13", "v1.x"]),
        ("fan-gpio = 2\n", &[":1: fan-gpio = 2", "4 to 27"]),
        ("[[board]]\naddress = 0x24\n", &[":2: board.address = 0x24", "0x20 to 0x23"]),
        (
            "[[board]]\nrevision = 2.5\n",
            &[":2: board.revision = 2.5", "a quoted version", "\"2.5\""],
        ),
        ("[nodes.p3]\nname = \"p4\"\n", &[":2: nodes.p3.name = \"p4\""]),
        ("first = 101\n[nodes.p3]\n", &[":2: nodes.p3", "p101"]),
        ("[nodes.p1]\nname = \"a\"\n[nodes.p2]\nname = \"a\"\n", &[":4: nodes.p2.name", "line 2"]),
        ("delay = \n", &[":1:"]),
        ("delay = 1\ndelay = 2\n", &[":2:", "duplicate key"]),
    ] {
        let world = with_toml(text);
        let place = format!("{}:clusterhat_toml", world.path().display());
        let before = world.read();
        assert_refused(&world.run(&["on", "p1"]), &[&[place.as_str()], parts].concat());
        assert_eq!(world.read(), before);
    }
}

#[test]
fn a_bad_value_of_the_vendors_file_names_its_line() {
    for (text, parts) in [
        ("TYPE=c\nCLUSTERHAT_SIZE=0\n", [":2: CLUSTERHAT_SIZE = 0", "1 to 4 nodes"]),
        ("CLUSTERHAT_FORCE=new\n", [":1: CLUSTERHAT_FORCE = new", "2.5"]),
        ("FANGPIO=three\n", [":1: FANGPIO = three", "4 to 27"]),
        ("CLUSTERCTRL_DELAY=400\n", [":1: CLUSTERCTRL_DELAY = 400", "0 to 300 seconds"]),
    ] {
        assert_refused(&with_vendors(text).run(&["on", "p1"]), &parts);
    }
    // The vendor's tool forgives these.
    let output = with_vendors("CLUSTERCTRL_DELAY=soon\nCLUSTERHAT_SIZE=9\n").run(&["maxpi"]);
    assert_eq!((output.status, output.stdout.as_str()), (0, "4\n"));
    assert!(output.stderr.contains(":1: CLUSTERCTRL_DELAY = soon is ignored"), "{output:?}");
    assert!(output.stderr.contains(":2: CLUSTERHAT_SIZE = 9"), "{output:?}");
}

#[test]
fn a_bad_value_of_the_environment_names_the_variable() {
    let world = World::builtin("v2.5");
    for (name, value, allowed) in [
        ("CLUSTERHAT_DELAY", "soon", "0 to 300 seconds"),
        ("CLUSTERHAT_DELAY", "301", "0 to 300 seconds"),
        ("CLUSTERHAT_OFF_TIME", "0", "0.1 to 300 seconds"),
        ("CLUSTERHAT_LOCK_LIMIT", "-1", "0 to 3600 seconds"),
    ] {
        let output = Output::of(world.command(&["on", "p1"]).env(name, value));
        assert_refused(&output, &[&format!("{name} = {value}"), allowed]);
    }
    assert_refused(&world.run(&["on", "--delay", "301"]), &["--delay 301:", "0 to 300 seconds"]);
}

#[test]
fn a_fan_is_where_the_vendors_file_puts_it() {
    let output = with_vendors("TYPE=c\n").run(&["fan", "on"]);
    assert_refused(&output, &["no fan", "FANGPIO", "fan-gpio"]);
    let world = with_vendors("TYPE=c\nFANGPIO=21\n");
    assert_eq!(world.run(&["fan", "on"]).status, 0);
    assert_eq!(world.read()["gpio"], json!({"21": 1}));
}

#[test]
fn a_node_is_no_controller() {
    for role in ["node", "usbboot"] {
        let world = with_vendors(&format!("TYPE={role}\nID=2\n"));
        let output = world.run(&["on", "p1"]);
        assert_eq!((output.status, output.stdout.as_str()), (4, ""), "{output:?}");
        assert!(output.stderr.contains("run this on the controller"), "{output:?}");
        let error = world.run(&["status", "--json"]).json()["error"].clone();
        assert_eq!((&error["kind"], &error["exit_status"]), (&json!("not-controller"), &json!(4)));
    }
}

/// The command on a machine whose files are below `root`.
fn on_machine(world: &World, root: &Path, args: &[&str]) -> Command {
    let mut command = world.program(clusterhat());
    command.arg("--root").arg(root).args(args);
    command
}

#[test]
fn a_root_stands_for_the_machine() {
    let world = World::builtin("v2.5");
    let root = world.folder().join("root");
    let vendors = file(&world, "root/etc/default/clusterctrl", "TYPE=c\nCLUSTERHATSIZE=2\n");
    let warning = format!(
        "clusterhat: warning: {}:2: unknown key \"CLUSTERHATSIZE\" is ignored; did you mean \
         \"CLUSTERHAT_SIZE\"?\n",
        vendors.display()
    );
    let output = Output::of(&mut on_machine(&world, &root, &["status"]));
    assert_eq!(output.status, 4, "{output:?}");
    assert!(output.stderr.starts_with(&warning), "{output:?}");
    let hat = root.join("proc/device-tree/hat/product");
    assert!(output.stderr.contains(&format!("{}: absent", hat.display())), "{output:?}");

    file(&world, "root/proc/device-tree/hat/product", "ZC4:ClusterHAT\0");
    file(&world, "root/proc/device-tree/hat/product_ver", "0x0025\0");
    let output = Output::of(&mut on_machine(&world, &root, &["status"]));
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("dtparam=i2c_arm=on"), "{output:?}");

    let ours = file(&world, "root/etc/clusterhat/clusterhat.toml", "[[board]]\nsize = 5\n");
    let output = Output::of(&mut on_machine(&world, &root, &["status"]));
    assert_refused(&output, &[&format!("{}:2: board.size = 5", ours.display())]);
    let mut by_environment = world.program(clusterhat());
    by_environment.arg("status").env("CLUSTERHAT_ROOT", &root);
    assert_eq!(Output::of(&mut by_environment), output);
}

#[test]
fn a_vendors_file_in_an_old_encoding_is_read() {
    let world = World::builtin("v2.5");
    let root = world.folder().join("root");
    let vendors = file(&world, "root/etc/default/clusterctrl", "");
    fs::write(&vendors, b"# B\xfcro\nTYPE=node\n").expect("it can be written");
    assert_eq!(Output::of(&mut on_machine(&world, &root, &["status"])).status, 4);
    let ours = file(&world, "root/etc/clusterhat/clusterhat.toml", "");
    fs::write(&ours, b"# B\xfcro\n").expect("it can be written");
    let output = Output::of(&mut on_machine(&world, &root, &["status"]));
    assert_refused(&output, &[&ours.display().to_string(), "utf-8"]);
}

#[test]
fn what_is_named_and_missing_is_refused() {
    let world = World::builtin("v2.5");
    let missing = world.folder().join("missing");
    let path = missing.display().to_string();
    assert_refused(&world.run(&["status", "--config", &path]), &[&path, "No such file"]);
    let mut command = on_machine(&world, &missing, &["status"]);
    assert_refused(&Output::of(&mut command), &[&path, "no such directory"]);
    let output = world.run(&["status", "--sim", "v9.9"]);
    assert_refused(&output, &["--sim v9.9", "v1.0", "v3.1", "two-hats"]);
    assert_refused(&world.run(&["status", "--sim", &path]), &[&path]);
}

#[test]
fn a_broken_world_names_the_key() {
    let world = World::builtin("v2.5");
    for (text, part) in [
        ("{\"chips\": {\"1\": {\"kind\": \"mcp\"}}}", "chips.1"),
        ("{\"chips\": {\"one\": {\"kind\": \"xra\"}}}", "chips.one"),
        ("{\"gpio\": {\"6\": \"high\"}}", "gpio.6"),
        ("{\"faults\": 3}", "faults"),
        ("{\"chips\": ", "line 1"),
    ] {
        let path = file(&world, "broken.json", text).display().to_string();
        assert_refused(&world.run(&["status", "--sim", &path]), &[&path, part]);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), text);
    }
}

#[test]
fn a_named_world_lives_in_the_runtime_folder_and_the_flag_wins() {
    let world = World::builtin("v2.5");
    let sim = |args: &[&str]| {
        let mut command = world.program(clusterhat());
        command.env("CLUSTERHAT_SIM", "v1.2").env("CLUSTERHAT_SIM_NOWAIT", "1").args(args);
        Output::of(&mut command)
    };
    assert_eq!(sim(&["on", "p2"]).status, 0);
    assert_eq!(sim(&["status", "--json"]).json()["nodes"][1]["commanded"], true);
    assert_eq!(sim(&["status", "--json", "--sim", "v3.1"]).json()["boards"][0]["revision"], "3.1");
    assert_eq!(sim(&["status", "--json"]).json()["boards"][0]["revision"], "1.2");
    let folder = world.runtime().join("clusterhat");
    assert!(folder.join("v1.2.json").is_file() && folder.join("v3.1.json").is_file());
    let mode = fs::metadata(&folder).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o077, 0, "others have no business there");
}

#[test]
fn a_worlds_file_is_replaced_and_keeps_what_is_not_known() {
    let mut value = World::builtin_value("v2.5");
    value["note"] = json!({"shelf": 2});
    value["chips"]["1"]["label"] = json!("blue");
    value["chips"]["11"] = World::builtin_value("triple")["chips"]["11"].clone();
    value["chips"]["11"]["shelf"] = json!(3);
    let world = World::new(&value);
    fs::set_permissions(world.path(), Permissions::from_mode(0o640)).expect("it is ours");
    let link = world.folder().join("link.json");
    symlink("world.json", &link).expect("a link can be made");
    let mut reader = fs::File::open(world.path()).expect("a file");

    let output = world.run(&["on", "p1", "--sim", &link.display().to_string()]);
    assert_eq!(output.status, 0, "{output:?}");

    let now = world.read();
    assert_eq!((&now["note"], &now["hat"]), (&value["note"], &value["hat"]));
    assert_eq!(
        (&now["chips"]["1"]["label"], &now["chips"]["11"]),
        (&json!("blue"), &value["chips"]["11"])
    );
    assert_eq!(now["chips"]["1"]["r"][1], 0x91);
    let after = fs::metadata(world.path()).expect("a file");
    assert_eq!(after.permissions().mode() & 0o777, 0o640);
    let mut old = String::new();
    reader.read_to_string(&mut old).expect("it can be read");
    assert_eq!(old, format!("{value}\n"), "a reader of the old file sees the old world");
    assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
    let names = fs::read_dir(world.folder()).expect("a folder").count() - world.locks().len();
    assert_eq!(names, 3, "world.json, link.json and run, and nothing left over");
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    assert_eq!(keys(&now), keys(&value), "in the order of their owner");
}

/// What the command prints on a terminal, both streams.
fn on_terminal(world: &World, args: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = world.program(Path::new("script"));
    command.args(["-qec", &format!("\"$PROGRAM\" {args}"), "/dev/null"]);
    command.env("PROGRAM", clusterhat()).env("TERM", "xterm").env_remove("CI");
    command.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
    command.envs(environment.iter().copied());
    Output::of(&mut command)
}

#[test]
fn colour_is_for_terminals_and_not_where_it_is_unwanted() {
    let world = World::builtin("v2.5");
    let plain = world.run(&["on", "p1"]);
    assert!(!format!("{plain:?}").contains("\\u{1b}"), "{plain:?}");
    let coloured = on_terminal(&world, "status", &[]);
    assert_eq!(coloured.status, 0, "{coloured:?}");
    assert!(coloured.stdout.contains("\x1b[32mon\x1b[0m"), "{coloured:?}");
    for unwanted in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let output = on_terminal(&world, "status", &[unwanted]);
        assert!(!output.stdout.contains('\x1b'), "{unwanted:?}: {output:?}");
        assert!(output.stdout.contains("p1    hat1   on         on"), "{output:?}");
    }
    let json = on_terminal(&world, "status --json", &[]);
    assert!(!json.stdout.contains('\x1b'), "{json:?}");
}

#[test]
fn progress_is_for_terminals_and_gone_at_the_end() {
    let world = World::builtin("v2.5");
    let plain = world.run(&["on", "p1", "p2"]);
    assert!(!plain.stderr.contains("waiting"), "{plain:?}");
    let shown = on_terminal(&world, "on p3 p4", &[("NO_COLOR", "1")]);
    assert!(shown.stdout.contains("p3 on; waiting 1.0 s"), "{shown:?}");
    let (_, end) = shown.stdout.rsplit_once("waiting").expect("progress");
    assert!(end.contains("\r\x1b[K") && end.contains("NODE"), "{shown:?}");
    let error = on_terminal(&world, "on p9", &[]);
    assert_eq!(error.status, 2, "{error:?}");
}

/// A pipe that nobody reads.
fn nobody() -> OwnedFd {
    let (_reader, writer) = UnixStream::pair().expect("a pair");
    writer.into()
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let world = World::builtin("v2.5");
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["on", "p1"],
        &["boards", "--probe"],
        &["--help"],
        &["--version"],
    ] {
        let output = Output::of(world.command(args).stdout(nobody()));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}");
    }
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x91, "what was asked for is done");
    let output = Output::of(world.command(&["on", "p9"]).stderr(nobody()));
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
}

#[test]
fn completions_survive_a_reader_that_goes_away() {
    let mut command = World::builtin("v2.5").command(&["completions", "bash"]);
    let output = Output::of(command.stdout(nobody()));
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    let world = World::builtin("v2.5");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = Output::of(world.command(&["status"]).stdout(full));
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("No space left"), "{output:?}");
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let world = World::builtin("v2.5");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        // Without a board, a world or a configuration.
        let mut command = world.program(clusterhat());
        let output = Output::of(command.args(["completions", shell]));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{shell}");
        for word in ["cycle", "dry-run", "completions"] {
            assert!(output.stdout.contains(word), "{shell}: no {word}");
        }
        let script = file(&world, &format!("clusterhat.{shell}"), &output.stdout);
        if ["bash", "zsh", "fish"].contains(&shell) {
            match Command::new(shell).arg("-n").arg(&script).output() {
                Ok(check) => assert!(check.status.success(), "{shell}: {check:?}"),
                Err(_) if shell != "bash" => {}
                Err(error) => panic!("bash: {error}"),
            }
        }
    }
}

/// A folder with what makes it a system.
fn system() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join("etc")).expect("it can be made");
    root
}

#[test]
fn the_lock_limit_holds_for_set_ups_too() {
    let (world, root) = (World::builtin("v2.5"), system());
    let held = fs::File::open(root.path()).expect("it can be opened");
    flock(&held, FlockOperation::LockExclusive).expect("nobody has it");
    for words in [&["setup"][..], &["setup", "undo"], &["network", "undo"]] {
        let mut command = world.program(clusterhat());
        command.args(words).arg("--root").arg(root.path()).args(["--lock-limit", "0.1"]);
        let output = Output::of(&mut command);
        assert_eq!(output.status, 3, "{output:?}");
        let parts = ["for more than 0.1 s", &format!("process {}", std::process::id())];
        assert!(parts.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    }
}

/// A user of this machine is none of the card's, and a misspelt one is told before anything is changed.
#[test]
fn users_of_a_card_are_those_that_are_on_it() {
    let (world, root) = (World::builtin("v2.5"), system());
    let at = |name: &str| root.path().join("etc").join(name);
    let group = "i2c:x:994:\ngpio:x:997:\nclusterhat:x:998:\n";
    fs::write(at("group"), group).expect("it can be written");
    fs::write(at("passwd"), "pi:x:1000:1000::/home/pi:/bin/bash\n").expect("it can be written");
    // A path that is not absolute will do, as for all else.
    let folder = root.path().parent().expect("a folder");
    let run = |words: &[&str]| {
        let mut command = world.program(clusterhat());
        command.args(["setup", "--root"]).arg(root.path().file_name().expect("a name"));
        Output::of(command.args(words).env("SUDO_USER", "nobody").current_dir(folder))
    };
    let groups = || fs::read_to_string(at("group")).expect("it is there");
    for name in ["nosuch", "", "a b", "-x"] {
        let output = run(&[&format!("--user={name}")]);
        assert_eq!(output.status, 2, "{output:?}");
        assert!(output.stderr.contains("there is no user"), "{output:?}");
        assert!(!at("modules-load.d").exists());
    }
    assert_eq!(run(&[]).status, 0);
    assert_eq!(groups(), group, "nobody of the caller's machine is added");
    let added = run(&["--user", "pi"]);
    assert_eq!((added.status, groups()), (0, group.replace(":\n", ":pi\n")), "{added:?}");
    let undone = run(&["undo"]);
    assert_eq!((undone.status, groups()), (0, group.to_owned()), "{undone:?}");
}

/// Each spelling, and what is for setting up only.
#[test]
fn a_set_up_is_undone_by_setup_undo() {
    let (world, root) = (World::builtin("v2.5"), system());
    let run = |words: &[&str]| {
        let mut command = world.program(clusterhat());
        Output::of(command.arg("setup").args(words).arg("--root").arg(root.path()))
    };
    let there = || root.path().join("var/lib/clusterhat").exists();
    for undo in [&["undo"][..], &["--undo"]] {
        assert_eq!((run(&[]).status, there()), (0, true));
        let planned = run(&[undo, &["--dry-run"]].concat());
        assert_eq!((planned.status, there()), (0, true), "{planned:?}");
        let undone = run(&[undo, &["--force"]].concat());
        assert_eq!((undone.status, there()), (0, false), "{undone:?}");
    }
    let refused = run(&["--serial-console", "undo"]);
    assert_eq!((refused.status, there()), (2, false), "{refused:?}");
}

/// What undoing does not touch is no reason not to undo.
#[test]
fn a_set_up_is_undone_whatever_became_of_files_that_it_only_looked_at() {
    let (world, root) = (World::builtin("v2.5"), system());
    let run = |words: &[&str]| {
        let mut command = world.program(clusterhat());
        Output::of(command.args(["setup", "--root"]).arg(root.path()).args(words))
    };
    assert_eq!(run(&[]).status, 0);
    for name in ["rc.local", "group"] {
        fs::create_dir(root.path().join("etc").join(name)).expect("it can be made");
    }
    let undone = run(&["--undo"]);
    assert_eq!(undone.status, 0, "{undone:?}");
    assert!(!root.path().join("var/lib/clusterhat").exists());
}

/// A delay that was meant and cannot be read must not become the default.
#[test]
fn a_time_that_is_not_utf_8_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::builtin("v2.5");
    for name in ["CLUSTERHAT_DELAY", "CLUSTERHAT_OFF_TIME", "CLUSTERHAT_LOCK_LIMIT"] {
        let mut command = world.command(&["on"]);
        command.env(name, std::ffi::OsStr::from_bytes(b"3\xff"));
        assert_refused(&Output::of(&mut command), &[name, "seconds"]);
    }
    assert_eq!(world.read()["chips"]["1"]["r"][3], 255, "nothing was touched");
}

/// It would be another place in each folder.
#[test]
fn a_runtime_folder_that_is_no_absolute_path_counts_as_none() {
    let (here, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut command = Command::new(clusterhat());
    command.args(["--sim", "v2.5", "maxpi"]).current_dir(here.path());
    command.env("XDG_RUNTIME_DIR", "run").env("TMPDIR", temporary.path());
    assert_eq!(Output::of(&mut command).stdout, "4\n");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
}

#[test]
fn a_named_world_that_was_spoilt_says_what_to_do() {
    let world = World::builtin("v2.5");
    assert_eq!(world.run(&["--sim", "v2.3", "maxpi"]).status, 0);
    let file = world.runtime().join("clusterhat/v2.3.json");
    fs::write(&file, "spoilt").unwrap();
    let output = world.run(&["--sim", "v2.3", "maxpi"]);
    let file = file.display().to_string();
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.contains(&file), "{output:?}");
    assert!(output.stderr.contains("; remove this file for a fresh board"), "{output:?}");
}
