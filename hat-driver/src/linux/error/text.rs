//! The parts that the sentences of [`Error`] are made of.

use super::{BoardError, Error};
use crate::bus_error::BusError;
use crate::error::{NotDriven, pins_show};
use crate::linux::lock::Holder;
use crate::power::Stands;

pub(super) fn bus_names(buses: &[u32]) -> String {
    let names: Vec<_> = buses.iter().map(|bus| format!("i2c-{bus}")).collect();
    names.join(" and ")
}

/// Each error with its causes: they are several, so none can be the source.
pub(super) fn join(errors: &[Error]) -> String {
    let texts: Vec<_> = errors.iter().map(|error| chain(error)).collect();
    texts.join("; ")
}

/// An error and its causes on one line; what a message contains already is not said again.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}

/// What went wrong; pins by the names that `what` gives them over all boards, where it does.
pub(super) fn reason(source: &BoardError, what: &str) -> String {
    match source {
        BoardError::Hat(error) if what.is_empty() => chain(error),
        source => source.to_string(),
    }
}

/// What went wrong on a HAT, without the names that its own pins have.
pub(super) fn told(error: &crate::Error<BusError>) -> String {
    match error {
        crate::Error::PinsDiffer { signals, seen, .. } => pins_show(*signals, *seen).to_owned(),
        crate::Error::NotDriven { direction, .. } => NotDriven(*direction).to_string(),
        error => chain(error),
    }
}

pub(super) fn prefix(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!("{what}: ") }
}

pub(super) fn hint(advice: &Option<String>) -> String {
    advice.as_ref().map_or(String::new(), |advice| format!(" ({advice})"))
}

pub(super) fn holder_name(holder: &Option<Holder>) -> String {
    holder.as_ref().map_or("another process".to_owned(), Holder::to_string)
}

pub(super) fn since(node: &Option<String>, left: &[String]) -> String {
    match node {
        Some(node) => format!(" after {node} was switched on{}", not_switched_on(left)),
        None => ", so nothing was switched on".to_owned(),
    }
}

pub(super) fn were(nodes: &[String]) -> String {
    format!("{} {}", nodes.join(" "), if nodes.len() == 1 { "was" } else { "were" })
}

pub(super) fn not_switched_on(left: &[String]) -> String {
    if left.is_empty() { String::new() } else { format!(", so {} not switched on", were(left)) }
}

pub(super) fn state(stands: &Stands, what: &str) -> &'static str {
    match stands {
        _ if what.is_empty() => "",
        Stands::Old => "; the old state stands",
        Stands::New => "; the new state stands",
        Stands::Unknown => "; which state stands cannot be told",
    }
}
