//! `network` for people.

use std::fmt::{Display, Write as _};

use system_config::network::{
    BRIDGE, BridgeStatus, LinkState, NetworkMode, NetworkSettings, NodeLink,
};

use super::files::files;
use super::table::{Cell, Tone, cell, paint, plain, table};
use clusterhat::report::{NetworkDone, NetworkReport};

pub(super) fn render(report: &NetworkReport) -> String {
    match report {
        NetworkReport::Setup { settings, findings, done } => {
            changed("changed", done) + &notes(findings) + &setup_end(settings, done)
        }
        NetworkReport::Allowed { .. } => "the packet filter lets the nodes through\n".to_owned(),
        NetworkReport::Undo(done) => changed("restored", done) + &notes(&done.notes) + undo_end(done),
        NetworkReport::Status(None) => {
            "not set up: `clusterhat network setup --mode nat` gives the nodes addresses and internet access\n"
                .to_owned()
        }
        NetworkReport::Status(Some(report)) => status(report),
    }
}

fn changed(word: &str, done: &NetworkDone) -> String {
    done.diff.clone().unwrap_or_else(|| files(word, &done.changed, &done.removed))
}

fn notes(notes: impl IntoIterator<Item = impl Display>) -> String {
    let line = |note| format!("{} {note}\n", paint("note:", Tone::Bad));
    notes.into_iter().map(line).collect()
}

fn setup_end(settings: &NetworkSettings, done: &NetworkDone) -> String {
    if done.dry_run {
        return dry_end(done);
    }
    let what = described(settings);
    if done.active { format!("{what}\n") } else { format!("{what}, from the next boot on\n") }
}

fn undo_end(done: &NetworkDone) -> &'static str {
    match (done.dry_run, done.changed.is_empty(), done.active) {
        (_, true, _) => "nothing to undo\n",
        (true, ..) => "nothing was changed: this was a dry run\n",
        (_, _, true) => "the network is restored\n",
        (_, _, false) => "the files are restored; they take effect at the next boot\n",
    }
}

fn dry_end(done: &NetworkDone) -> String {
    match done.changed.is_empty() {
        true => "nothing to change\n".to_owned(),
        false => "nothing was changed: this was a dry run\n".to_owned(),
    }
}

fn described(settings: &NetworkSettings) -> String {
    let who = settings.manager;
    match (settings.mode, settings.subnet, &settings.uplink) {
        (NetworkMode::Nat, Some(subnet), _) => {
            format!("nat by {who}: nodes at {subnet}, the controller at {}", subnet.controller())
        }
        (_, _, Some(uplink)) => format!("bridge by {who}: nodes on the network of {uplink}"),
        (mode, ..) => format!("{mode} by {who}"),
    }
}

fn status(status: &BridgeStatus) -> String {
    let rows: Vec<_> = status.nodes.iter().map(row).collect();
    let mut text = table(&["NODE", "LINK", "INTERFACE", "ADDRESS"], &rows);
    let addresses: Vec<_> = status.addresses.iter().map(ToString::to_string).collect();
    let bridge = match (status.bridge, addresses.is_empty()) {
        (false, _) => paint("does not exist", Tone::Bad),
        (true, true) => paint("has no address", Tone::Bad),
        (true, false) => addresses.join(" "),
    };
    // Writing to a String does not fail.
    let _ = writeln!(text, "\n{}\n{BRIDGE}: {bridge}", described(&status.settings));
    text + &notes(&status.findings)
}

fn row(link: &NodeLink) -> Vec<Cell> {
    let state = match link.state {
        LinkState::Absent => plain("absent"),
        LinkState::Foreign => cell("another node", Tone::Bad),
        LinkState::Apart => cell("not in the bridge", Tone::Bad),
        LinkState::Down => cell("down", Tone::Bad),
        LinkState::Up => cell("up", Tone::Good),
        LinkState::Reachable => cell("reachable", Tone::Good),
    };
    vec![
        plain(&link.node),
        state,
        plain(link.interface.clone().unwrap_or_default()),
        plain(link.address.map(|address| address.to_string()).unwrap_or_default()),
    ]
}
