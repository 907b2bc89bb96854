//! `top` and `fan auto` for people.

use clusterhat::agent::Transport;
use clusterhat::report::{FanReport, NoAgent, NoAgentReason, TopNode, TopReport};

use super::table::{Cell, Tone, cell, plain, table};

/// Flags of the firmware: now, and since boot from bit 16 on.
const FLAGS: [(u32, &str); 4] =
    [(0, "under-voltage"), (2, "throttled"), (1, "capped"), (3, "soft limit")];

pub(super) fn top(report: &TopReport) -> String {
    let rows: Vec<_> = report.nodes.iter().map(row).collect();
    let head = ["NODE", "NAME", "STATE", "TEMP", "LOAD", "THROTTLED", "MEMORY", "UPTIME", "AGENT"];
    let mut text = table(&head, &rows);
    if let Some(celsius) = report.controller_c {
        text.push_str(&format!("\ncontroller: {celsius:.1} °C\n"));
    }
    if report.nodes.iter().any(|node| node.simulated) {
        text.push_str("readings of simulated nodes are made up\n");
    }
    text
}

pub(super) fn fan(report: &FanReport) -> String {
    let state = if report.fan { "on" } else { "off" };
    match (report.hottest_c, &report.whose) {
        (Some(celsius), Some(whose)) => {
            format!("fan {state}: the hottest is {whose}, {celsius:.1} °C\n")
        }
        _ => format!("fan {state}: no temperature is known\n"),
    }
}

fn row(node: &TopNode) -> Vec<Cell> {
    let telemetry = node.telemetry.as_ref();
    let of = |text: Option<String>| plain(text.unwrap_or_default());
    let memory = telemetry.and_then(|one| one.memory).map(|memory| {
        let used = memory.total_kib.saturating_sub(memory.available_kib);
        format!("{}/{} MiB", used / 1024, memory.total_kib / 1024)
    });
    vec![
        plain(&node.node),
        plain(node.name.clone().unwrap_or_default()),
        plain(node.state.map_or_else(|| "?".to_owned(), |state| state.to_string())),
        of(telemetry.and_then(|one| one.temperature_c).map(|celsius| number(celsius, 200.0, "°C"))),
        of(telemetry.and_then(|one| one.load).map(|load| number(load[0], 9999.0, ""))),
        throttled(telemetry.and_then(|one| one.throttled)),
        of(memory),
        of(telemetry.and_then(|one| one.uptime_s).map(uptime)),
        plain(node.transport.map_or_else(|| missing(&node.no_agent), |by| by.to_string())),
    ]
}

/// Why there is no agent, in a few words for each way to it.
fn missing(ways: &[NoAgent]) -> String {
    if ways.iter().any(|way| way.why == NoAgentReason::Starting) {
        return "starting".to_owned();
    }
    let ways: Vec<_> = ways.iter().map(way).collect();
    if ways.is_empty() { String::new() } else { format!("none: {}", ways.join("; ")) }
}

fn way(way: &NoAgent) -> String {
    let said = match (way.why, way.pid) {
        (NoAgentReason::NoPort, _) => "no second serial port".to_owned(),
        (NoAgentReason::Silent, _) => "no answer".to_owned(),
        (NoAgentReason::Busy, None) => {
            "serial port in use; only root may see by which process".to_owned()
        }
        (NoAgentReason::Busy, Some(pid)) => {
            let command =
                way.command.as_deref().map_or(String::new(), |by| format!(" ({})", cut(by)));
            format!("serial port in use by process {pid}{command}")
        }
        _ => cut(&way.message),
    };
    match way.by {
        Some(Transport::Ssh) => format!("ssh: {said}"),
        _ => said,
    }
}

/// As much of somebody else's words as a column takes.
fn cut(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a node says need not make sense, and is not to fill the screen.
fn number(value: f64, most: f64, unit: &str) -> String {
    match value.abs() <= most {
        true => format!("{value:.1} {unit}").trim_end().to_owned(),
        false => "?".to_owned(),
    }
}

fn throttled(flags: Option<u32>) -> Cell {
    let Some(flags) = flags else { return plain("") };
    let of = |shift: u32| FLAGS.iter().find(|(bit, _)| flags >> (bit + shift) & 1 == 1);
    match (of(0), of(16)) {
        (Some((_, now)), _) => cell(*now, Tone::Bad),
        (None, Some((_, before))) => plain(format!("no (was: {before})")),
        (None, None) => plain("no"),
    }
}

fn uptime(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match days {
        0 => format!("{hours}:{minutes:02}:{:02}", seconds % 60),
        1..=99999 => format!("{days} d {hours}:{minutes:02}"),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_stays_in_its_column() {
        assert_eq!(number(48.31, 200.0, "°C"), "48.3 °C");
        for nonsense in [1e300, f64::NAN, f64::INFINITY, -1e9] {
            assert_eq!(number(nonsense, 200.0, "°C"), "?");
        }
        let times = [0, 59, 3600, 86399, 86400, 200_000, u64::MAX].map(uptime);
        assert_eq!(
            times,
            ["0:00:00", "0:00:59", "1:00:00", "23:59:59", "1 d 0:00", "2 d 7:33", "?"]
        );
    }

    #[test]
    fn the_agent_s_column_says_why_there_is_none() {
        let no_agent = |by, why, message: &str| NoAgent {
            by,
            why,
            pid: None,
            command: None,
            message: message.to_owned(),
        };
        let serial = Some(Transport::Serial);
        let busy = no_agent(serial, NoAgentReason::Busy, "");
        let held =
            NoAgent { pid: Some(7), command: Some("picocom ttypi1a".into()), ..busy.clone() };
        let long = no_agent(Some(Transport::Ssh), NoAgentReason::NoSsh, &"é".repeat(100));
        let port = no_agent(serial, NoAgentReason::NoPort, "/dev/ttypi1a is not there: ...");
        let silent = no_agent(serial, NoAgentReason::Silent, "");
        assert_eq!(missing(&[]), "");
        assert_eq!(
            missing(&[port, long]),
            format!("none: no second serial port; ssh: {}...", "é".repeat(60))
        );
        assert_eq!(missing(&[held]), "none: serial port in use by process 7 (picocom ttypi1a)");
        assert_eq!(
            missing(&[busy]),
            "none: serial port in use; only root may see by which process"
        );
        assert_eq!(missing(&[silent]), "none: no answer");
        assert_eq!(missing(&[no_agent(None, NoAgentReason::Starting, "")]), "starting");
    }

    #[test]
    fn the_worst_flag_is_shown_and_a_present_one_first() {
        let shown = |flags| format!("{:?}", throttled(Some(flags)));
        for (flags, text) in [
            (0, "\"no\""),
            (0x5, "\"under-voltage\""),
            (0x2, "\"capped\""),
            (0x5_0000, "\"no (was: under-voltage)\""),
            (0x5_0004, "\"throttled\""),
        ] {
            assert!(shown(flags).contains(text), "{flags:#x}: {}", shown(flags));
        }
    }
}
