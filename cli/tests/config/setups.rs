//! What counts for setting up and undoing.

use super::*;

/// A folder with what makes it a system.
fn system() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(root.path().join("etc")).expect("it can be made");
    root
}

fn setup(world: &World, root: &Path, words: &[&str]) -> Output {
    let mut command = world.program(clusterhat());
    Output::of(command.args(["setup", "--root"]).arg(root).args(words))
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
        let parts = ["within 0.1 s: ", &format!("process {}", std::process::id())];
        assert!(parts.iter().all(|part| output.stderr.contains(part)), "{output:?}");
    }
    // As for the bus: the environment before the file.
    let toml = root.path().join("etc/clusterhat/clusterhat.toml");
    fs::create_dir(toml.parent().expect("a folder")).expect("it can be made");
    fs::write(toml, "lock-limit = 0.2\n").expect("it can be written");
    for words in [&["setup"][..], &["setup", "undo"], &["network", "undo"]] {
        for (variable, limit) in [("", "0.2"), ("0.3", "0.3")] {
            let mut command = world.program(clusterhat());
            command.args(words).arg("--root").arg(root.path());
            let output = Output::of(command.env("CLUSTERHAT_LOCK_LIMIT", variable));
            let told = format!("within {limit} s: ");
            assert!(output.status == 3 && output.stderr.contains(&told), "{output:?}");
        }
    }
}

/// What is changed has a record, whichever came last, and one undo is enough.
#[test]
fn set_ups_and_undoings_at_once_lose_nothing() {
    let (world, root) = (World::builtin("v2.5"), system());
    let at = |name: &str| root.path().join(name);
    fs::create_dir_all(at("boot/firmware")).expect("it can be made");
    let config = "dtparam=audio=on\n";
    fs::write(at("boot/firmware/config.txt"), config).expect("it can be written");
    let read = || fs::read_to_string(at("boot/firmware/config.txt")).expect("it is there");
    let start = |words: &[&str]| {
        let mut command = world.program(clusterhat());
        command.arg("setup").args(words).arg("--root").arg(root.path());
        Running::spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    };
    for round in 0..20 {
        if round % 2 == 1 {
            assert_eq!(setup(&world, root.path(), &[]).status, 0);
        }
        for running in [start(&[]), start(if round % 2 == 1 { &["undo"] } else { &[] })] {
            let output = running.finish();
            assert_eq!(output.status, 0, "{output:?}");
        }
        let record = at("var/lib/clusterhat/setup/manifest.json");
        assert_eq!(record.exists(), read() != config, "what is changed has a record");
        let undone = setup(&world, root.path(), &["undo"]);
        assert_eq!((undone.status, read()), (0, config.to_owned()), "{undone:?}");
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
    let planned = run(&["--user", "pi", "--dry-run"]);
    assert!(planned.stdout.contains("pi would be in the group i2c\n"), "{planned:?}");
    assert_eq!(groups(), group);
    let added = run(&["--user", "pi"]);
    assert_eq!((added.status, groups()), (0, group.replace(":\n", ":pi\n")), "{added:?}");
    let planned = run(&["undo", "--dry-run"]);
    assert!(planned.stdout.contains("pi would no longer be in the group i2c\n"), "{planned:?}");
    let undone = run(&["undo"]);
    assert_eq!((undone.status, groups()), (0, group.to_owned()), "{undone:?}");
}

/// Said to be done, with the record gone, where `etc/group` could not be replaced.
#[test]
fn a_user_who_cannot_be_taken_out_of_a_group_keeps_the_set_up() {
    let (world, root) = (World::builtin("v2.5"), system());
    let at = |name: &str| root.path().join("etc").join(name);
    fs::write(at("group"), "clusterhat:x:998:\n").expect("it can be written");
    fs::write(at("passwd"), "pi:x:1000:1000::/home/pi:/bin/bash\n").expect("it can be written");
    let run = |words: &[&str]| setup(&world, root.path(), words);
    assert_eq!(run(&["--user", "pi"]).status, 0);
    // Nothing can be written there, also not by root.
    let (group, aside) = (at("group"), at("aside"));
    fs::rename(&group, &aside).expect("it can be moved");
    fs::create_dir(&group).expect("it can be made");
    let failed = run(&["undo"]);
    assert_eq!((failed.status, &*failed.stdout), (1, ""), "{failed:?}");
    let parts = ["pi is still in the group clusterhat", "etc/group is not a regular file"];
    assert!(parts.iter().all(|part| failed.stderr.contains(part)), "{failed:?}");
    fs::remove_dir(&group).expect("it is empty");
    fs::rename(&aside, &group).expect("it can be moved");
    let undone = run(&["undo"]);
    assert_eq!(undone.status, 0, "{undone:?}");
    assert_eq!(fs::read_to_string(&group).expect("it is there"), "clusterhat:x:998:\n");
}

/// What a kill between writing and renaming leaves, a copy of `gshadow` among it.
#[test]
fn drafts_of_a_set_up_that_was_killed_go() {
    let (world, root) = (World::builtin("v2.5"), system());
    let run = |words: &[&str]| setup(&world, root.path(), words);
    for words in [&[][..], &["undo"], &["undo"]] {
        let drafts = ["group", "gshadow"]
            .map(|name| root.path().join(format!("etc/.{name}.clusterhat-new")));
        drafts.iter().for_each(|draft| fs::write(draft, "i2c:!::\n").expect("it can be written"));
        let planned = run(&[words, &["--dry-run"]].concat());
        assert!(drafts.iter().all(|draft| draft.exists()), "{planned:?}");
        let output = run(words);
        assert_eq!(output.status, 0, "{output:?}");
        assert!(!drafts.iter().any(|draft| draft.exists()), "{output:?}");
    }
}

/// A system with systemd-networkd.
fn networkd() -> tempfile::TempDir {
    let root = system();
    let unit = "usr/lib/systemd/system/systemd-networkd.service";
    let wants = "etc/systemd/system/multi-user.target.wants";
    for folder in ["usr/lib/systemd/system", wants] {
        fs::create_dir_all(root.path().join(folder)).expect("it can be made");
    }
    for (path, text) in [(unit, "[Unit]\n"), ("etc/hosts", "127.0.0.1 localhost\n")] {
        fs::write(root.path().join(path), text).expect("it can be written");
    }
    let link = root.path().join(wants).join("systemd-networkd.service");
    symlink(format!("/{unit}"), link).expect("it can be made");
    root
}

/// A note told to set up again with a cluster's name, which took everything else back.
#[test]
fn what_a_later_network_setup_does_not_name_stays() {
    let (world, root) = (World::builtin("v2.5"), networkd());
    let run = |words: &[&str]| {
        let mut command = world.program(clusterhat());
        command.args(["network", "setup", "--sim", "v2.5", "--root"]).arg(root.path());
        Output::of(command.args(words))
    };
    let settings = || {
        let text = fs::read_to_string(root.path().join("etc/clusterhat/network.toml"));
        text.expect("it is there").lines().skip(3).map(str::to_owned).collect::<Vec<_>>()
    };
    let all =
        ["--mode=nat", "--subnet=10.4.5.0/24", "--cluster=a", "--isolate", "--allow-forwarding"];
    let first = run(&all);
    assert_eq!((first.status, first.stdout.contains("kept")), (0, false), "{first:?}");
    let was = [
        "subnet = \"10.4.5.0/24\"",
        "cluster = \"a\"",
        "isolate = true",
        "allow-forwarding = true",
    ];
    assert_eq!(settings(), was);
    let again = run(&["--mode", "nat"]);
    assert_eq!((again.status, settings()), (0, was.map(str::to_owned).to_vec()), "{again:?}");
    let kept =
        "kept as it was set up before: subnet 10.4.5.0/24, cluster a, isolated nodes, nodes let";
    assert!(again.stdout.contains(kept), "{again:?}");
    let other = run(&["--mode=nat", "--isolate=false", "--allow-forwarding=false", "--cluster=b"]);
    assert_eq!(other.status, 0, "{other:?}");
    assert_eq!(settings(), ["subnet = \"10.4.5.0/24\"", "cluster = \"b\""]);
    // Seen: the nodes were in another network afterwards, and nobody was told.
    let bridge = run(&["--mode=bridge", "--uplink=eth0", "--dry-run"]);
    let lost =
        "not kept, since only mode nat has it: subnet 10.4.5.0/24: give --subnet 10.4.5.0/24 with";
    assert!(bridge.status == 0 && bridge.stdout.contains(lost), "{bridge:?}");
    let bridge = run(&["--mode=bridge", "--uplink=eth0", "--subnet=10.0.0.0/24"]);
    let unused = "the subnet 10.0.0.0/24 is not used";
    assert!(bridge.status == 0 && bridge.stdout.contains(unused), "{bridge:?}");
    assert_eq!(settings(), ["uplink = \"eth0\"", "cluster = \"b\""]);
    // Seen: nothing said that it will be refused.
    let file = root.path().join("etc/clusterhat/network.toml");
    let text = fs::read_to_string(&file).expect("it is there");
    fs::write(&file, format!("{text}# mine\n")).expect("it is there");
    let undo = |words: &[&str]| {
        let mut command = world.program(clusterhat());
        Output::of(command.args(["network", "undo", "--root"]).arg(root.path()).args(words))
    };
    let planned = undo(&["--dry-run"]);
    let told = format!("note: it would be refused: changed since the setup: {}", file.display());
    assert!(planned.status == 0 && planned.stdout.contains(&told), "{planned:?}");
    assert!(!undo(&["--dry-run", "--force"]).stdout.contains("note:"));
    assert_eq!(undo(&[]).status, 1);
    fs::write(&file, text).expect("it is there");
    let same = run(&["--mode=bridge"]);
    assert_eq!((same.status, settings()[0].as_str()), (0, "uplink = \"eth0\""), "{same:?}");
    let back = run(&["--mode=nat", "--dry-run"]);
    assert!(back.stdout.contains("uplink eth0: give --uplink eth0 with the next"), "{back:?}");
    // Seen: nothing stayed, and nobody was told.
    fs::write(root.path().join("etc/clusterhat/network.toml"), "mode = 7\n").expect("it is there");
    let lost = run(&["--mode=nat"]);
    let told = "the earlier settings cannot be read (";
    assert!(lost.status == 0 && lost.stdout.contains(told), "{lost:?}");
    assert!(lost.stdout.contains("give --subnet, --isolate"), "{lost:?}");
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
    let run = |words: &[&str]| setup(&world, root.path(), words);
    assert_eq!(run(&[]).status, 0);
    for name in ["rc.local", "group"] {
        fs::create_dir(root.path().join("etc").join(name)).expect("it can be made");
    }
    let undone = run(&["--undo"]);
    assert_eq!(undone.status, 0, "{undone:?}");
    assert!(!root.path().join("var/lib/clusterhat").exists());
}
