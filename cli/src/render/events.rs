//! Events, a line each.

use std::time::{Duration, UNIX_EPOCH};

use clusterhat::report::EventReport;
use clusterhat::rfc3339;
use clusterhat::service::EventKind;
use node_link::agent::Printable;

/// The time and what happened. Names come from other users and from nodes: what could move the cursor is shown, not obeyed.
pub(super) fn render(event: &EventReport) -> String {
    let time = rfc3339(UNIX_EPOCH + Duration::from_millis(event.at));
    format!("{time} {}\n", Printable::new(&words(&event.kind)).as_str())
}

fn words(kind: &EventKind) -> String {
    match kind {
        EventKind::State { node, state, .. } => format!("{node}: {state}"),
        EventKind::Power { node, on: true } => format!("{node}: power on"),
        EventKind::Power { node, on: false } => format!("{node}: power off"),
        EventKind::Agent { node, reached: true } => format!("{node}: agent connected"),
        EventKind::Agent { node, reached: false } => format!("{node}: agent disconnected"),
        EventKind::Console { node, what, who } => match (&**what, who) {
            ("writer", Some(who)) => format!("{node}: {who} writes on the console"),
            ("writer", None) => format!("{node}: nobody writes on the console"),
            _ => format!("{node}: console {what}"),
        },
        EventKind::Task { task, operation, nodes, state, percent } => match &**state {
            "running" => format!("task {task}: {operation} {nodes}: {percent} %"),
            _ => format!("task {task}: {operation} {nodes}: {state}"),
        },
        EventKind::UnderVoltage { now: true } => "under-voltage".to_owned(),
        EventKind::UnderVoltage { now: false } => "under-voltage has ended".to_owned(),
        EventKind::Access { who, what } => format!("{who}: {what}"),
        EventKind::Boards { boards } if boards.is_empty() => "boards: none".to_owned(),
        EventKind::Boards { boards } => format!("boards: {}", boards.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_names_hold() {
        let kind = EventKind::Access {
            who: "visitor\u{1b}[2J\nroot".to_owned(),
            what: "logged in".to_owned(),
        };
        let line = render(&EventReport { at: 1_732_600_000_123, kind });
        assert!(line.starts_with("2024-11-26T05:46:40.123Z visitor"), "{line:?}");
        assert!(line.ends_with("logged in\n") && line.matches('\n').count() == 1, "{line:?}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }

    #[test]
    fn a_task_shows_how_far_it_is_and_then_how_it_ended() {
        let task = |state: &str| {
            let (task, operation, nodes) = ("4".to_owned(), "on".to_owned(), "p[1-4]".to_owned());
            words(&EventKind::Task { task, operation, nodes, state: state.to_owned(), percent: 50 })
        };
        assert_eq!(task("running"), "task 4: on p[1-4]: 50 %");
        assert_eq!(task("failed"), "task 4: on p[1-4]: failed");
    }
}
