//! What is heard of a HAT's initialisation before it hides that the board had lost its power.

use std::sync::Arc;

use super::cluster::Cluster;
use super::handle::Node;
use super::info::BoardInfo;
use super::unit::LinuxHat;
use crate::bus_error::BusError;
use crate::error::HatError;
use crate::hat::PinSetup;
use crate::init::InitOutcome;

/// What is called with a board and its nodes.
type Listener = dyn Fn(&BoardInfo, &[Node]) + Send + Sync;

/// Who hears of it.
#[derive(Clone)]
pub(super) struct BeforeInit(Arc<Listener>);

impl Cluster {
    /// Has something done before a HAT is initialised that never was since its power-up, whatever it is initialised for: afterwards
    /// nothing shows any more that it had lost its power. The board is kept from others meanwhile, so that this has to be
    /// short, and may not ask any board.
    pub fn before_init(&mut self, listener: impl Fn(&BoardInfo, &[Node]) + Send + Sync + 'static) {
        self.before_init = Some(BeforeInit(Arc::new(listener)));
    }

    /// Initialises the HAT of a slot, which is kept from others.
    pub(super) fn initialiser(&self, slot: usize) -> Initialiser {
        let board = self.slots[slot].board;
        let nodes = self.nodes().filter(|node| node.board() == board);
        let heard = self.before_init.clone();
        let heard = heard.map(|heard| (heard, self.slots[slot].info.clone(), nodes.collect()));
        Initialiser(heard)
    }
}

/// Initialises one HAT.
pub(super) struct Initialiser(Option<(BeforeInit, BoardInfo, Vec<Node>)>);

impl Initialiser {
    pub(super) fn init(&self, hat: &mut LinuxHat) -> Result<InitOutcome, HatError<BusError>> {
        if let Some((BeforeInit(listener), info, nodes)) = &self.0 {
            let direction = hat.direction()?;
            if hat.setup(direction) == PinSetup::NeverInitialised {
                listener(info, nodes);
            }
        }
        hat.init()
    }
}
