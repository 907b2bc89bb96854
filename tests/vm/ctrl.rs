//! ClusterCTRL boards on the USB of the guest, which its udev makes buses of, and calls of the command
//! there, by both its names.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use clusterhat_tests::{
    chips::CtrlBoard,
    running::until,
    usbip::SharedTarget,
    vm::{Device, Output, Vm},
};

/// The command under the vendor's name.
pub(crate) const VENDOR_PROGRAM: &str = "/usr/bin/clusterctrl";

/// Product IDs.
pub(crate) const PHAT: u16 = 0x0012;
pub(crate) const A_PLUS_6: u16 = 0x0013;
pub(crate) const TRIPLE: u16 = 0x0014;

const CONFIGURATION: &str = "/etc/clusterhat/clusterhat.toml";

/// A plugged-in board. Dropping it unplugs it.
pub(crate) struct Board {
    /// N of `/dev/i2c-N`.
    pub(crate) bus: u8,
    device: Device,
    board: Arc<Mutex<CtrlBoard>>,
    messages: Arc<AtomicU32>,
}

impl Board {
    /// Plugs a board in and waits until udev has named its bus.
    pub(crate) fn plug(vm: &Vm, board: CtrlBoard) -> io::Result<Self> {
        let (descriptor, messages) = (board.descriptor(), Arc::clone(&board.messages));
        let board = Arc::new(Mutex::new(board));
        let target: SharedTarget = Arc::clone(&board) as SharedTarget;
        let device = vm.plug_device(descriptor, target)?;
        let bus = device.bus()?;
        until("the board's link", || exists(vm, &link(bus)));
        Ok(Self { bus, device, board, messages })
    }

    /// What the firmware knows, to look at and to change.
    pub(crate) fn board(&self) -> MutexGuard<'_, CtrlBoard> {
        lock(&self.board)
    }

    /// The nodes' power, 1 = on.
    pub(crate) fn power(&self) -> Vec<u8> {
        self.board().state.p.clone()
    }

    /// How many messages came so far. Does not wait for the one under way.
    pub(crate) fn messages(&self) -> u32 {
        self.messages.load(Ordering::SeqCst)
    }

    /// The board's name below `/sys/bus/usb/devices`.
    pub(crate) fn usb(&self) -> &str {
        self.device.name()
    }
}

/// The name that the shipped rule gives a bus.
pub(crate) fn link(bus: u8) -> String {
    format!("/dev/ClusterCTRL-{bus}")
}

pub(crate) fn exists(vm: &Vm, path: &str) -> bool {
    vm.run(&["test", "-e", path]).is_ok_and(|test| test.status == 0)
}

/// Makes the guest a controller of the vendor's image, with nothing configured.
pub(crate) fn vendor_image(vm: &Vm) -> io::Result<()> {
    vm.run(&["rm", "-f", CONFIGURATION])?;
    vm.write_file("/etc/default/clusterctrl", "TYPE=c\n")
}

/// Runs `clusterctrl`.
pub(crate) fn clusterctrl(vm: &Vm, words: &str) -> io::Result<Output> {
    let words = words.split_whitespace();
    vm.run(&std::iter::once("clusterctrl").chain(words).collect::<Vec<_>>())
}

/// Runs `clusterctrl`, which must succeed without a word on standard error.
#[track_caller]
pub(crate) fn answers(vm: &Vm, words: &str) -> String {
    match clusterctrl(vm, words) {
        Ok(Output { status: 0, stdout, stderr, .. }) if stderr.is_empty() => stdout,
        other => panic!("clusterctrl {words}: {other:?}"),
    }
}

fn lock(board: &Mutex<CtrlBoard>) -> MutexGuard<'_, CtrlBoard> {
    board.lock().unwrap_or_else(PoisonError::into_inner)
}
