//! Reaches the agent through the system's ssh, with the user's configuration, keys and known hosts.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{ChildStderr, Command, Stdio};
use std::time::Instant;

use node_link::agent::Printable;
use rustix::fs::{OFlags, fcntl_setfl};

use super::connection::{Agent, Transport};
use super::error::AgentError;
use super::line::Line;

/// The bytes that are kept of ssh's error output.
const SAID_LIMIT: u64 = 4096;

/// Starts the agent on the node.
pub(super) fn connect(name: &str, deadline: Instant) -> Result<Agent, AgentError> {
    let (ours, its) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let its = OwnedFd::from(its);
    let seconds = deadline.saturating_duration_since(Instant::now()).as_secs().max(1);
    let mut command = Command::new("ssh");
    // Nothing can be entered here, and an absent host has to fail in time.
    command.args(["-T", "-o", "BatchMode=yes", "-o"]).arg(format!("ConnectTimeout={seconds}"));
    command.args(["--", name, "clusterhat-node agent --stdio"]);
    command.stdin(its.try_clone()?).stdout(its).stderr(Stdio::piped());
    let mut ssh = command.spawn().map_err(AgentError::NoSsh)?;
    // `Command` keeps copies of the other ends open until it is dropped.
    drop(command);
    let errors = ssh.stderr.take();
    match Agent::greet(Transport::Ssh, Line::new(ours.into()), Some(ssh), deadline) {
        Err(AgentError::Closed) => {
            Err(AgentError::Ssh(last_line(&errors.map_or_else(String::new, said))))
        }
        agent => agent,
    }
}

/// The error output of ssh, once it has ended. The end of the pipe may never come: a connection that ssh shares
/// (ControlPersist, ssh_config(5)) keeps it open.
fn said(errors: ChildStderr) -> String {
    let mut bytes = Vec::new();
    if fcntl_setfl(&errors, OFlags::NONBLOCK).is_ok() {
        // What was read before the pipe would block is kept.
        let _ = errors.take(SAID_LIMIT).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The last line is why it ended; banners come before it.
fn last_line(said: &str) -> Printable {
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    Printable::new(last.unwrap_or("it ended without a word"))
}
