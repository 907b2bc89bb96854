//! What an error tells, held against what the world has.

use hat_driver::Error as BoardError;
use hat_driver::linux::{BoardError as Source, Error};
use hat_driver::power::Stands;

use super::rig::Shown;
use super::{ALERT, Ask, HUB, LED, WP, Wired};

/// What is asked, of a board that has been through something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) wired: Wired,
    pub(crate) before: &'static [Ask],
    pub(crate) ask: Ask,
}

/// The board, and the register or line, are named; the node or output too once it was at stake.
pub(crate) fn check_message(case: Case, error: &Error, at_stake: bool, context: &str) {
    let text = error.to_string();
    assert!(text.starts_with(&case.wired.label()), "{context}: names no board: {text}");
    let Error::Board { what, source: Source::Hat(source), .. } = error else {
        panic!("{context}: {error:?}");
    };
    let place = match source {
        BoardError::Bus { register, .. } | BoardError::ReadBack { register, .. } => {
            assert!(case.wired.is_expander());
            format!("{register} register")
        }
        BoardError::Line { line, .. } => format!("GPIO line {line}"),
        other => panic!("{context}: no fault of the bus: {other:?}"),
    };
    assert!(text.contains(&place), "{context}: names no {place}: {text}");
    let (asked, _) = case.ask.wish();
    let named = named(what);
    assert_eq!(named & !asked, 0, "{context}: {what:?} was not asked for");
    if at_stake && asked != 0 {
        assert_ne!(named, 0, "{context}: names no node or output: {text}");
        assert!(text.contains(what.as_str()), "{context}: {text}");
    }
}

/// The bits of names such as `p1 p3`, or of an output.
pub(crate) fn named(what: &str) -> u8 {
    match what {
        "LEDs of the nodes" => return LED,
        "USB hub" => return HUB,
        "ALERT LED" => return ALERT,
        "EEPROM write protection" => return WP,
        _ => {}
    }
    let bit = |word| match word {
        "p1" => 0x01,
        "p2" => 0x02,
        "p3" => 0x04,
        "p4" => 0x08,
        other => panic!("{other} is no name"),
    };
    what.split_whitespace().map(bit).fold(0, |all, bit| all | bit)
}

/// What the error says of the named signals is what the world has, and what it says was switched was.
pub(crate) fn check_stands(
    case: Case,
    error: &Error,
    before: Shown,
    now: Shown,
    dead: bool,
    context: &str,
) {
    let Error::Board { what, stands, done, .. } = error else { panic!("{error:?}") };
    let named = named(what);
    let (_, on) = case.ask.wish();
    let commanded = case.wired.signals(now.latch) & named;
    let was = case.wired.signals(before.latch) & named;
    let wanted = if on { named } else { 0 };
    match stands {
        _ if what.is_empty() => {}
        Stands::New => assert_eq!(commanded, wanted, "{context}: new: {error}"),
        // Before its initialisation a board commands nothing.
        Stands::Old if now.outputs & named == 0 => {}
        Stands::Old if before.outputs == 0 => assert_ne!(commanded, wanted, "{context}: {error}"),
        Stands::Old => assert_eq!(commanded, was, "{context}: old: {error}"),
        Stands::Unknown => {
            let torn = commanded != was && commanded != wanted;
            assert!(dead || torn, "{context}: this can be told: {error}");
        }
    }
    let switched = self::named(&done.nodes.join(" "));
    let on = case.wired.signals(now.latch);
    let so = if done.on { on } else { !on };
    assert_eq!(switched & !so, 0, "{context}: {switched:#x} were not switched: {error}");
}
