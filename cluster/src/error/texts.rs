//! The longer texts of errors.

use super::NodesLeft;
use crate::hooks::HookFailure;

pub(super) fn problems(count: usize) -> String {
    match count {
        1 => "one problem found".to_owned(),
        _ => format!("{count} problems found"),
    }
}

pub(super) fn list(refusals: &[HookFailure]) -> String {
    refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn kept(nodes: &[String]) -> String {
    let keep = if nodes.len() == 1 { "keeps its power" } else { "keep their power" };
    format!("{} {keep}", nodes.join(" "))
}

pub(super) fn renumbered(nodes: &[String]) -> String {
    let others =
        if nodes.len() == 1 { "now refers to another node" } else { "now refer to other nodes" };
    format!("{} {others}", nodes.join(" "))
}

pub(super) fn orders(connected: &[u8]) -> String {
    let known: Vec<_> = connected.iter().map(u8::to_string).collect();
    match known[..] {
        [] => "none is connected".to_owned(),
        _ => format!("connected: {}", known.join(", ")),
    }
}

/// What is told of nodes that did not do what they were asked to, in parts.
pub(super) struct NodeClauses {
    /// What they did not do, up to the colon; nothing if there are no nodes.
    head: String,
    /// Each node with why.
    nodes: Vec<String>,
    /// What else is to be said.
    rest: Vec<String>,
}

impl NodeClauses {
    pub(super) fn not_shut_down(
        failures: &[(String, String)],
        fixes: &[String],
        left: &NodesLeft,
    ) -> Self {
        let mut clauses = Self::failed("shut down", failures, fixes, &left.unknown);
        let cut = &left.cut;
        if !cut.is_empty() {
            let (were, they) = if cut.len() == 1 { ("was", "it") } else { ("were", "they") };
            let nodes = cut.join(" ");
            let cut = format!(
                "{nodes} {were} switched off by another command before {they} had halted; {they} may have lost data"
            );
            if failures.is_empty() {
                clauses.rest.push(cut);
            } else {
                clauses.head = format!("{cut}; {}", clauses.head);
            }
        }
        clauses
    }

    pub(super) fn not_restarted(
        failures: &[(String, String)],
        fixes: &[String],
        off: &[String],
        unknown: &[String],
    ) -> Self {
        let mut clauses = Self::failed("restart", failures, fixes, unknown);
        if !off.is_empty() {
            clauses.rest.push(format!("not restarted, because they are off: {}", off.join(" ")));
        }
        clauses
    }

    fn failed(
        action: &str,
        failures: &[(String, String)],
        fixes: &[String],
        unknown: &[String],
    ) -> Self {
        if failures.is_empty() {
            return Self { head: String::new(), nodes: Vec::new(), rest: Vec::new() };
        }
        // Where the power of one is not known, the head cannot say it of all.
        let keep = match failures.len() {
            _ if !unknown.is_empty() => "",
            1 => ", and keeps its power",
            _ => ", and keep their power",
        };
        Self {
            head: format!("did not {action}{keep}:"),
            nodes: failures.iter().map(|(node, why)| format!("{node}: {why}")).collect(),
            rest: fixes.to_vec(),
        }
    }

    /// All on one line.
    pub(super) fn line(&self) -> String {
        let clauses = self.nodes.iter().chain(&self.rest).map(String::as_str).collect::<Vec<_>>();
        match &*self.head {
            "" => clauses.join("; "),
            head => format!("{head} {}", clauses.join("; ")),
        }
    }

    /// Each node on a line of its own, and the rest, with one clause more, on another.
    pub(super) fn lines(mut self, more: Option<String>) -> String {
        self.rest.extend(more);
        let rest = (!self.rest.is_empty()).then(|| self.rest.join("; "));
        let head = std::iter::once(self.head);
        head.chain(self.nodes).chain(rest).collect::<Vec<_>>().join("\n  ")
    }
}
