//! What is heard of a HAT's initialisation before it hides that the board had lost its power.

use std::sync::Arc;

use super::handle::Node;
use super::info::BoardInfo;
use super::unit::LinuxHat;
use crate::bus_error::BusError;
use crate::error::HatError;
use crate::init::InitOutcome;

/// What is called with a board and its nodes.
type Listener = dyn Fn(&BoardInfo, &[Node]) + Send + Sync;

/// Who hears of it.
#[derive(Clone)]
pub(super) struct BeforeInit(Arc<Listener>);

impl BeforeInit {
    pub(super) fn new(listener: impl Fn(&BoardInfo, &[Node]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }
}

/// Initialises one HAT.
pub(super) struct Initialiser(pub(super) Option<(BeforeInit, BoardInfo, Vec<Node>)>);

impl Initialiser {
    pub(super) fn init(&self, hat: &mut LinuxHat) -> Result<InitOutcome, HatError<BusError>> {
        hat.init_after(|| {
            if let Some((BeforeInit(listener), info, nodes)) = &self.0 {
                listener(info, nodes);
            }
        })
    }
}
