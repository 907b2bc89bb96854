//! Events in the life of a node.

use std::time::Duration;

/// An event of a node, reported by the kernel, by its agent, or by the switching of its power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// Its board gives it power.
    PowerOn,
    /// Its board gives it no power.
    PowerOff,
    /// Its HAT is disconnected, or its board does not answer.
    BoardGone,
    /// Its HAT is connected again; whether the node has power is another event.
    BoardBack,
    /// Its boot ROM is on the USB.
    RomSeen,
    /// Its boot ROM left the USB: it got its boot files, or lost its power.
    RomGone,
    /// Its gadget is on the USB.
    GadgetSeen,
    /// Its gadget left the USB.
    GadgetGone,
    /// Its network interface has a carrier.
    LinkUp,
    /// Its network interface has no carrier any more, or is gone.
    LinkDown,
    /// The kernel found its neighbour entry valid (`NUD_REACHABLE`).
    Heard,
    /// The kernel's neighbour discovery failed (`NUD_FAILED`).
    Lost,
    /// Its agent says hello.
    AgentHello,
    /// Its agent has stopped answering, or ends for a reboot.
    AgentLost,
    /// Its agent says that the system powers off. A reboot is [`Self::AgentLost`], since the node comes back.
    Goodbye,
    /// It has had power for longer than a boot takes ([`BOOT_LIMIT`](super::BOOT_LIMIT)) without being on the USB.
    Overdue,
}

/// An event, and when it happened on the boot clock, where that is known.
pub(crate) type Dated = (Event, Option<Duration>);

impl Event {
    /// Every event, in the order of a node's life.
    pub const ALL: [Self; 16] = [
        Self::BoardGone,
        Self::BoardBack,
        Self::PowerOff,
        Self::PowerOn,
        Self::RomSeen,
        Self::RomGone,
        Self::GadgetSeen,
        Self::GadgetGone,
        Self::LinkUp,
        Self::LinkDown,
        Self::Heard,
        Self::Lost,
        Self::AgentHello,
        Self::AgentLost,
        Self::Goodbye,
        Self::Overdue,
    ];
}
