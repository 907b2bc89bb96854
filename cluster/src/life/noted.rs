//! Merges a node's note into the present events of the kernel and the boards.

use std::time::Duration;

use super::{Dated, Event};
use crate::node_note::{Noted, Word};

/// When a node's power was switched to this state; `None` if it was last switched by another program.
pub(super) fn since(noted: Noted, power: Event) -> Option<Duration> {
    let switched = noted.power?;
    let is_so =
        matches!((power, switched.word), (Event::PowerOn, Word::On) | (Event::PowerOff, Word::Off));
    is_so.then_some(switched.at)
}

/// Adds the goodbye of an agent. If its gadget is not on the USB now, the gadget's departure followed the goodbye; if it is, the goodbye
/// counts only if it is later than the gadget's appearance.
pub(super) fn add_goodbye(noted: Noted, events: &mut Vec<Dated>) {
    let Some(goodbye) = noted.agent.filter(|heard| heard.word == Word::Goodbye) else { return };
    let gadget = events.iter().find(|(event, _)| *event == Event::GadgetSeen);
    let at = Some(goodbye.at);
    match gadget {
        Some((_, since)) if since.is_none_or(|since| since > goodbye.at) => {}
        Some(_) => events.push((Event::Goodbye, at)),
        None if events.iter().any(|(event, _)| *event == Event::RomSeen) => {}
        None => {
            events.extend([(Event::GadgetSeen, at), (Event::Goodbye, at), (Event::GadgetGone, at)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::{Facts, State};
    use crate::node_note::Heard;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn noted(power: Word, agent: Word) -> Noted {
        let power = Some(Heard { word: power, at: at(10) });
        Noted { power, agent: Some(Heard { word: agent, at: at(20) }) }
    }

    fn state(present: &[Dated], agent: Word) -> State {
        let mut events = present.to_vec();
        add_goodbye(noted(Word::On, agent), &mut events);
        let facts = Facts::default().after(Event::PowerOn);
        events.iter().fold(facts, |facts, (event, _)| facts.after(*event)).state()
    }

    #[test]
    fn a_node_that_said_goodbye_and_is_not_on_the_usb_has_halted() {
        use Event::{GadgetGone, GadgetSeen, LinkDown, RomGone, RomSeen};
        let gone = [(RomGone, None), (GadgetGone, None), (LinkDown, None)];
        assert_eq!(state(&gone, Word::Goodbye), State::Halted);
        assert_eq!(state(&gone, Word::Lost), State::Powered);
        assert_eq!(state(&gone, Word::Hello), State::Powered, "nobody listens any more");
        let rom = [(GadgetGone, None), (RomSeen, None)];
        assert_eq!(state(&rom, Word::Goodbye), State::BootRom, "it has started since");
        for (since, goes) in [(Some(at(15)), true), (Some(at(25)), false), (None, false)] {
            let mut events = vec![(GadgetSeen, since)];
            add_goodbye(noted(Word::On, Word::Goodbye), &mut events);
            assert_eq!(events.len() == 2, goes, "{since:?}");
        }
    }

    #[test]
    fn the_time_of_the_power_is_that_of_its_last_switching() {
        let on = noted(Word::On, Word::Lost);
        assert_eq!(since(on, Event::PowerOn), Some(at(10)));
        assert_eq!(since(on, Event::PowerOff), None, "somebody else has switched it");
        assert_eq!(since(noted(Word::Off, Word::Lost), Event::PowerOff), Some(at(10)));
        assert_eq!(since(Noted::default(), Event::PowerOff), None);
    }
}
