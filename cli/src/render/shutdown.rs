//! `shutdown` and `reboot` for people.

use clusterhat::report::{NodeShutdown, RebootReport, ShutdownReport, ShutdownResult};

use super::power::beyond_size;
use super::table::{Cell, Tone, cell, plain, table};

pub(super) fn shutdown(report: &ShutdownReport) -> String {
    let row = |node: &NodeShutdown| {
        let (power, note) = match node.result {
            ShutdownResult::AlreadyOff => (plain("off"), "no change"),
            ShutdownResult::ShutDown => (plain("off"), "shut down"),
            ShutdownResult::Forced => (cell("off", Tone::Bad), "cut without having halted"),
            ShutdownResult::SwitchedOff => {
                (cell("off", Tone::Bad), "switched off by another command")
            }
            ShutdownResult::Unknown => (cell("?", Tone::Bad), "not shut down"),
            _ => (cell("on", Tone::Bad), "not shut down"),
        };
        let by = node.transport.map_or(String::new(), |by| by.to_string());
        vec![plain(&node.node), name(node.name.as_deref()), power, plain(by), plain(note)]
    };
    let rows: Vec<_> = report.nodes.iter().map(row).collect();
    let nodes = match rows[..] {
        [] => "nothing to shut down\n".to_owned(),
        _ => table(&["NODE", "NAME", "POWER", "ASKED BY", "NOTE"], &rows),
    };
    nodes + &beyond_size(&report.beyond_size)
}

pub(super) fn reboot(report: &RebootReport) -> String {
    let rows: Vec<_> = report
        .rebooting
        .iter()
        .map(|node| {
            let note = match node.error {
                None => cell("restarting", Tone::Good),
                Some(_) => cell("not restarted", Tone::Bad),
            };
            let by = node.transport.map_or(String::new(), |by| by.to_string());
            vec![plain(&node.node), name(node.name.as_deref()), plain(by), note]
        })
        .collect();
    table(&["NODE", "NAME", "ASKED BY", "NOTE"], &rows)
}

fn name(name: Option<&str>) -> Cell {
    plain(name.unwrap_or_default())
}
