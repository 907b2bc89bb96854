//! Errors of boards: those that cannot be told apart, and those that fail.

use std::fmt;

use super::super::{ClusterError, Obstacle, Target};
use super::Described;
use crate::power::ResultingState;

const fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}

impl Described<'_> {
    /// Boards that cannot be distinguished or identified.
    pub(super) fn configuration(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ClusterError::SamePlace { boards: [one, other], place } => write!(
                f,
                "boards {one} and {other} are both configured at {place}; give one another address"
            ),
            ClusterError::UnknownRevision { board, version } => {
                write!(f, "{board}: unknown revision {version}")
            }
            ClusterError::NoRevision { board } => {
                write!(f, "{board}: its revision is unknown, since it has no EEPROM")
            }
            ClusterError::BadEeprom { product_ver } => {
                write!(
                    f,
                    "the HAT's EEPROM has product_ver {product_ver:?}, which is not a version"
                )
            }
            ClusterError::NoI2cDriver { board, .. } => {
                write!(f, "{board} has no I2C bus, since no driver is bound to it")
            }
            ClusterError::OrderUnknown { boards, order } => write!(
                f,
                "{} cannot be opened and may have the order {order}; get {it} to answer or unplug {it}, then try again",
                boards.join(" and "),
                it = them(boards.len())
            ),
            ClusterError::DuplicateOrder { order, buses } => {
                write!(f, "the ClusterCTRL boards on {} have the same order, {order}", names(buses))
            }
            _ => Ok(()),
        }
    }

    /// One board that failed.
    pub(super) fn board(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ClusterError::Open { board, device, obstacle, .. } => {
                write!(f, "{board}: cannot open {device}")?;
                match obstacle {
                    Obstacle::KernelDriver { driver, .. } => {
                        write!(f, " (the kernel driver {driver} holds the chip)")
                    }
                    _ => Ok(()),
                }
            }
            ClusterError::NotOpened { target, source } => {
                write!(f, "{}{}", self.prefix(target), self.of(source))
            }
            ClusterError::Uncertain { nodes, boards } => write!(
                f,
                "{}: the numbering is uncertain, since {} cannot be opened and may come before {}; get {it} to answer \
                 or unplug {it}",
                self.wording.nodes(nodes),
                boards.join(" and "),
                them(nodes.len()),
                it = them(boards.len())
            ),
            ClusterError::NotCtrl { board } => {
                write!(f, "{board}: only a ClusterCTRL board can do that")
            }
            ClusterError::Board { board, target, resulting, done, source } => {
                let (prefix, reason) = (self.prefix(target), source.reason(target));
                write!(f, "{board}: {prefix}{reason}{}", state(*resulting, target))?;
                if let Target::Beyond { switched_off: Some(places), .. } = target {
                    write!(f, "; switched off: {places}")?;
                }
                self.done(f, done)
            }
            ClusterError::Gone { board, target, done } => {
                let prefix = self.prefix(target);
                write!(
                    f,
                    "{board}: {prefix}the board has left the USB; the resulting state is unknown"
                )?;
                self.done(f, done)
            }
            ClusterError::NotBack { board, target, missing, limit, .. } => {
                let (prefix, limit) = (self.prefix(target), limit.as_secs());
                write!(f, "{board}: {prefix}{missing} within {limit} s{}", missing.consequence())
            }
            ClusterError::HubOff { board, source } => {
                write!(
                    f,
                    "{board}: the USB hub was switched off and could not be switched on again, so it \
                     may still be off: "
                )?;
                match &**source {
                    // The state that it left is told already, and it is not that before the reset.
                    ClusterError::Board { target, source, .. } => {
                        write!(f, "{}{}", self.prefix(target), source.reason(target))
                    }
                    source => write!(f, "{}", self.of(source)),
                }
            }
            _ => Ok(()),
        }
    }
}

fn names(buses: &[u32]) -> String {
    let names: Vec<_> = buses.iter().map(|bus| format!("i2c-{bus}")).collect();
    names.join(" and ")
}

fn state(resulting: ResultingState, target: &Target) -> &'static str {
    match resulting {
        _ if target.is_none() => "",
        ResultingState::Old => "; the state is unchanged",
        ResultingState::New => "; the new state is commanded",
        ResultingState::Unknown => "; the resulting state is unknown",
    }
}
