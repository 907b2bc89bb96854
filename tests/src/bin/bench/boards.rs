//! Boards on the guest's buses.

use std::{
    io,
    sync::{Arc, Mutex},
};

use clusterhat_tests::{
    chips::{ADDRESS, CtrlBoard, Expanders},
    usbip::Descriptor,
    vm::{Plugged, Vm},
};

/// A board in a known state, ready to be plugged into the guest.
#[derive(Clone, Copy)]
pub(crate) enum Board {
    /// A v2.5 Cluster HAT.
    Hat(fn() -> Expanders),
    /// A ClusterCTRL board by its USB product ID.
    Ctrl { product: u16, order: u8 },
}

pub(crate) const TRIPLE: Board = Board::Ctrl { product: 0x0014, order: 20 };
pub(crate) const A_PLUS_6: Board = Board::Ctrl { product: 0x0013, order: 20 };
pub(crate) const PHAT: Board = Board::Ctrl { product: 0x0012, order: 30 };

/// What the guest's driver has to be told, as the shipped udev rule tells it.
const NEW_ID: &str = "/sys/bus/usb/drivers/i2c-tiny-usb/new_id";

/// Plugs boards in and describes to the command those that it cannot find by itself.
pub(crate) fn plug(vm: &Vm, boards: &[Board]) -> io::Result<Vec<Plugged>> {
    let (mut plugged, mut configuration) = (Vec::new(), String::new());
    for &board in boards {
        plugged.push(match board {
            Board::Hat(expanders) => {
                let hat = vm.plug(Descriptor::default(), expanders().shared().1)?;
                let bus = hat.bus;
                configuration += &format!(
                    "[[board]]\nbus = {bus}\naddress = {ADDRESS:#04x}\nrevision = \"2.5\"\n"
                );
                hat
            }
            Board::Ctrl { product, order } => {
                let board = CtrlBoard::new(product, order);
                vm.write_file(NEW_ID, &format!("3171 {product:04x}"))?;
                vm.plug(board.descriptor(), Arc::new(Mutex::new(board)))?
            }
        });
    }
    vm.write_file("/etc/clusterhat/clusterhat.toml", &configuration)?;
    Ok(plugged)
}
