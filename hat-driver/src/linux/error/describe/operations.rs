//! Errors of operations on nodes of any boards.

use std::fmt;

use super::super::super::lock::Holder;
use super::super::ClusterError;
use super::Described;

impl Described<'_> {
    /// An operation on nodes of any boards that ended early.
    pub(super) fn operation(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            ClusterError::Locked { what, holder, waited, done } => {
                let (holder, waited) = (holder_name(holder.as_ref()), waited.as_secs_f32());
                write!(f, "cannot lock {what} within {waited} s: {holder} holds it now")?;
                self.done(f, done)
            }
            // They are several, so none can be the source. Each may have parts of its own behind a semicolon.
            ClusterError::Boards(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    let error = Described { error, with_causes: true, ..*self };
                    write!(f, "{}{error}", if index == 0 { "" } else { "; also: " })?;
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
}

fn holder_name(holder: Option<&Holder>) -> String {
    holder.map_or("another process".to_owned(), Holder::to_string)
}
