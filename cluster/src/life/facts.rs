//! The reducer: what is known of a node after an event, and the state that follows from it.

use super::{Event, State};

/// What is known of a node. A state alone would forget too much: a node whose agent falls silent is
/// back at its link or at its gadget, depending on what the kernel said before, and one that leaves the USB
/// is halted only if it has said goodbye.
///
/// The default is a node without power of which nothing was heard.
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

/// What of the node is on the USB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Usb {
    /// Nothing, and no gadget was since it got power.
    #[default]
    Nothing,
    Rom,
    Gadget,
    /// Its gadget was there.
    Gone,
}

impl Facts {
    /// What is known after an event.
    #[must_use]
    pub fn after(self, event: Event) -> Self {
        match event {
            Event::BoardGone => Self { power: Power::Unknown, ..Self::default() },
            Event::BoardBack if self.power == Power::Unknown => Self { power: Power::Off, ..self },
            // What was seen before does not count after: the kernel has yet to notice that it is gone.
            Event::PowerOff => Self::default(),
            // What was seen before does count: the boot ROM may be faster than the news of its power.
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

    /// The state that follows: the first that applies, from the most to the least that is known.
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

    /// What appears on the USB has started since whatever was said before.
    fn started(self, usb: Usb) -> Self {
        // A gadget that is told twice, by what is there and by an event, says nothing new.
        let said_goodbye = self.said_goodbye && self.usb == usb;
        Self { usb, said_goodbye, is_overdue: false, ..self }
    }
}

#[cfg(test)]
mod tests;
