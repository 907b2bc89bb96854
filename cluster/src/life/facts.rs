//! The reducer: the facts about a node after an event, and the state that follows from them.

use super::{Event, State};

/// The facts about a node. A state alone would not be enough: a node whose agent stops answering is back at
/// `link` or `enumerated`, depending on earlier events of the kernel, and one that leaves the USB is halted only
/// if it has said goodbye.
///
/// The default is a node without power and without any events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    power: Power,
    usb: Usb,
    has_link: bool,
    is_heard: bool,
    has_agent: bool,
    said_goodbye: bool,
    is_overdue: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Power {
    Unknown,
    #[default]
    Off,
    On,
}

/// The node on the USB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Usb {
    /// Neither, and no gadget has appeared since it got power.
    #[default]
    Nothing,
    Rom,
    Gadget,
    /// Its gadget has left.
    Gone,
}

impl Facts {
    /// The facts after an event.
    #[must_use]
    pub fn after(self, event: Event) -> Self {
        match event {
            Event::BoardGone => Self { power: Power::Unknown, ..Self::default() },
            Event::BoardBack if self.power == Power::Unknown => Self { power: Power::Off, ..self },
            // Earlier events no longer count, even if the kernel has yet to notice that the gadget is gone.
            Event::PowerOff => Self::default(),
            // Earlier events still count: the boot ROM may appear before the power event arrives.
            Event::PowerOn => Self { power: Power::On, ..self },
            Event::RomSeen => self.started(Usb::Rom),
            Event::RomGone if self.usb == Usb::Rom => Self { usb: Usb::Nothing, ..self },
            Event::GadgetSeen => self.started(Usb::Gadget),
            Event::GadgetGone if self.usb == Usb::Gadget => {
                // Its interface and its serial ports go with it.
                Self { usb: Usb::Gone, has_link: false, is_heard: false, has_agent: false, ..self }
            }
            Event::LinkUp => Self { has_link: true, ..self },
            Event::LinkDown => Self { has_link: false, is_heard: false, ..self },
            Event::Heard => Self { is_heard: true, ..self },
            Event::Lost => Self { is_heard: false, ..self },
            Event::AgentHello => Self { has_agent: true, said_goodbye: false, ..self },
            Event::AgentLost => Self { has_agent: false, ..self },
            Event::Goodbye => Self { has_agent: false, said_goodbye: true, ..self },
            Event::Overdue => Self { is_overdue: true, ..self },
            Event::BoardBack | Event::RomGone | Event::GadgetGone => self,
        }
    }

    /// The state that follows: the first match, from the latest state of a start to the earliest.
    #[must_use]
    pub fn state(self) -> State {
        match self {
            Self { power: Power::Unknown, .. } => State::Absent,
            Self { power: Power::Off, .. } => State::Off,
            Self { has_agent: true, .. } => State::Agent,
            Self { is_heard: true, .. } => State::Reachable,
            Self { has_link: true, .. } => State::Link,
            Self { usb: Usb::Gadget, .. } => State::Enumerated,
            Self { usb: Usb::Rom, .. } => State::BootRom,
            Self { usb: Usb::Gone, said_goodbye: true, .. } => State::Halted,
            Self { is_overdue: true, .. } => State::Failed,
            _ => State::Powered,
        }
    }

    /// A device has appeared on the USB, so the node has started since any earlier goodbye.
    fn started(self, usb: Usb) -> Self {
        // Not if it was there already: a gadget may be reported twice, by the initial reading and by an event.
        let said_goodbye = self.said_goodbye && self.usb == usb;
        Self { usb, said_goodbye, is_overdue: false, ..self }
    }
}

#[cfg(test)]
mod tests;
