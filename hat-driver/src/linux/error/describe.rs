//! The text of a [`ClusterError`], with a program's names of nodes and its advice.

use std::fmt;

use super::super::handle::Node;
use super::super::lock::Holder;
use super::chain::chain;
use super::wording::{ByNumber, Wording};
use super::{ClusterError, Done, Target};
use crate::power::ResultingState;

impl ClusterError {
    /// The error with its causes, on one line.
    ///
    /// ```
    /// use hat_driver::linux::{ClusterError, Node, Wording};
    ///
    /// struct MyWords;
    ///
    /// impl Wording for MyWords {
    ///     fn nodes(&self, nodes: &[Node]) -> String {
    ///         let names: Vec<_> = nodes.iter().map(|node| format!("p{}", node.number())).collect();
    ///         names.join(",")
    ///     }
    /// }
    ///
    /// fn report(error: &ClusterError) {
    ///     eprintln!("{}", error.describe(&MyWords));
    /// }
    /// ```
    pub fn describe<'a>(&'a self, wording: &'a dyn Wording) -> impl fmt::Display + 'a {
        Described { error: self, wording, with_causes: true }
    }
}

/// Without the causes that [`std::error::Error::source`] gives.
impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Described { error: self, wording: &ByNumber, with_causes: false }.fmt(f)
    }
}

#[derive(Clone, Copy)]
struct Described<'a> {
    error: &'a ClusterError,
    wording: &'a dyn Wording,
    with_causes: bool,
}

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ClusterError::NoBoard { .. } => f.write_str("no Cluster HAT found")?,
            ClusterError::LineTaken { line, board } => {
                write!(f, "GPIO line {line} belongs to {board}")?;
            }
            ClusterError::Lock { path, .. } => write!(f, "cannot lock {}", path.display())?,
            ClusterError::Line { line, .. } => write!(f, "cannot use GPIO line {line}")?,
            ClusterError::LineStuck { line, on } => write!(
                f,
                "GPIO line {line} does not follow: it was switched {}",
                if *on { "on" } else { "off" }
            )?,
            ClusterError::NoSuchBoard { .. } => f.write_str(
                "no such board: it was removed, or the handle belongs to another cluster",
            )?,
            ClusterError::NoSuchNode { node } => write!(
                f,
                "there is no {node}: its board was removed, its number has changed, or the handle \
                 belongs to another cluster"
            )?,
            ClusterError::SamePlace { .. }
            | ClusterError::UnknownRevision { .. }
            | ClusterError::NoRevision { .. }
            | ClusterError::BadEeprom { .. }
            | ClusterError::NoI2cDriver { .. }
            | ClusterError::OrderUnknown { .. }
            | ClusterError::DuplicateOrder { .. } => self.configuration(f)?,
            ClusterError::Open { .. }
            | ClusterError::NotOpened { .. }
            | ClusterError::Uncertain { .. }
            | ClusterError::NotCtrl { .. }
            | ClusterError::Board { .. }
            | ClusterError::Gone { .. }
            | ClusterError::NotBack { .. }
            | ClusterError::HubOff { .. } => self.board(f)?,
            ClusterError::Locked { .. }
            | ClusterError::Boards(_)
            | ClusterError::After { .. }
            | ClusterError::UnderVoltage { .. }
            | ClusterError::Undone { .. }
            | ClusterError::Stopped { .. }
            | ClusterError::Cycle { .. } => self.operation(f)?,
        }
        self.cause(f)?;
        let advice = self.wording.advice(self.error);
        advice.map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

impl Described<'_> {
    /// Boards that cannot be distinguished or identified.
    fn configuration(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
                "{} cannot be opened and may have the order {order}; make it answer, or unplug it, and \
                 repeat this",
                boards.join(" and ")
            ),
            ClusterError::DuplicateOrder { order, buses } => {
                write!(f, "the ClusterCTRL boards on {} have the same order, {order}", names(buses))
            }
            _ => Ok(()),
        }
    }

    /// One board that failed.
    fn board(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ClusterError::Open { board, device, obstacle, .. } => {
                write!(f, "{board}: cannot open {device}")?;
                match obstacle {
                    super::Obstacle::KernelDriver { driver, .. } => {
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
                "{}: the numbering is uncertain, since {} cannot be opened and may come before; make it \
                 answer, or unplug it",
                self.wording.nodes(nodes),
                boards.join(" and ")
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
            ClusterError::HubOff { board, source } => write!(
                f,
                "{board}: the USB hub was switched off and could not be switched on again, so it may \
                 still be off: {}",
                self.of(source)
            ),
            _ => Ok(()),
        }
    }

    /// An operation on nodes of any boards that ended early.
    fn operation(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ClusterError::Locked { what, holder, waited, done } => {
                let (holder, waited) = (holder_name(holder.as_ref()), waited.as_secs_f32());
                write!(f, "{what} has been locked by {holder} for more than {waited} s")?;
                self.done(f, done)
            }
            // They are several, so none can be the source.
            ClusterError::Boards(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    let error = Described { error, with_causes: true, ..*self };
                    write!(f, "{}{error}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
            ClusterError::After { source, done } => {
                write!(f, "{}", self.of(source))?;
                self.done(f, done)
            }
            ClusterError::UnderVoltage { node, left, done } => {
                f.write_str("the Pi reports under-voltage")?;
                match node {
                    Some(node) => {
                        let node = self.wording.nodes(&[*node]);
                        write!(f, " after {node} was switched on{}", self.not_switched_on(left))?;
                    }
                    None => f.write_str(", so nothing was switched on")?,
                }
                self.done(f, done)
            }
            ClusterError::Undone { nodes, left, done } => {
                let left = self.not_switched_on(left);
                write!(f, "{} switched off by another process{left}", self.were(nodes))?;
                self.done(f, done)
            }
            ClusterError::Stopped { left, done } => {
                f.write_str("stopped")?;
                if !left.is_empty() {
                    write!(f, "; not switched: {}", self.wording.nodes(left))?;
                }
                self.done(f, done)
            }
            ClusterError::Cycle { left_off, source } => {
                let left_off = self.wording.nodes(left_off);
                write!(f, "{}; left off by the cycle: {left_off}", self.of(source))
            }
            _ => Ok(()),
        }
    }

    /// What the kernel said, where the text does not say it yet.
    fn cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use std::error::Error as _;
        let own_source = match self.error {
            ClusterError::Open { .. }
            | ClusterError::Lock { .. }
            | ClusterError::Line { .. }
            | ClusterError::NotBack { .. } => self.error.source(),
            _ => None,
        };
        match own_source.filter(|_| self.with_causes) {
            Some(source) => write!(f, ": {}", chain(source)),
            None => Ok(()),
        }
    }

    /// An error inside this one, with its causes.
    const fn of<'b>(&self, error: &'b ClusterError) -> Described<'b>
    where
        Self: 'b,
    {
        Described { error, wording: self.wording, with_causes: true }
    }

    fn prefix(&self, target: &Target) -> String {
        match target {
            Target::None => String::new(),
            Target::Nodes(nodes) => format!("{}: ", self.wording.nodes(nodes)),
            Target::Beyond { places, size, .. } => format!("{places}, beyond its size of {size}: "),
            Target::Output(output) => format!("{output}: "),
            Target::Setting(name) => format!("{name}: "),
        }
    }

    fn were(&self, nodes: &[Node]) -> String {
        let verb = if nodes.len() == 1 { "was" } else { "were" };
        format!("{} {verb}", self.wording.nodes(nodes))
    }

    fn not_switched_on(&self, left: &[Node]) -> String {
        match left.is_empty() {
            true => String::new(),
            false => format!(", so {} not switched on", self.were(left)),
        }
    }

    fn done(&self, f: &mut fmt::Formatter<'_>, done: &Done) -> fmt::Result {
        let power = if done.on { "on" } else { "off" };
        // What another process undid is said already.
        let undone = match self.error {
            ClusterError::Undone { nodes, .. } => &**nodes,
            _ => &[],
        };
        let nodes: Vec<_> =
            done.nodes.iter().copied().filter(|node| !undone.contains(node)).collect();
        if !nodes.is_empty() {
            write!(f, "; switched {power}: {}", self.wording.nodes(&nodes))?;
        }
        Ok(())
    }
}

fn names(buses: &[u32]) -> String {
    let names: Vec<_> = buses.iter().map(|bus| format!("i2c-{bus}")).collect();
    names.join(" and ")
}

fn holder_name(holder: Option<&Holder>) -> String {
    holder.map_or("another process".to_owned(), Holder::to_string)
}

fn state(resulting: ResultingState, target: &Target) -> &'static str {
    match resulting {
        _ if target.is_none() => "",
        ResultingState::Old => "; the state is unchanged",
        ResultingState::New => "; the new state is commanded",
        ResultingState::Unknown => "; the resulting state is unknown",
    }
}
