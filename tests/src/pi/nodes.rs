//! The Pi Zeros on the HAT: USB devices behind its hub that come and go with the expander's pins.
//!
//! A thread does what the board's wiring does: it looks at each node's pin, over a monitor of its
//! own, and plugs the node in or out. QEMU can play no device with a Pi Zero's IDs that its USB
//! controller for the Pi bears (a redirected one locks the emulated processor up), so that a node is
//! a serial adapter, 0403:6001, which has the node's number for a serial number as the Zero has.

use std::{
    io,
    process::Command,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::json;

use super::{machine::EXPANDER, qmp::Qmp};

/// As many as a HAT has.
const NODES: usize = 4;

/// As quick as a person would call at once.
const POLL: Duration = Duration::from_millis(20);

/// Adds the hub to QEMU's command line, and what the nodes need. Its IDs, 0409:55aa, are not those of
/// a HAT's hub. A device that stays is on it, without which the hub is not asked for changes.
pub(super) fn add_hub(qemu: &mut Command) {
    qemu.args(["-device", "usb-hub,port=1,ports=5", "-device", "usb-mouse,port=1.5"]);
    for node in 1..=NODES {
        qemu.arg("-chardev").arg(format!("null,id=console{node}"));
    }
}

/// The wiring between the pins and the nodes, as long as it is kept.
#[derive(Debug)]
pub(super) struct Power {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Power {
    /// Starts to power the nodes.
    pub(super) fn start(mut qmp: Qmp) -> io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("power".into()).spawn(move || {
            let mut powered = [false; NODES];
            while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = follow(&mut qmp, &mut powered) {
                    // Where it is not the machine's end, the test will miss a node.
                    eprintln!("the nodes are without power: {error}");
                    return;
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Plugs each node in or out whose pin has changed.
fn follow(qmp: &mut Qmp, powered: &mut [bool; NODES]) -> io::Result<()> {
    for (index, powered) in powered.iter_mut().enumerate() {
        let pin = qmp.pin(EXPANDER, index)?;
        let node = index + 1;
        let id = format!("node{node}");
        if pin && !*powered {
            // Port 5-n carries Pn on a v2.5 board.
            let port = format!("1.{}", NODES + 1 - node);
            let console = format!("console{node}");
            let serial = node.to_string();
            let device = json!({"driver": "usb-serial", "id": id, "port": port, "chardev": console,
                "serial": serial, "always-plugged": true});
            qmp.execute("device_add", device)?;
        } else if !pin && *powered {
            qmp.execute("device_del", json!({"id": id}))?;
        }
        *powered = pin;
    }
    Ok(())
}
