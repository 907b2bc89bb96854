//! What an error tells, held against what the world has.

use hat_driver::HatError;
use hat_driver::linux::{BoardError, ClusterError, Output, Target};
use hat_driver::power::ResultingState;

use super::rig::Shown;
use super::row::places;
use super::{ALERT, Ask, HUB, LED, WP, Wired, bits};

/// What is asked, of a board that has been through something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) wired: Wired,
    pub(crate) before: &'static [Ask],
    pub(crate) ask: Ask,
}

/// The board, and the register or line, are named; the node or output too once it was at stake.
pub(crate) fn check_message(case: Case, error: &ClusterError, at_stake: bool, context: &str) {
    let text = error.to_string();
    assert!(text.starts_with(&case.wired.label()), "{context}: names no board: {text}");
    let ClusterError::Board { target, source: BoardError::Hat(source), .. } = error else {
        panic!("{context}: {error:?}");
    };
    let place = match source {
        HatError::Bus { register, .. } | HatError::ReadBack { register, .. } => {
            assert!(case.wired.is_expander());
            format!("{register} register")
        }
        HatError::Line { line, .. } => format!("GPIO line {line}"),
        other => panic!("{context}: no fault of the bus: {other:?}"),
    };
    assert!(text.contains(&place), "{context}: names no {place}: {text}");
    let (asked, _) = case.ask.target();
    let named = named(target);
    assert_eq!(named & !asked, 0, "{context}: {target:?} was not asked for");
    if at_stake && asked != 0 {
        assert_ne!(named, 0, "{context}: names no node or output: {text}");
        assert!(text.contains(&words(target)), "{context}: {text}");
    }
}

/// The bits of what an error is about.
pub(crate) fn named(target: &Target) -> u8 {
    match target {
        Target::None => 0,
        Target::Nodes(nodes) => bits(&places(nodes)),
        Target::Output(Output::Led) => LED,
        Target::Output(Output::Hub) => HUB,
        Target::Output(Output::Alert) => ALERT,
        Target::Output(Output::WriteProtect) => WP,
        other => panic!("{other:?} was never asked for"),
    }
}

/// How its text calls it.
fn words(target: &Target) -> String {
    match target {
        Target::Nodes(nodes) => {
            let numbers: Vec<_> = nodes.iter().map(|node| node.number().to_string()).collect();
            numbers.join(" ")
        }
        Target::Output(output) => output.to_string(),
        other => panic!("{other:?} was never asked for"),
    }
}

/// What the error says of the named signals is what the world has, and what it says was switched was.
pub(crate) fn check_resulting(
    case: Case,
    error: &ClusterError,
    before: Shown,
    now: Shown,
    dead: bool,
    context: &str,
) {
    let ClusterError::Board { target, resulting, done, .. } = error else { panic!("{error:?}") };
    let named = named(target);
    let (_, on) = case.ask.target();
    let commanded = case.wired.signals(now.latch) & named;
    let was = case.wired.signals(before.latch) & named;
    let wanted = if on { named } else { 0 };
    match resulting {
        _ if target.is_none() => {}
        ResultingState::New => assert_eq!(commanded, wanted, "{context}: new: {error}"),
        // Before its initialisation a board commands nothing.
        ResultingState::Old if now.outputs & named == 0 => {}
        ResultingState::Old if before.outputs == 0 => {
            assert_ne!(commanded, wanted, "{context}: {error}")
        }
        ResultingState::Old => assert_eq!(commanded, was, "{context}: old: {error}"),
        ResultingState::Unknown => {
            let torn = commanded != was && commanded != wanted;
            assert!(dead || torn, "{context}: this can be told: {error}");
        }
    }
    let switched = bits(&places(&done.nodes));
    let on = case.wired.signals(now.latch);
    let so = if done.on { on } else { !on };
    assert_eq!(switched & !so, 0, "{context}: {switched:#x} were not switched: {error}");
}
