//! `doctor`: checks for common problems, and names or applies their fixes.

use std::fmt::Write as _;

use clap::Args;
use clusterhat::NodeSet;
use clusterhat::doctor::{self, Subject};
use clusterhat::report::Report;

use crate::advice::{Words, diagnosed};
use crate::call::{Call, Done, Run};
use crate::progress;

#[derive(Debug, Args)]
#[command(after_help = table())]
pub(crate) struct Doctor {
    /// Nodes to check, such as p1 p3, p1..p4 or p[1-3,5] (default: all)
    #[arg(value_name = "NODES")]
    nodes: Vec<String>,
    /// Apply the safe fixes: `setup`, and loading kernel modules
    #[arg(long)]
    fix: bool,
    /// With --fix: show the changes as a diff and make none
    #[arg(long, requires = "fix")]
    dry_run: bool,
}

impl Run for Doctor {
    fn name(&self) -> &'static str {
        "doctor"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        let users: Vec<_> = user().into_iter().collect();
        let subject = Subject::new(&call.options, &nodes);
        let users = if subject.tools.is_some() { &users[..] } else { &[] };
        let subject = Subject { users, wording: &Words, ..subject };
        let outcome = match self.fix {
            true => doctor::fix(&subject, self.dry_run, &mut progress::task)?,
            false => doctor::examine(&subject)?,
        };
        Ok(outcome.map(diagnosed).map(Report::Doctor))
    }
}

/// The user whose groups are checked: the one who called sudo, or else the current one; `None` for root.
fn user() -> Option<String> {
    let name =
        |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty() && user != "root");
    match rustix::process::geteuid().is_root() {
        true => name("SUDO_USER"),
        false => name("USER").or_else(|| name("LOGNAME")),
    }
}

/// Every check, for `--help` and the manual page.
fn table() -> String {
    let mut text = "Exit status: 0 no problem found, 1 a problem needs attention. No check switches or writes anything.\n\
                    The checks, and what each looks for:\n"
        .to_owned();
    for check in doctor::checks() {
        // Writing to a String does not fail.
        let _ = writeln!(text, "\n{}: {}.\n  Why: {}.", check.name, check.looks_for, check.why);
    }
    text
}
