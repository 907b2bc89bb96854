//! The text of a [`ClusterError`], with a program's names of nodes and its advice.

mod boards;
mod operations;

use std::fmt;

use super::super::handle::Node;
use super::chain::chain;
use super::wording::{ByNumber, Wording};
use super::{ClusterError, Done, Target};

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
        let kept = done.kept();
        if !kept.is_empty() {
            let keep = if kept.len() == 1 { "keeps its" } else { "keep their" };
            let nodes = self.wording.nodes(&kept);
            write!(f, "; {nodes} {keep} power, as another command has requested it since")?;
        }
        Ok(())
    }
}
