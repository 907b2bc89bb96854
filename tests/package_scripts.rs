//! What the packages' shell scripts share, with stand-ins for the programs that take long.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use clusterhat_tests::running::until;
use rustix::process::{Pid, Signal, kill_process_group};

fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a stand-in");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A shell that runs a script in a folder, with what a file of this repository holds, whose path is from this one's.
fn with_functions(file: &str, script: &str, name: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("set -eu; . \"$1\"; {script}"), name]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).current_dir(folder);
    command
}

/// Of two that ask for the same root at once, one makes it and the other waits for that.
#[test]
fn a_root_is_made_once_however_many_ask() {
    let tree = tempfile::tempdir().expect("a folder");
    let programs = tree.path().join("programs");
    fs::create_dir(&programs).expect("a folder");
    program(&programs, "sudo", "exec \"$@\"");
    // Its folder is the last word but one. It takes a while, in which whoever does not wait comes by.
    program(
        &programs,
        "mmdebstrap",
        "shift $(($# - 2)); echo made >>calls; mkdir \"$1\"; sleep 0.5; touch \"$1/whole\"",
    );
    let script = "root trixie sudo & one=$!; made=\"$(root trixie sudo)\"; wait \"$one\"; \
                  ls \"$made/whole\"";
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a path"));
    let output = with_functions("../packages/lib.sh", script, "sh", tree.path())
        .env("PATH", path)
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(tree.path().join("calls")).expect("calls"), "made\n");
    // No leftover, and what both say is the same folder.
    let said = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert_eq!(format!("{}/whole", lines[0]), lines[1]);
}

/// Seen: packages of another state were tested without a word.
#[test]
fn packages_that_are_older_than_the_tree_are_refused() {
    let tree = tempfile::tempdir().expect("a folder");
    let script = "mkdir -p target tests cli; touch -d 2020-01-01 Cargo.toml cli/main.rs; \
                  touch -d 2020-01-02 target/a_1-1_arm64.deb; touch -d 2020-01-03 tests/run README.md; \
                  of_this_tree target/*.deb; touch -d 2020-01-03 cli/main.rs; of_this_tree target/*.deb";
    let output = with_functions("../packages/lib.sh", script, "pi/run", tree.path())
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).expect("text");
    assert_eq!(said, "a_1-1_arm64.deb, built 2020-01-02 00:00:00\n".repeat(2));
    let said = String::from_utf8(output.stderr).expect("text");
    let told =
        "pi/run: a_1-1_arm64.deb is older than ./cli/main.rs: packages/build makes it anew\n";
    assert_eq!(said, told);
}

/// It is no failure, and the sum stays on the last line.
#[test]
fn a_run_that_took_longer_than_is_promised_says_so() {
    let tree = tempfile::tempdir().expect("a folder");
    fs::create_dir(tree.path().join("target")).expect("a folder");
    let script = "touch \"$logs/a.log\"; now=\"$(date +%s)\"; conclude a; conclude b 2 $((now - 60)); \
                  conclude c 2 $((now - 190))";
    let output = with_functions("steps.sh", script, "sh", tree.path()).output().expect("a shell");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 7, "{said}");
    assert!(lines[5].starts_with("warning: 3 min 1"), "{said}");
    assert!(lines[5].contains("more than the 2 min that CONTRIBUTING.md promises"), "{said}");
    assert_eq!(lines[6], "0 passed, 0 failed, 0 skipped");
    let slow = fs::read_to_string(tree.path().join("target/steps/slow")).expect("a file");
    assert_eq!(slow.trim_end(), lines[5]);
}

/// Steps that run side by side are taken by one runner each, and none is left out.
#[test]
fn each_step_runs_once() {
    let tree = tempfile::tempdir().expect("a folder");
    fs::create_dir(tree.path().join("target")).expect("a folder");
    let script = "seq 200 | sed 's/$/ true/' | side_by_side";
    let output = with_functions("steps.sh", script, "sh", tree.path()).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    let name =
        |line: &str| line.trim().strip_prefix("done")?.trim().split(',').next()?.parse().ok();
    let mut done: Vec<u32> = said.lines().filter_map(name).collect();
    done.sort_unstable();
    assert_eq!(done, (1..=200).collect::<Vec<_>>());
}

/// Seen: after Ctrl-C, the steps that were left ran on without anybody who waited for them.
#[test]
fn no_step_begins_after_an_interruption() {
    let tree = tempfile::tempdir().expect("a folder");
    fs::create_dir(tree.path().join("target")).expect("a folder");
    program(tree.path(), "long", "echo begun; exec sleep 60");
    let script = "seq 200 | sed 's,$, ./long,' | side_by_side";
    let mut command = with_functions("steps.sh", script, "sh", tree.path());
    command.process_group(0);
    let mut shell = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a shell");
    let logs = tree.path().join("target/steps");
    let runners = std::thread::available_parallelism().expect("processors").get() + 1;
    let has_begun =
        |step| fs::read(logs.join(format!("{step}.log"))).is_ok_and(|log| !log.is_empty());
    until("the first steps", || (1..=runners).all(has_begun));
    kill_process_group(Pid::from_child(&shell), Signal::INT).expect("its group");
    assert_eq!(shell.wait().expect("a shell").code(), Some(130));
    assert!(!logs.join("waiting").exists());
    // Whoever took the steps ends, too, and says nothing of it.
    let mut said = String::new();
    shell.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!(said, "");
}

/// Seen: a package index that was being renewed on the mirror ended the first command on a fresh machine.
#[test]
fn a_mirror_that_is_being_renewed_is_tried_again() {
    let tree = tempfile::tempdir().expect("a folder");
    program(tree.path(), "sudo", "exec \"$@\"");
    program(tree.path(), "sleep", "echo sleep $1 >>\"$CALLS\"");
    let path = format!("{}:{}", tree.path().display(), std::env::var("PATH").expect("a path"));
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("apt-install");
    for (failures, said, status, told) in [
        (2, "unexpected size", 0, "update\nsleep 5\nupdate\nsleep 20\nupdate\ninstall this\n"),
        (
            9,
            "Hash Sum mismatch",
            1,
            "update\nsleep 5\nupdate\nsleep 20\nupdate\nsleep 60\nupdate\n",
        ),
        (1, "no network", 1, "update\n"),
    ] {
        let calls = tree.path().join("calls");
        let apt = format!(
            "for last; do :; done
             case $1 in update) echo update ;; *) echo \"$1 $last\" ;; esac >>\"$CALLS\"
             [ \"$(grep -c update \"$CALLS\")\" -gt {failures} ] || {{ echo '{said}' >&2; exit 100; }}"
        );
        program(tree.path(), "apt-get", &apt);
        let mut command = Command::new(&install);
        let output = command.arg("this").env("PATH", &path).env("CALLS", &calls).output();
        let output = output.expect("a shell");
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let stderr = String::from_utf8(output.stderr).expect("text");
        assert!(stderr.contains(said), "{stderr}");
        assert_eq!(fs::read_to_string(&calls).expect("calls"), told);
        fs::remove_file(&calls).expect("calls");
    }
}

/// What is installed, and the package of each file by its name.
#[test]
fn each_installed_file_is_of_one_package() {
    let tree = tempfile::tempdir().expect("a folder");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in ["cluster", "daemon", "node", "packages", "udev"] {
        symlink(repository.join(folder), tree.path().join(folder)).expect("a link");
    }
    for folder in ["programs", "debian"] {
        fs::create_dir(tree.path().join(folder)).expect("a folder");
    }
    for name in ["clusterhat", "clusterhat-node", "clusterhatd"] {
        program(&tree.path().join("programs"), name, "");
    }
    let output = Command::new("packages/lay")
        .args(["programs", "1.2.3"])
        .env("SOURCE_DATE_EPOCH", "0")
        .current_dir(tree.path())
        .output()
        .expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let installed = |package: &str| {
        let list = tree.path().join("debian").join(package).with_extension("install");
        let list = fs::read_to_string(list).expect("a list");
        list.lines()
            .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for (package, expected) in [
        ("clusterhat", &["bin/clusterhat", "share/clusterhat/document.schema.json"][..]),
        ("clusterhat-node", &["bin/clusterhat-node", "share/clusterhat-node/document.schema.json"]),
        (
            "clusterhatd",
            &[
                "bin/clusterhatd",
                "lib/systemd/system/clusterhatd.service",
                "lib/systemd/system/clusterhatd.socket",
                "lib/sysusers.d/clusterhatd.conf",
                "share/clusterhatd/grafana/clusterhat.json",
                "share/clusterhatd/prometheus/clusterhat.rules.yml",
                "share/fish/vendor_completions.d/clusterhatd.fish",
                "share/man/man8/clusterhatd.8",
            ],
        ),
    ] {
        let files = installed(package);
        for file in expected {
            assert!(files.contains(&format!("usr/{file}")), "{package}: {file}: {files:?}");
        }
        all.extend(files);
    }
    let distinct: BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
    assert!(all.iter().all(|path| tree.path().join(path).is_file()), "{all:?}");
}

/// Seen: a file that had become a folder was not mutated any more, and nothing said so.
#[test]
fn whatever_mutation_testing_names_is_there() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(repository.join(".cargo/mutants.toml")).expect("a file");
    let table: toml::Table = text.parse().expect("TOML");
    let globs = table["examine_globs"].as_array().expect("a list");
    let mut named = 0;
    for glob in globs.iter().filter_map(toml::Value::as_str) {
        let (before, rest) = glob.split_once('{').unwrap_or((glob, "}"));
        let (words, after) = rest.split_once('}').expect("a closing brace");
        for word in words.split(',') {
            let path = format!("{before}{word}{after}");
            // All of a folder, or a file.
            let path = repository.join(path.strip_suffix("/*.rs").unwrap_or(&path));
            assert!(path.exists(), "{}", path.display());
            named += 1;
        }
    }
    assert!(named > 20, "{named}");
}
