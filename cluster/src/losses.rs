//! Boards that had lost their power: noted before they are initialised, which hides it, whatever they are initialised for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hat_driver::Positions;
use hat_driver::linux::{BoardInfo, Cluster as Driver, Node};

use crate::config::Settings;
use crate::desired::{AtBoot, BoardId, DesiredError, Store};

/// What is known of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The nodes that the operation in progress switches: what it asks of them comes later than the loss.
    asked: Vec<(BoardId, Positions)>,
    /// The boards that were initialised since it began.
    initialised: Vec<BoardId>,
    /// What could not be saved.
    errors: Vec<DesiredError>,
}

impl Losses {
    /// Notes from here on that the nodes of a board are to be restored, where `at-boot` has any of them switched.
    pub(crate) fn watch(&self, driver: &mut Driver, store: Store, settings: &Settings) {
        if settings.restores_any() {
            let (losses, settings) = (self.clone(), settings.clone());
            driver.before_init(move |info, nodes| losses.note(&store, &settings, info, nodes));
        }
    }

    /// An operation begins that switches these nodes.
    pub(crate) fn begin(&self, asked: Vec<(BoardId, Positions)>) {
        let mut known = self.known();
        (known.asked, known.initialised) = (asked, Vec::new());
    }

    /// It has ended. Returns the boards that were initialised meanwhile.
    pub(crate) fn end(&self) -> Vec<BoardId> {
        let mut known = self.known();
        known.asked.clear();
        std::mem::take(&mut known.initialised)
    }

    /// What could not be saved since the last call.
    pub(crate) fn take_errors(&self) -> Vec<DesiredError> {
        std::mem::take(&mut self.known().errors)
    }

    fn note(&self, store: &Store, settings: &Settings, info: &BoardInfo, nodes: &[Node]) {
        let id = BoardId::of(info);
        let mut known = self.known();
        let is_restored = |node: &&Node| settings.at_boot_of(node.number()) != AtBoot::Keep;
        let due: Positions = nodes.iter().filter(is_restored).map(|node| node.position()).collect();
        let asked = known.asked.iter().filter(|(board, _)| *board == id);
        let due = asked.fold(due, |due, (_, asked)| due.without(*asked));
        if !due.is_empty() {
            let noted = store.change(|document| document.set_due(&id, due, true));
            known.errors.extend(noted.err());
        }
        known.initialised.push(id);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
