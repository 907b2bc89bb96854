//! One node's way down, from what its agent says and what is seen of it. Knows nothing of threads and boards.

mod failure;
mod questions;

use std::time::{Duration, Instant};

use hat_driver::linux::Node;
use node_link::agent::Goodbye;

use super::ask::Said;
use crate::agent::Transport;
use crate::life::State;
use crate::report::ShutdownResult;
use failure::{Failure, Hidden};

/// From the gadget's disappearance to the cut. As it goes down, the kernel gives an SD card up to 1 s to write its cache and up to 1 s to
/// prepare for the loss of power (SD_WRITE_EXTR_SINGLE_TIMEOUT_MS and SD_POWEROFF_NOTIFY_TIMEOUT_MS in drivers/mmc/core/sd.c), and may
/// have taken the gadget away before that; one more second covers the rest.
pub const SETTLE: Duration = Duration::from_secs(3);

/// How far a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has answered yet.
    Asking,
    /// It cannot be asked, or refuses: where its power is to be cut all the same, it has until the end of its time, since somebody
    /// else may have asked it to go down.
    Unwilling(Failure),
    /// It has accepted, and is on its way.
    GoingDown,
    /// Somebody else's request was accepted before this time, and it is not on the USB: they may have seen it halt, and cut its power
    /// then. Whoever comes later cannot tell a node that has halted from one that another program has started again.
    Missing(Instant),
    /// It has accepted, but nobody can see it halt: its power is cut when its time is over.
    Unseen,
    /// It has left the USB, at this time, without a sign that its system ends: a cable is loose, or it has crashed. The goodbye may
    /// still be on its way here.
    Lost(Instant),
    /// It has left the USB, at this time.
    Gone(Instant),
    /// It has halted: its power may be cut.
    Halted,
    /// It did not halt, but its power is to be cut.
    Forced,
    /// Another process has cut its power, it seems, as it had halted: its pin has still to be read.
    Ended,
    /// It is off after it halted, or after force.
    Off(ShutdownResult),
    /// It is not shut down, for this reason.
    Failed(Failure),
}

/// Its gadget, until it has accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Usb {
    Never,
    Present,
    Left(Instant),
}

/// A node's way down.
pub(super) struct Course {
    pub(super) node: Node,
    stage: Stage,
    /// Whether its gadget is on the USB, or when it left while its agent was being asked.
    usb: Usb,
    transport: Option<Transport>,
    /// Whether its system was seen to end: its agent has said goodbye, or its ssh session was closed. systemd ends sessions before
    /// the network (pam_systemd(8)), while a connection whose cable is pulled out stays as it is.
    is_ending: bool,
    /// Whether its power is to be cut where it does not halt.
    force: bool,
    /// Since when it is known that it was on its way down before it was asked.
    joins: Option<Instant>,
    /// How far it is in its start, where it starts.
    start: Option<State>,
    /// Why nothing is seen of it, where that says nothing of whether it runs.
    hidden: Option<Hidden>,
}

impl Course {
    /// A node in this state. One that is known to have halted needs not be asked.
    pub(super) fn new(node: Node, state: State, force: bool, now: Instant) -> Self {
        let stage = if state == State::Halted { Stage::Gone(now) } else { Stage::Asking };
        let hidden = (state == State::Absent).then_some(Hidden::BoardSilent);
        let usb = if state.is_on_usb() { Usb::Present } else { Usb::Never };
        let (transport, is_ending, joins) = (None, false, None);
        Self { node, stage, usb, transport, is_ending, force, joins, start: None, hidden }
    }

    /// Takes note of a start that the node is in: its agent is not to be expected yet.
    pub(super) fn starts(&mut self, state: State) {
        self.start = Some(state);
    }

    /// Takes note that the USB hub of its board is off: it may run, however little is seen of it.
    pub(super) fn hide(&mut self) {
        self.hidden = Some(Hidden::HubOff);
    }

    /// Takes note that its board does not say whether it has power.
    pub(super) fn lose_board(&mut self) {
        self.hidden = Some(Hidden::BoardSilent);
    }

    /// Somebody else's request was accepted before: where this one is not, that one's halt is waited for.
    pub(super) fn join(&mut self, now: Instant) {
        self.joins = self.joins.or(Some(now));
    }

    /// Takes note of what its agent says.
    pub(super) fn hear(&mut self, said: Said) {
        self.stage = match (&self.stage, said) {
            (Stage::Asking, Said::Accepted(transport)) => {
                self.transport = Some(transport);
                match (self.usb, transport) {
                    (Usb::Present, _) => Stage::GoingDown,
                    // What came by the gadget came before it left.
                    (Usb::Left(since), Transport::Serial) => Stage::Lost(since),
                    _ if self.force => Stage::Unseen,
                    _ => Stage::Failed(Failure::Unseen),
                }
            }
            (Stage::Asking, Said::Failed(error)) => match (self.joins, self.usb) {
                (Some(_), Usb::Left(since)) => Stage::Gone(since),
                (Some(_), Usb::Present) => Stage::GoingDown,
                (Some(since), Usb::Never) if self.hidden.is_none() => Stage::Missing(since),
                _ => self.fail(Failure::not_accepted(&error, self.start, self.hidden)),
            },
            (Stage::GoingDown | Stage::Lost(_) | Stage::Gone(_), Said::Goodbye(reason)) => {
                self.is_ending = true;
                match (&self.stage, reason) {
                    (_, Goodbye::Reboot) => self.fail(Failure::Restarts),
                    (&Stage::Lost(since), _) => Stage::Gone(since),
                    _ => return,
                }
            }
            // A connection by the gadget ends with it, for whatever reason; one by ssh that ends after it may have been given up.
            (Stage::GoingDown, Said::Ended) if self.transport == Some(Transport::Ssh) => {
                self.is_ending = true;
                return;
            }
            _ => return,
        };
    }

    /// What becomes of a node that does not do what it was asked.
    fn fail(&self, failure: Failure) -> Stage {
        if self.force { Stage::Unwilling(failure) } else { Stage::Failed(failure) }
    }

    /// Takes note of what is seen of it. Leaving the USB means nothing before it has accepted to go down: a cable may be loose.
    pub(super) fn see(&mut self, state: State, now: Instant) {
        if state != State::Absent && self.is_under_way() && self.hidden == Some(Hidden::BoardSilent)
        {
            // Its board answers now.
            self.hidden = None;
            if state == State::Off && self.transport.is_none() {
                // Nothing says that it had power since it was to be shut down.
                self.stage = Stage::Off(ShutdownResult::AlreadyOff);
                return;
            }
        }
        self.start =
            self.start.map(|_| state).filter(|state| state.is_starting(Some(Duration::ZERO)));
        if let Some(failure) = self.by_another(state) {
            self.stage = Stage::Failed(failure);
            return;
        }
        match (&self.stage, state.is_on_usb()) {
            (Stage::GoingDown, false) => {
                // What somebody else has asked says goodbye to them.
                let is_end = self.is_ending || self.transport.is_none();
                self.stage = if is_end { Stage::Gone(now) } else { Stage::Lost(now) };
            }
            (Stage::Lost(_) | Stage::Gone(_) | Stage::Missing(_), true) => {
                self.stage = self.fail(Failure::Restarts);
            }
            (Stage::Asking, true) if self.joins() && self.usb == Usb::Never => {
                self.stage = self.fail(Failure::Restarts);
            }
            (Stage::Asking, false) if self.usb == Usb::Present => match self.joins() {
                true => self.stage = Stage::Gone(now),
                false => self.usb = Usb::Left(now),
            },
            (Stage::Asking, true) => self.usb = Usb::Present,
            _ => {}
        }
    }

    /// What a state says of somebody else's switching: a node that has lost its power since, or starts anew, is not the one
    /// that was asked.
    fn by_another(&self, state: State) -> Option<Failure> {
        let is_switched = self.is_switched_by_another();
        match (state, &self.stage) {
            (_, Stage::Ended | Stage::Off(_) | Stage::Failed(_)) if !is_switched => None,
            (State::Off, _) => Some(Failure::SwitchedOff),
            (State::Absent, _) => Some(Failure::Absent),
            _ if is_switched => Some(Failure::StartsAnew),
            (
                State::BootRom,
                Stage::GoingDown | Stage::Lost(_) | Stage::Gone(_) | Stage::Missing(_),
            ) => Some(Failure::StartsAnew),
            _ => None,
        }
    }

    /// Takes note of the time.
    pub(super) fn pass(&mut self, now: Instant, deadline: Instant) {
        match self.stage {
            Stage::Gone(since) if now.saturating_duration_since(since) >= SETTLE => {
                self.stage = Stage::Halted;
            }
            Stage::Missing(since) if now.saturating_duration_since(since) >= 2 * SETTLE => {
                self.stage = self.fail(Failure::MayRun);
            }
            // What has left is only waited for.
            Stage::Asking
            | Stage::GoingDown
            | Stage::Lost(_)
            | Stage::Unseen
            | Stage::Unwilling(_)
                if now >= deadline =>
            {
                let is_lost = matches!(self.stage, Stage::Lost(_));
                let failure = if is_lost { Failure::Lost } else { Failure::TimedOut };
                self.stage = if self.force { Stage::Forced } else { Stage::Failed(failure) };
            }
            _ => {}
        }
    }

    pub(super) fn stop(&mut self) {
        if !matches!(self.stage, Stage::Ended | Stage::Off(_) | Stage::Failed(_)) {
            self.stage = Stage::Failed(Failure::Stopped);
        }
    }

    /// Somebody else has asked for its power: it is not cut, whether it has halted or not.
    pub(super) fn want(&mut self, has_halted: bool) {
        self.stage = Stage::Failed(Failure::Wanted { has_halted });
    }

    /// Another process has cut its power, it seems, as it had halted.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Ended;
    }

    /// Takes note of what its pin says at the end, where another process has switched it.
    pub(super) fn look(&mut self, power: Option<bool>, now: Instant) {
        match (&self.stage, power) {
            (Stage::Ended, Some(false)) => self.stage = Stage::Off(ShutdownResult::ShutDown),
            (Stage::Ended, Some(true)) => self.stage = Stage::Failed(Failure::OnAgain),
            (Stage::Ended, None) => self.stage = Stage::Failed(Failure::Absent),
            (_, Some(true)) => self.see(State::Powered, now),
            (_, Some(false)) => self.see(State::Off, now),
            (_, None) => self.see(State::Absent, now),
        }
    }

    /// Whoever hears its goodbye has not heard it.
    pub(super) fn lose(&mut self) {
        self.stage = self.fail(Failure::Lost);
    }

    /// The node of its ID is not the one in its position: neither is to lose anything for the other.
    pub(super) fn misplace(&mut self, why: &str) {
        let has_halted = self.stage == Stage::Halted;
        self.stage = Stage::Failed(Failure::Misplaced { has_halted, why: why.to_owned() });
    }

    /// Its hub was switched off meanwhile: it has left the USB for that, and may go down still.
    pub(super) fn lose_sight(&mut self) {
        self.stage = self.fail(Failure::Unseen);
    }

    /// Takes note of its power being cut.
    pub(super) fn is_cut(&mut self) {
        self.stage = Stage::Off(match self.stage {
            Stage::Halted => ShutdownResult::ShutDown,
            _ => ShutdownResult::Forced,
        });
    }

    /// Takes note of why it could not be cut.
    pub(super) fn is_not_cut(&mut self, why: String) {
        let has_halted = self.stage == Stage::Halted;
        self.stage = Stage::Failed(Failure::NotCut { has_halted, why });
    }
}

/// The nodes of those courses.
pub(super) fn names(courses: &[Course], of: impl Fn(&Course) -> bool) -> Vec<Node> {
    courses.iter().filter(|course| of(course)).map(|course| course.node).collect()
}

#[cfg(test)]
mod tests;
