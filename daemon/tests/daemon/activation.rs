//! The unix socket: passed by systemd, or made by the daemon.

use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clusterhat_tests::running::{Running, until};
use rustix::process::Signal;

use crate::client::Request;
use crate::rig::Daemon;

#[test]
fn a_socket_that_systemd_passes_is_served() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let socket = folder.path().join("passed");
    let daemon = Daemon::command(&folder, &[]);
    let mut activate = Command::new("systemd-socket-activate");
    activate.arg("--listen").arg(&socket).arg("--setenv=XDG_RUNTIME_DIR");
    activate.arg(daemon.get_program()).args(daemon.get_args());
    activate.env("XDG_RUNTIME_DIR", folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let _running = Running::spawn(&mut activate);
    // The first connection starts it, and is the first to be answered. A socket is there before it is listened at.
    let mut stream = None;
    until("the socket", || {
        stream = UnixStream::connect(&socket).ok();
        stream.is_some()
    });
    let mut stream = stream.unwrap();
    let answer = Request::get("/api/v1/nodes").send(&mut stream).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    // The one that it would have made itself is not there.
    assert!(!folder.path().join("socket").exists());
}

#[test]
fn a_socket_that_a_killed_daemon_left_is_replaced_and_one_that_answers_is_not() {
    let daemon = Daemon::on_socket();
    let other = tempfile::tempdir().unwrap();
    let options = ["--socket", daemon.first_line["socket"].as_str().unwrap()];
    let second = Daemon::command(&other, &options).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = std::fs::read_to_string(other.path().join("stderr")).unwrap();
    assert!(told.contains("another clusterhatd answers there"), "{told}");
    // Nor do two share accounts and subscriptions.
    let socket = other.path().join("socket");
    let options = ["--socket", socket.to_str().unwrap()];
    let third = Daemon::command(&daemon.folder, &options).output().unwrap();
    assert_eq!((third.status.code(), third.stdout.len()), (Some(1), 0));
    assert!(daemon.stderr().contains("another clusterhatd uses it"), "{}", daemon.stderr());
    assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
    let (_, folder, password) = daemon.end(Signal::KILL);
    let daemon = Daemon::again(folder, &[], password);
    assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
}

/// Seen: it was told as an address in use, without its path.
#[test]
fn what_is_no_socket_is_named_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("file"), "of the owner").unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    std::os::unix::fs::symlink(path("nowhere"), path("link")).unwrap();
    for (name, why) in [
        ("file", "not a socket: remove it, or choose another path with --socket"),
        ("folder", "not a socket: remove it, or choose another path with --socket"),
        ("link", "not a socket: remove it, or choose another path with --socket"),
        ("nowhere/socket", "the folder "),
    ] {
        let path = path(name).display().to_string();
        let output = Daemon::command(&folder, &["--socket", &path]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        let told = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
        assert!(told.contains(&format!("{path}: {why}")), "{told}");
    }
    assert_eq!(std::fs::read_to_string(path("file")).unwrap(), "of the owner");
}
