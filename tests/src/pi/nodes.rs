//! The Pi Zeros on the HAT: USB devices behind its hub that come and go with the expander's pins.
//!
//! A thread does what the board's wiring does: it looks at each node's pin, over a monitor of its
//! own, and plugs the node in or out. What a node is here is what the kernel makes of any it has no
//! driver for: a device with a Pi Zero's IDs, names and serial number.

use std::{
    io,
    net::TcpListener,
    process::Command,
    sync::{
        Arc, Mutex,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{machine::EXPANDER, qmp::Qmp};
use crate::{
    usbip::{Descriptor, Target},
    usbredir::Plug,
    vm::boot::Machine,
};

/// As many as a HAT has.
const NODES: usize = 4;

/// As quick as a person would call at once.
const POLL: Duration = Duration::from_millis(20);

/// The plugs before QEMU runs, each at the port that carries it on a v2.5 board: port 5-n has Pn.
pub(super) struct Plugs {
    listeners: Vec<TcpListener>,
}

impl Plugs {
    /// Adds the hub and its plugs to QEMU's command line.
    pub(super) fn add_to(qemu: &mut Command) -> io::Result<Self> {
        // The hub that QEMU has is not the one of the HATs: its IDs are 0409:55aa.
        qemu.args(["-device", "usb-hub,port=1,ports=4"]);
        let mut listeners = Vec::new();
        for node in 1..=NODES {
            let listener = TcpListener::bind(("127.0.0.1", 0))?;
            let port = listener.local_addr()?.port();
            qemu.arg("-chardev").arg(format!("socket,id=node{node},host=127.0.0.1,port={port}"));
            let usb_port = 1 + NODES - node;
            qemu.arg("-device").arg(format!("usb-redir,chardev=node{node},port=1.{usb_port}"));
            listeners.push(listener);
        }
        Ok(Self { listeners })
    }

    /// Starts to power the nodes.
    pub(super) fn power(self, machine: &Machine, qmp: Qmp) -> io::Result<Power> {
        let mut plugs = Vec::new();
        for (index, listener) in self.listeners.iter().enumerate() {
            let stream = machine.await_connection(listener)?;
            plugs.push(Plug::new(stream, gadget(index + 1), Arc::new(Mutex::new(NoBus)))?);
        }
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("power".into()).spawn(move || {
            let mut qmp = qmp;
            while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                if follow(&mut qmp, &mut plugs).is_err() {
                    // The machine has gone; its test says so.
                    return;
                }
            }
        })?;
        Ok(Power { stop: Some(stop), thread: Some(thread) })
    }
}

/// The wiring between the pins and the nodes, as long as it is kept.
#[derive(Debug)]
pub(super) struct Power {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Power {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn follow(qmp: &mut Qmp, plugs: &mut [Plug]) -> io::Result<()> {
    for (pin, plug) in plugs.iter_mut().enumerate() {
        let powered = qmp.pin(EXPANDER, pin)?;
        plug.set(powered)?;
    }
    Ok(())
}

/// A Pi Zero that has booted from its card: what `clusterhat-node` makes of its USB port.
fn gadget(node: usize) -> Descriptor {
    Descriptor {
        vendor: 0x3171,
        product: 0x0021,
        manufacturer: "8086 Consultancy".into(),
        name: "ClusterCTRL".into(),
        serial: node.to_string(),
        ..Descriptor::default()
    }
}

/// A node is no I2C adapter.
struct NoBus;

impl Target for NoBus {
    fn write(&mut self, _: u8, _: &[u8]) -> bool {
        false
    }

    fn read(&mut self, _: u8, _: &mut [u8]) -> bool {
        false
    }
}
