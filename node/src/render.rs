//! Reports as text and as JSON.

use std::fmt::{Display, Write as _};
use std::io::{IsTerminal as _, Write as _, stderr};

use serde::Serialize;

use crate::report::{DownReport, StatusReport, UpReport};

/// A report that people read.
pub(crate) trait Text {
    /// Whole lines.
    fn text(&self) -> String;
}

/// A line on a terminal that tells what is waited for, and is gone at the end.
#[derive(Default)]
pub(crate) struct ProgressLine {
    is_shown: bool,
}

impl ProgressLine {
    pub(crate) fn show(&mut self, what: &impl Display) {
        self.is_shown = stderr().is_terminal();
        if self.is_shown {
            // One that cannot be written is no reason to stop.
            let _ = write!(stderr(), "\r\x1b[K{what}");
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

/// One JSON document and a line break.
pub(crate) fn json<R: Serialize>(report: &R) -> String {
    // The reports hold nothing that JSON cannot: a failure would be a fault of this program.
    let text = serde_json::to_string_pretty(report)
        .unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"));
    format!("{text}\n")
}

impl Text for UpReport {
    fn text(&self) -> String {
        let profile = &self.identity.profile;
        let done = match (self.action, &self.because) {
            ("none", _) => "is up already".to_owned(),
            ("remade", Some(because)) => format!("is up, made anew as {because}"),
            _ => "is up".to_owned(),
        };
        let mut text = format!("node {} {done}\n", profile.id);
        let network = self.network.as_deref().unwrap_or("no device yet");
        // Writing to a String does not fail.
        let _ = writeln!(text, "controller  {}", self.udc);
        let _ = writeln!(
            text,
            "network     {network}, {}, {} (controller's end {})",
            profile.ethernet, self.identity.node_mac, self.identity.host_mac
        );
        let _ = writeln!(text, "serial      {}", self.ttys.join(" "));
        text += &second_port(self.without_second_port, self.refused.as_deref());
        text
    }
}

/// What became of the second serial port, where it is not as configured.
fn second_port(is_without: bool, refused: Option<&str>) -> String {
    if !is_without {
        return String::new();
    }
    let why = refused.map_or_else(String::new, |why| format!(" ({why})"));
    format!(
        "warning: the second serial port is off, as the USB device controller refused it{why}; \
         serial-ports = 1 in node.toml leaves it off\n"
    )
}

impl Text for DownReport {
    fn text(&self) -> String {
        if self.removed { "the gadget is removed\n" } else { "there is no gadget\n" }.to_owned()
    }
}

impl Text for StatusReport {
    fn text(&self) -> String {
        let state = match (self.state, &self.difference) {
            ("differs", Some(difference)) => format!("not as configured: {difference}"),
            ("unbound", _) => "made, but on no controller".to_owned(),
            (state, _) => state.to_owned(),
        };
        let mut text = format!("gadget      {state}\n");
        if let Some(identity) = &self.identity {
            let profile = &identity.profile;
            let _ = writeln!(
                text,
                "node        {}, {}, {}, {} (controller's end {})",
                profile.id, profile.boot, profile.ethernet, identity.node_mac, identity.host_mac
            );
        }
        if let Some(udc) = &self.udc {
            let _ = writeln!(text, "controller  {}, {}", udc.name, udc.state);
        }
        if let Some(network) = &self.network {
            let _ = writeln!(text, "network     {network}");
        }
        if !self.ttys.is_empty() {
            let _ = writeln!(text, "serial      {}", self.ttys.join(" "));
        }
        text += &second_port(self.without_second_port, None);
        for other in &self.others {
            let _ = writeln!(text, "{} is used by {}", other.udc, other.owner);
        }
        text
    }
}
