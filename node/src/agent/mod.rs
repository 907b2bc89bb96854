//! The node's agent: serves the controller on the node's second serial port, or on standard input and output when run over ssh.
//!
//! A single thread, blocked in poll(2) without a timeout unless a subscription or a blinking LED needs one.

mod act_led;
mod connection;
mod port;
mod power;
mod process;
mod readers;
mod service;
mod signal;

use std::io;
use std::path::{Path, PathBuf};

use node_link::NodeId;

use crate::error::NodeError;
use connection::Connection;
use port::Port;
use service::Service;
use signal::Termination;

/// Serves until SIGTERM, or with `stdio` until the input ends.
///
/// # Errors
/// [`NodeError::Agent`]: the kernel gives no signal pipe, or no way to wait for the port.
pub(crate) fn run(
    root: &Path,
    node: Option<NodeId>,
    stdio: bool,
    tty: &Path,
) -> Result<(), NodeError> {
    let mut service = Service::new(root, node);
    let result = if stdio {
        on_stdio(&mut service)
    } else {
        on_port(&mut service, &root.join(tty.strip_prefix("/").unwrap_or(tty)))
    };
    result.map_err(|source| NodeError::Agent { source })
}

fn on_stdio(service: &mut Service) -> io::Result<()> {
    let termination = Termination::catch()?;
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let mut connection = Connection::new(&stdin, &stdout);
    connection.serve(service, &termination).map(drop)
}

/// Serves the port whenever it exists: it comes and goes with the gadget.
fn on_port(service: &mut Service, path: &Path) -> io::Result<()> {
    let termination = Termination::catch()?;
    let mut port = Port::new(PathBuf::from(path))?;
    while let Some(tty) = port.open(&termination)? {
        let end = Connection::new(&tty, &tty).serve(service, &termination)?;
        if end.is_termination() {
            break;
        }
    }
    Ok(())
}
