//! The two formats of metrics: OpenMetrics, and the older text format for who does not ask for it.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// The media type of OpenMetrics.
pub(super) const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// That of Prometheus's text format.
pub(super) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether the client asks for OpenMetrics, as Prometheus does.
pub(super) fn wants_open(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        kind.split(';').next().is_some_and(|kind| kind.trim() == "application/openmetrics-text")
    })
}

/// OpenMetrics as text: there a counter's family has the name of its samples, and neither units nor an end are told.
pub(super) fn to_text(open: &str) -> String {
    let counter = |line: &str| {
        let name = line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?;
        Some(name.to_owned())
    };
    let counters: BTreeSet<_> = open.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| !line.starts_with("# UNIT ") && *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(what), Some(name), Some(rest)) if counters.contains(name) => {
                text.push_str(&format!("# {what} {name}_total {rest}\n"));
            }
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_s_family_is_called_as_its_samples() {
        let open = "# HELP a_seconds Time.\n# TYPE a_seconds counter\n# UNIT a_seconds seconds\n\
                    a_seconds_total 1.5\n# HELP b Some.\n# TYPE b gauge\nb{x=\"# EOF\"} 2\n# EOF\n";
        let text = "# HELP a_seconds_total Time.\n# TYPE a_seconds_total counter\n\
                    a_seconds_total 1.5\n# HELP b Some.\n# TYPE b gauge\nb{x=\"# EOF\"} 2\n";
        assert_eq!(to_text(open), text);
    }

    #[test]
    fn who_asks_for_open_metrics_gets_them() {
        let wants = |value: &str| {
            let headers = [(ACCEPT, value.parse().unwrap())].into_iter().collect();
            wants_open(&headers)
        };
        assert!(wants("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"));
        assert!(!wants("*/*") && !wants("text/plain") && !wants_open(&HeaderMap::new()));
    }
}
