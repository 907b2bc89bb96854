//! The unix socket: passed by systemd, or made by the daemon.

use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::Arc;

use clusterhat_tests::running::{Running, until};

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
    until("the socket", || socket.exists());
    // The first connection starts it, and is the first to be answered.
    let mut stream = UnixStream::connect(&socket).unwrap();
    let answer = Request::get("/api/v1/nodes").send(&mut stream).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    // The one that it would have made itself is not there.
    assert!(!folder.path().join("socket").exists());
}

#[test]
fn a_socket_that_a_killed_daemon_left_is_replaced_and_one_that_answers_is_not() {
    let daemon = Daemon::on_socket();
    let second = Daemon::command(&daemon.folder, &[]).status().unwrap();
    assert_eq!(second.code(), Some(1));
    assert!(daemon.stderr().contains("another clusterhatd answers there"), "{}", daemon.stderr());
    let (_, folder, password) = daemon.end("KILL");
    let daemon = Daemon::again(folder, &[], password);
    assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
}
