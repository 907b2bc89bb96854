//! The machine, its files and simulations.

use super::*;

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
    assert_refused(&output, &[&format!("{}:1: not UTF-8", ours.display())]);
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
    assert_eq!(names, 4, "world.json, its desired state, link.json and run, and nothing left over");
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    let with_ours = keys(&value).map(|keys| [keys, vec!["lives".to_owned()]].concat());
    assert_eq!(
        keys(&now),
        with_ours,
        "in the order of their owner, and what is kept of nodes behind"
    );
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

/// Seen: an error of `--sim`, with a path that nobody had given.
#[test]
fn a_runtime_folder_that_cannot_be_used_is_named() {
    let world = World::builtin("v2.5");
    let file = world.folder().join("file");
    fs::write(&file, "").unwrap();
    let named = |variables: &[(&str, &Path)]| {
        let mut command = world.program(clusterhat());
        command.args(["--sim", "v2.5", "maxpi"]).envs(variables.iter().copied());
        Output::of(&mut command)
    };
    let output = named(&[("XDG_RUNTIME_DIR", &file)]);
    let path = file.join("clusterhat");
    let text = format!(
        "clusterhat: cannot use {}, the folder of your simulations below XDG_RUNTIME_DIR: Not a directory",
        path.display()
    );
    assert_eq!(output.status, 2, "{output:?}");
    assert!(output.stderr.starts_with(&text), "{output:?}");
    assert!(
        output.stderr.ends_with("; set XDG_RUNTIME_DIR to a folder of your own\n"),
        "{output:?}"
    );
    let output = named(&[("XDG_RUNTIME_DIR", Path::new("")), ("TMPDIR", &file)]);
    assert!(output.stderr.contains("since XDG_RUNTIME_DIR names no absolute path"), "{output:?}");
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
