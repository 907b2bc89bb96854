//! Switching nodes over all boards: one after the other on, all at once off.

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::asked::Asked;
use super::asks::AsksSoFar;
use super::cluster::Cluster;
use super::error::{ClusterError, Done};
use super::event::{PowerEvent, Verdict};
use super::exclusion::Stop;
use super::handle::{Board, Node};
use super::ledger::Ledger;
use super::platform::Resource;
use super::record;
use super::run::Run;
use super::session::Session;
use super::throttled::UNDER_VOLTAGE_NOW;
use crate::positions::Positions;
use crate::power::{self, Action, Step};

/// What an operation on nodes did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switched {
    /// The nodes that changed.
    pub changed: Vec<Node>,
    /// The nodes that were left as they are, since somebody asked for their power in the meantime
    /// ([`Cluster::switch_since`]).
    pub kept: Vec<Node>,
}

impl Cluster {
    /// Switches nodes: on one after the other, off all at once. A board that has not been initialised
    /// since power-up is initialised first.
    ///
    /// The observer hears what happens, and may stop it: between two nodes, and at least ten times
    /// a second while time passes. Nodes that are on then stay on.
    ///
    /// A board that fails does not affect the others; a sagging supply, another
    /// process that does not let go, or one that switches off what is switched on here, does.
    ///
    /// # Errors
    /// A [`ClusterError`] that says what was switched all the same and which state results.
    pub fn switch<V: Verdict>(
        &mut self,
        nodes: &[Node],
        action: Action,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Switched, ClusterError> {
        let observer = &mut |event| observer(event).control();
        let session = self.session(nodes, None, observer);
        self.switch_in(session, nodes, action)
    }

    /// As [`Self::switch`], as if it had begun at an earlier moment: what others have asked since then comes
    /// later. A node that somebody has asked to be on since is not switched off ([`Switched::kept`]).
    ///
    /// # Errors
    /// As [`Self::switch`].
    pub fn switch_since<V: Verdict>(
        &mut self,
        nodes: &[Node],
        action: Action,
        since: &AsksSoFar,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Switched, ClusterError> {
        let observer = &mut |event| observer(event).control();
        let session = self.session(nodes, Some(since), observer);
        self.switch_in(session, nodes, action)
    }

    /// As [`Self::switch_since`], of nodes to be off that were shut down: of those that go down ([`Self::set_going_down`]), others get to
    /// know that they had halted ([`Self::has_ended_since`]).
    ///
    /// # Errors
    /// As [`Self::switch`].
    pub fn end_since<V: Verdict>(
        &mut self,
        nodes: &[Node],
        since: &AsksSoFar,
        observer: &mut dyn FnMut(PowerEvent) -> V,
    ) -> Result<Switched, ClusterError> {
        let observer = &mut |event| observer(event).control();
        let mut session = self.session(nodes, Some(since), observer);
        session.is_end = true;
        self.switch_in(session, nodes, Action::Off)
    }

    fn switch_in(
        &mut self,
        mut session: Session<'_>,
        nodes: &[Node],
        action: Action,
    ) -> Result<Switched, ClusterError> {
        self.check_nodes(nodes)?;
        if action == Action::On {
            self.begin(&mut session).map_err(|stop| {
                Self::stopped(stop, Self::done(&Run::default(), nodes, action), nodes)
            })?;
        }
        let mut run = self.run(nodes, action, &mut session);
        self.finish(&mut run, &mut session);
        if run.failures.is_empty() {
            return Ok(Switched { changed: run.changed, kept: run.kept });
        }
        let done = Self::done(&run, nodes, action);
        Err(ClusterError::of_boards(run.failures, done))
    }

    /// An operation on nodes, as it begins.
    pub(super) fn session<'a>(
        &self,
        nodes: &[Node],
        since: Option<&AsksSoFar>,
        observer: &'a mut dyn FnMut(PowerEvent) -> ControlFlow<()>,
    ) -> Session<'a> {
        let asked = self.asked(nodes);
        Session::new(Arc::clone(&self.platform), self.options.lock_limit, asked, since, observer)
    }

    /// What is asked of each board for these nodes.
    pub(super) fn asked(&self, nodes: &[Node]) -> Vec<Asked> {
        let asked = self.slots.iter().enumerate().map(|(index, slot)| {
            Asked::new(index, self.first(index), slot.recorded_as(), slot.board.positions(nodes))
        });
        asked.filter(|asked| !asked.nodes.is_empty()).collect()
    }

    /// Keeps others' power-ons away, and makes sure that the supply bears more load.
    pub(super) fn begin(&self, session: &mut Session<'_>) -> Result<(), Stop> {
        session.take_power_on(self.heeds_others())?;
        if self.options.ignore_under_voltage {
            return Ok(());
        }
        session.watch_supply()
    }

    /// Who asks for no delay does not want to wait for others' either.
    fn heeds_others(&self) -> bool {
        let mut delays = self.options.node_delays.values().chain([&self.options.delay]);
        delays.any(|delay| !delay.is_zero())
    }

    /// The steps that [`Self::switch`] would take on one board, given the nodes that are on now and
    /// what a node on an earlier board still asks for; and what the next board has to wait.
    ///
    /// # Errors
    /// What [`Self::switch`] would refuse these nodes for.
    pub fn plan(
        &self,
        board: Board,
        nodes: &[Node],
        on: Positions,
        action: Action,
        wait: Duration,
    ) -> Result<(Vec<Step>, Duration), ClusterError> {
        self.check_nodes(nodes)?;
        let slot = self.slot(board)?;
        let request = board.positions(nodes);
        if !request.is_empty() {
            self.check_slot_ready(slot, request)?;
        }
        let plan = power::Plan::new(on, request, action, self.delays(slot), wait);
        let wait_after = plan.wait_after();
        Ok((plan.collect(), wait_after))
    }

    /// What the node that somebody switched on last still asks for before the next one.
    #[must_use]
    pub fn rest(&self) -> Duration {
        let mut observer = |_| ControlFlow::Continue(());
        let mut session = self.session(&[], None, &mut observer);
        session.heed_others(self.heeds_others());
        session.rest()
    }

    /// Whether the supply bears more load, as far as the firmware knows.
    ///
    /// # Errors
    /// [`ClusterError::UnderVoltage`].
    pub fn check_supply(&self) -> Result<(), ClusterError> {
        if self.options.ignore_under_voltage {
            return Ok(());
        }
        match self.platform.throttled().unwrap_or(0) & UNDER_VOLTAGE_NOW {
            0 => Ok(()),
            _ => Err(Self::stopped(Stop::UnderVoltage { node: None }, Done::default(), &[])),
        }
    }

    /// Whether other callers can read what is switched here, and the file that it is written to. A damaged one is begun anew.
    ///
    /// # Errors
    /// Why not, of the kind [`InvalidData`](io::ErrorKind::InvalidData) where it was damaged. Nodes are switched all the same.
    pub fn check_record(&self) -> (PathBuf, io::Result<()>) {
        let path = self.platform.lock_path(Resource::Record);
        let mut was_whole = true;
        let written = self.platform.record(&mut |text| {
            was_whole = Ledger::is_whole(text);
            Some(if was_whole { text.to_owned() } else { Ledger::default().to_string() })
        });
        let checked = match written {
            Ok(()) if !was_whole => Err(io::ErrorKind::InvalidData.into()),
            written => written,
        };
        (path.unwrap_or_default(), checked)
    }

    /// What [`Self::check_record`] would come across. Makes no record, and leaves a damaged one as it is.
    pub fn look_at_record(&self) -> (PathBuf, io::Result<()>) {
        let path = self.platform.lock_path(Resource::Record);
        let looked = path.as_deref().map_or_else(
            |error| Err(io::Error::new(error.kind(), error.to_string())),
            |path| match Ledger::is_whole(&record::look(path)?) {
                true => Ok(()),
                false => Err(io::ErrorKind::InvalidData.into()),
            },
        );
        (path.unwrap_or_default(), looked)
    }
}
