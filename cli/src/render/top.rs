//! `top` and `fan auto` for people.

use clusterhat::report::{FanReport, TopNode, TopReport};

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
        plain(node.transport.map_or_else(String::new, |by| by.to_string())),
    ]
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
