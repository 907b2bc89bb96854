//! The chips of `hat_driver::sim` as what sits on a simulated bus: expanders of Cluster HATs, and
//! ClusterCTRL boards.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

use hat_driver::{
    ctrl::products::{Product, VENDOR},
    expander::Chip,
    sim::{
        builtin,
        chip::{SimChip, SimExpander},
        ctrl::SimCtrl,
    },
};

use crate::usbip::{Descriptor, SharedTarget, Target};

/// Where the expander sits while no address jumper is bridged.
pub const ADDRESS: u8 = 0x20;

/// What a Cluster HAT holds its expander's pins at while they are inputs: the nodes' power switches
/// and, with its solder link open, the EEPROM's write protection low.
pub const HELD: [Option<bool>; 8] = {
    let (low, nothing) = (Some(false), None);
    [low, low, low, low, nothing, nothing, nothing, low]
};

/// The expanders on one bus, and how it behaves. The registers are the test's to look at and to
/// change between two messages.
#[derive(Debug)]
pub struct Expanders {
    /// By address.
    pub chips: BTreeMap<u8, SimExpander>,
    /// How many messages to come nothing acknowledges.
    pub refusals: u32,
    /// How long a message takes. The i2c-tiny-usb driver's patience is 2 s.
    pub pace: Duration,
    /// How many messages came so far, the one under way included.
    pub messages: Arc<AtomicU32>,
    /// How many registers were written so far.
    pub register_writes: u32,
}

impl Expanders {
    /// Chips right after power-up, each on a board of its own.
    #[must_use]
    pub fn new(kind: Chip, addresses: &[u8]) -> Self {
        let chips = addresses.iter().map(|&address| (address, SimExpander::new(kind, HELD)));
        Self {
            chips: chips.collect(),
            refusals: 0,
            pace: Duration::ZERO,
            messages: Arc::default(),
            register_writes: 0,
        }
    }

    /// One chip at [`ADDRESS`] as a v2.5 board's initialisation leaves it: LED and hub on, EEPROM
    /// write-protected, these nodes on.
    #[must_use]
    pub fn running(nodes: u8) -> Self {
        let mut expanders = Self::new(Chip::Xra1200p, &[ADDRESS]);
        for chip in expanders.chips.values_mut() {
            (chip.latch, chip.direction, chip.pull_up) = (0x90 | nodes, 0x00, 0x7f);
        }
        expanders
    }

    /// For the test to keep, and the same for the bus.
    #[must_use]
    pub fn shared(self) -> (Arc<Mutex<Self>>, SharedTarget) {
        let expanders = Arc::new(Mutex::new(self));
        (Arc::clone(&expanders), expanders)
    }

    /// The chip that takes the next message, if one does.
    fn take(&mut self, address: u8) -> Option<&mut SimExpander> {
        self.messages.fetch_add(1, Ordering::SeqCst);
        thread::sleep(self.pace);
        if self.refusals > 0 {
            self.refusals -= 1;
            return None;
        }
        self.chips.get_mut(&address)
    }
}

impl Target for Expanders {
    fn write(&mut self, address: u8, bytes: &[u8]) -> bool {
        let taken = self.take(address).is_some_and(|chip| chip.write(bytes).is_ok());
        // The first byte names the register.
        self.register_writes += u32::from(taken && bytes.len() > 1);
        taken
    }

    fn read(&mut self, address: u8, buffer: &mut [u8]) -> bool {
        self.take(address).is_some_and(|chip| chip.read(buffer).is_ok())
    }
}

/// A ClusterCTRL board, which is a USB device with one chip on its bus. The state is the test's to
/// look at and to change between two messages.
#[derive(Debug)]
pub struct CtrlBoard {
    /// What the firmware knows.
    pub state: SimCtrl,
    /// How long a message takes. The i2c-tiny-usb driver's patience is 2 s.
    pub pace: Duration,
    /// How many messages came so far, the one under way included.
    pub messages: Arc<AtomicU32>,
    product: u16,
}

impl CtrlBoard {
    /// A board of this USB product ID as its factory made it, but for its order.
    ///
    /// # Panics
    /// If there is no such product.
    #[must_use]
    pub fn new(product: u16, order: u8) -> Self {
        let known = Product::of(product);
        let known = known.unwrap_or_else(|| panic!("no board has the product ID {product:04x}"));
        let world = builtin::simulation(&known.name.to_lowercase());
        let state = world.and_then(|world| world.ctrls.into_values().next());
        let mut state = state.unwrap_or_else(|| panic!("no world has a {known}"));
        state.order = order;
        Self { state, pace: Duration::ZERO, messages: Arc::default(), product }
    }

    /// What it says of itself on the USB.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor {
            vendor: VENDOR,
            product: self.product,
            manufacturer: "8086 Consultancy".into(),
            name: "ClusterCTRL".into(),
            returns: true,
            ..Descriptor::default()
        }
    }

    fn take(&mut self, address: u8) -> Option<&mut SimCtrl> {
        self.messages.fetch_add(1, Ordering::SeqCst);
        thread::sleep(self.pace);
        (address == ADDRESS).then_some(&mut self.state)
    }
}

impl Target for CtrlBoard {
    fn write(&mut self, address: u8, bytes: &[u8]) -> bool {
        self.take(address).is_some_and(|chip| chip.write(bytes).is_ok())
    }

    fn read(&mut self, address: u8, buffer: &mut [u8]) -> bool {
        self.take(address).is_some_and(|chip| chip.read(buffer).is_ok())
    }

    fn has_left(&mut self) -> bool {
        std::mem::take(&mut self.state.away) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_answer_at_their_addresses_and_refuse_as_often_as_told() {
        let mut bus = Expanders::new(Chip::Pca9554, &[0x20, 0x23]);
        let mut value = [0xaa];
        assert!(bus.write(0x23, &[3]) && bus.read(0x23, &mut value));
        assert_eq!(value, [0xff]);
        assert!(!bus.write(0x21, &[3]) && !bus.write(0x20, &[4]));
        bus.refusals = 1;
        assert!(!bus.write(0x20, &[3]) && bus.write(0x20, &[3]));
        assert_eq!(bus.messages.load(Ordering::SeqCst), 6);
    }

    #[test]
    fn a_triple_tells_its_description_and_its_usb_id() {
        let mut board = CtrlBoard::new(0x0014, 30);
        let mut head = [0; 5];
        assert!(board.write(0x20, &[0]) && board.read(0x20, &mut head));
        assert_eq!(head, [2, 3, 30, 0, 1]);
        assert!(!board.write(0x21, &[0]));
        let descriptor = board.descriptor();
        assert_eq!((descriptor.vendor, descriptor.product), (0x3171, 0x0014));
    }

    #[test]
    fn a_running_board_shows_its_latch() {
        assert_eq!(Expanders::running(0x05).chips[&ADDRESS].pins(), 0x95);
    }
}
