//! Systems below `--root`, such as a card that somebody has prepared, whose links lead out of them: no command makes, changes or
//! removes anything there.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod command;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clusterhat_tests::command::{Output, World};
use command::clusterhat;
use tempfile::TempDir;

/// A system, and another folder beside it that is none of its business.
struct Roots {
    world: World,
    folder: TempDir,
}

impl Roots {
    fn new(manager: &str) -> Self {
        // In memory, where that is: every step of a setup waits for the disk.
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        let new = Self { world: World::builtin("v2.5"), folder };
        for (path, text) in [
            (
                "etc/clusterhat/clusterhat.toml",
                "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n",
            ),
            ("etc/group", "i2c:x:994:\ngpio:x:986:\nclusterhat:x:900:\n"),
            ("etc/passwd", "pi:x:1000:1000::/home/pi:/bin/sh\n"),
            ("etc/hosts", "127.0.0.1 localhost\n"),
            ("boot/firmware/config.txt", "dtparam=audio=on\n"),
            ("usr/sbin/dnsmasq", ""),
            ("usr/sbin/nft", ""),
        ] {
            new.write(&new.root().join(path), text);
        }
        let unit = format!("usr/lib/systemd/system/{manager}.service");
        new.write(&new.root().join(&unit), "[Install]\nWantedBy=multi-user.target\n");
        let wants = new.root().join("etc/systemd/system/multi-user.target.wants");
        fs::create_dir_all(&wants).unwrap();
        symlink(Path::new("/").join(unit), wants.join(format!("{manager}.service"))).unwrap();
        for name in ["hosts", "group", "desired.json", "chaos.json", "1-1.2"] {
            new.write(&new.outside().join(name), "theirs\n");
        }
        new
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn outside(&self) -> PathBuf {
        self.folder.path().join("outside")
    }

    fn write(&self, path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Puts a link to a file or folder outside in the place of one of the system.
    fn link(&self, path: &str, to: &str) {
        let at = self.root().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        if at.is_dir() {
            fs::remove_dir_all(&at).unwrap();
        } else {
            let _ = fs::remove_file(&at);
        }
        symlink(self.outside().join(to), at).unwrap();
    }

    fn run(&self, words: &[&str]) -> Output {
        Output::of(self.command(words).stdin(Stdio::null()))
    }

    /// With simulated boards.
    fn run_simulated(&self, words: &[&str]) -> Output {
        Output::of(
            self.command(words)
                .env("CLUSTERHAT_SIM", self.world.path())
                .env("CLUSTERHAT_SIM_NOWAIT", "1")
                .stdin(Stdio::null()),
        )
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.program(clusterhat());
        command.arg("--root").arg(self.root()).args(words);
        command
    }

    /// All that is outside, with its text and rights.
    fn theirs(&self) -> BTreeMap<PathBuf, (u32, Option<String>)> {
        let (mut folders, mut found) = (vec![self.outside()], BTreeMap::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
                folders.extend(path.is_dir().then(|| path.clone()));
                let text = fs::read_to_string(&path).ok();
                found.insert(path, (mode, text));
            }
        }
        found
    }
}

/// Seen: `doctor` made a record outside that everybody could write, and `status --watch` a folder.
#[test]
fn a_folder_outside_is_refused_by_every_command() {
    let commands = [
        &["doctor"][..],
        &["doctor", "--fix"],
        &["status"],
        &["status", "--watch"],
        &["boards"],
        &["init"],
        &["on", "p1"],
        &["off"],
        &["cycle", "p1"],
        &["restore", "--all"],
        &["chaos", "p1", "--mtbf", "9", "--mttr", "9", "--duration", "9"],
        &["events", "p1"],
        &["console", "p1"],
        &["setup"],
        &["network", "setup", "--mode", "nat"],
    ];
    for path in [
        "dev",
        "run",
        "run/systemd/journal",
        "run/lock",
        "run/clusterhat",
        "run/clusterhat-nodes",
        "var",
        "var/lib",
        "var/lib/clusterhat",
        "var/lib/clusterhat/power",
    ] {
        let roots = Roots::new("systemd-networkd");
        roots.link(path, "");
        let before = roots.theirs();
        for words in commands {
            let refused = roots.run(words);
            assert_eq!(refused.status, 2, "{words:?}: {refused:?}");
            let told = format!(
                "{}: a symbolic link there leads out of ",
                roots.root().join(path).display()
            );
            let said = [&*refused.stdout, &*refused.stderr].concat();
            assert!(said.contains(&told), "{words:?}: {refused:?}");
            assert_eq!(roots.theirs(), before, "{words:?} with a link at {path}");
        }
    }
}

/// The service of another machine has other nodes.
#[test]
fn a_socket_that_leads_out_is_not_connected_to() {
    let roots = Roots::new("systemd-networkd");
    let service = UnixListener::bind(roots.outside().join("socket")).unwrap();
    service.set_nonblocking(true).unwrap();
    roots.link("run/clusterhat/clusterhatd.sock", "socket");
    let tried = roots.run(&["console", "p1", "--expect", "login:", "--timeout", "0.1"]);
    assert_ne!(tried.status, 0, "{tried:?}");
    let called = service.accept().map(|_| ()).map_err(|error| error.kind());
    assert_eq!(called, Err(ErrorKind::WouldBlock), "{tried:?}");
}

/// Where the link stays inside, the system's own folder is used.
#[test]
fn a_link_that_stays_inside_is_followed() {
    let roots = Roots::new("systemd-networkd");
    fs::create_dir_all(roots.root().join("var/volatile")).unwrap();
    fs::create_dir_all(roots.root().join("run")).unwrap();
    symlink("../var/volatile", roots.root().join("run/lock")).unwrap();
    let told = roots.run(&["doctor"]);
    assert!(!told.stderr.contains("leads out"), "{told:?}");
}

/// Set-ups work within the system, whatever its links say: a link means a file of the system, or is refused.
#[test]
fn setups_and_their_undoing_leave_what_is_outside_alone() {
    for manager in ["NetworkManager", "systemd-networkd"] {
        for (path, to) in [
            ("etc", ""),
            ("etc/group", "group"),
            ("etc/hosts", "hosts"),
            ("etc/clusterhat", ""),
            ("etc/systemd", ""),
            ("etc/systemd/network", ""),
            ("etc/NetworkManager", ""),
            ("etc/NetworkManager/system-connections", ""),
            ("var/lib/clusterhat", ""),
            ("var/lib/clusterhat/setup", ""),
            ("boot/firmware", ""),
        ] {
            for is_late in [false, true] {
                let roots = Roots::new(manager);
                let before = roots.theirs();
                if !is_late {
                    roots.link(path, to);
                }
                for words in [
                    &["setup", "--user", "pi"][..],
                    &["network", "setup", "--mode", "nat"],
                    &["network", "undo", "--force"],
                    &["network", "setup", "--mode", "bridge", "--cluster", "rack"],
                    &["network", "undo", "--force"],
                    &["setup", "undo", "--force"],
                ] {
                    // A link that comes after the set-up is met by its undoing.
                    if is_late && words.contains(&"undo") {
                        roots.link(path, to);
                    }
                    let done = roots.run_simulated(words);
                    if is_late && !words.contains(&"undo") && !roots.root().join(path).is_symlink()
                    {
                        assert_eq!(done.status, 0, "{words:?}: {done:?}");
                    }
                    assert_eq!(roots.theirs(), before, "{words:?} with a link at {path}: {done:?}");
                }
            }
        }
    }
}

/// Seen: a folder of hooks outside was followed, and its programs ran.
#[test]
fn hooks_outside_are_not_run() {
    let roots = Roots::new("systemd-networkd");
    let mark = roots.world.folder().join("mark");
    let hook = roots.outside().join("hooks.d/50-mark");
    roots.write(&hook, &format!("#!/bin/sh\necho ran >> '{}'\n", mark.display()));
    for path in [hook.as_path(), hook.parent().unwrap()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let switch = |word: &str| roots.run_simulated(&[word, "p1"]);
    roots.link("etc/clusterhat/hooks.d", "hooks.d");
    let done = switch("on");
    assert!(done.status == 0 && !mark.exists(), "{done:?}");
    assert!(
        done.stderr.contains("no hook is run: a symbolic link leads out of the root"),
        "{done:?}"
    );
    fs::remove_file(roots.root().join("etc/clusterhat/hooks.d")).unwrap();
    command::make_hooks_folder(&roots.root());
    roots.link("etc/clusterhat/hooks.d/50-mark", "hooks.d/50-mark");
    let done = switch("off");
    assert!(done.status == 0 && !mark.exists(), "{done:?}");
    assert!(
        done.stderr.contains("50-mark is not run: it is a symbolic link that leads out"),
        "{done:?}"
    );
}
