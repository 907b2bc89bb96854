//! Started by hand, to try it: on a simulated board, in folders that are gone afterwards.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use clusterhat_tests::namespace::{ip, within};
use clusterhat_tests::process;
use clusterhat_tests::running::until;
use rustix::process::Signal;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_clusterhatd");

/// A command whose temporary files are below this folder.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("TMPDIR", folder).env("XDG_RUNTIME_DIR", folder);
    command.env_remove("JOURNAL_STREAM").env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn first_line(child: &mut Child) -> Value {
    let mut line = String::new();
    let stdout = child.stdout.as_mut().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("it prints a line");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
}

fn signal(child: &Child, signal: Signal) {
    assert!(process::signal(child.id(), signal));
}

/// Folders that somebody made for a daemon.
fn temporary(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("clusterhatd-") || name.starts_with("tmp.")).collect()
}

/// Seen: it served nothing, did not say so, and wrote an account into /var/lib/clusterhatd.
#[test]
fn a_simulation_is_served_on_loopback_and_leaves_nothing() {
    // Where nobody else has the port.
    within("by_hand::a_simulation_is_served_on_loopback_and_leaves_nothing", || {
        ip("link set lo up");
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(Path::new(PROGRAM), folder.path());
        let mut child = child.args(["--sim", "v2.5"]).spawn().unwrap();
        let line = first_line(&mut child);
        assert_eq!(
            (&line["url"], &line["user"]),
            (&"https://127.0.0.1:8443".into(), &"admin".into())
        );
        let made = temporary(folder.path());
        assert_eq!(made.len(), 1);
        let mode = fs::metadata(folder.path().join(&made[0])).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        signal(&child, Signal::TERM);
        assert!(child.wait().unwrap().success());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains(&made[0]) && stderr.contains("removed at the end"), "{stderr}");
        assert_eq!(temporary(folder.path()), [""; 0]);
    });
}

/// Seen: a line about a folder that was never used, above the error.
#[test]
fn a_simulation_that_is_not_there_is_all_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(Path::new(PROGRAM), folder.path()).args(["--sim", "none"]).output();
    let output = output.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    assert_eq!(temporary(folder.path()), [""; 0]);
}

/// Seen: the daemon and its folder stayed when the terminal was closed.
#[test]
fn what_was_tried_ends_with_its_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let script = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/try")).unwrap();
    let script = write("daemon/try", &script);
    // In the place of what builds the program: the program, at any free port, which says which process it is.
    let pid = folder.path().join("pid");
    let lines = format!(
        "#!/bin/sh\necho $$ > {}\nshift 2\nexec {PROGRAM} --listen 127.0.0.1:0 \"$@\"\n",
        pid.display()
    );
    let wrapper = write("wrapper", &lines);
    write("tests/build-to-try", &format!("#!/bin/sh\necho {}\n", wrapper.display()));
    for sent in [Signal::HUP, Signal::INT, Signal::TERM] {
        let mut child = command(&script, folder.path()).spawn().unwrap();
        assert_eq!(first_line(&mut child)["user"], "admin");
        let daemon = fs::read_to_string(&pid).unwrap();
        signal(&child, sent);
        until("the script's end", || child.try_wait().unwrap().is_some());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{sent:?}");
        assert!(!Path::new("/proc").join(daemon.trim()).exists(), "{sent:?}");
        assert_eq!(temporary(folder.path()), [""; 0], "{sent:?}");
    }
    // Seen: it ended with 0 although nothing was served.
    let mut child = command(&script, folder.path()).arg("--nonsense").spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

/// Seen: it went on, with its address and its folder, and only read its configuration again.
#[test]
fn what_is_started_on_a_terminal_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let log = folder.path().join("log");
    for (before, ends) in [("", true), ("nohup ", false)] {
        // The shell has the terminal, and script(1) its other end.
        let line = format!(
            "{before}{PROGRAM} --sim v2.5 --listen 127.0.0.1:0 >{log} 2>&1 & echo $! >{pid}; wait",
            log = log.display(),
            pid = pid.display()
        );
        let mut script = command(Path::new("script"), folder.path());
        let mut script = script.args(["-qec", &line, "/dev/null"]).spawn().unwrap();
        let told = || fs::read_to_string(&log).unwrap_or_default();
        until("the first line", || told().contains("\"user\":\"admin\""));
        let number = fs::read_to_string(&pid).unwrap().trim().to_owned();
        let daemon = Path::new("/proc").join(&number);
        let is_running = || daemon.join("exe").read_link().is_ok();
        let send = |signal| assert!(process::signal(number.parse().unwrap(), signal));
        // While the terminal is there, it is what it is without one.
        send(Signal::HUP);
        until("the reload", || told().matches("configuration reloaded").count() == 1);
        signal(&script, Signal::KILL);
        script.wait().unwrap();
        if ends {
            until("its end", || !is_running());
        } else {
            send(Signal::HUP);
            until("another reload", || told().matches("configuration reloaded").count() >= 2);
            send(Signal::TERM);
            until("its end", || !is_running());
        }
        assert_eq!(temporary(folder.path()), [""; 0], "{before}");
        fs::remove_file(&log).unwrap();
    }
}

/// Seen: nothing was said of a password that nobody could read, as the disk was full.
#[test]
fn a_password_that_nobody_was_told_is_said_to_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut child = command(Path::new(PROGRAM), folder.path());
    child.args(["--sim", "v2.5", "--listen", "127.0.0.1:0"]);
    child.stdout(fs::File::options().write(true).open("/dev/full").unwrap());
    let mut child = child.stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
    let told = "cannot write the first line: No space left on device (os error 28); the password of admin, which is shown only once, is lost: ";
    until("the warning", || fs::read_to_string(&log).unwrap().contains(told));
    signal(&child, Signal::TERM);
    assert!(child.wait().unwrap().success());
}
