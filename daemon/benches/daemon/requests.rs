//! How many requests a second are answered, and how fast.

use std::time::Duration;

use clusterhat_tests::table::{Amount, Row, median};

use crate::bare::Bare;
use crate::client::Request;
use crate::load::{Run, Target};
use crate::rig::Daemon;

const ROUNDS: usize = 5;

/// Of each round.
const TIME: Duration = Duration::from_secs(2);

/// What the daemon is asked: a client that lets answers be a second old, as one that asks so often does.
const ASKED: [&str; 2] = ["/redfish/v1/Systems/p1", "/metrics"];

pub(crate) fn rows() -> Vec<Row> {
    let (daemon, mut bare) = (Daemon::new(), Bare::new());
    let address = daemon.first_line["url"].as_str().unwrap().trim_start_matches("https://");
    let address = address.parse().unwrap();
    let hello = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned();
    let hello = Target::new(bare.running.id(), bare.address, &bare.certificate(), hello);
    let targets: Vec<_> = ASKED
        .iter()
        .map(|path| {
            let request = Request::get(path).basic("admin", &daemon.password);
            let request = request.header("cache-control", "max-age=1").text();
            let request = request.replace("connection: close\r\n", "");
            Target::new(daemon.pid(), address, &daemon.path("state/certificate.pem"), request)
        })
        .collect();
    let all: Vec<&Target> = std::iter::once(&hello).chain(&targets).collect();
    for target in &all {
        target.run(TIME / 4);
    }
    let rounds: Vec<Vec<Run>> =
        (0..ROUNDS).map(|_| all.iter().map(|target| target.run(TIME)).collect()).collect();
    let of = |target: usize| -> Vec<Run> { rounds.iter().map(|runs| runs[target]).collect() };
    let bare = of(0);
    (1..all.len()).flat_map(|target| compared(ASKED[target - 1], &of(target), &bare)).collect()
}

fn compared(path: &str, ours: &[Run], bare: &[Run]) -> [Row; 3] {
    let rate = |runs: &[Run]| median(runs.iter().map(|run| run.rate).collect());
    let time = |runs: &[Run], of: fn(&Run) -> Duration| median(runs.iter().map(of).collect());
    let row = |what: &str, measured, limit, beside| Row {
        what: format!("GET {path}{what}"),
        measured,
        limit,
        beside: Some(beside),
    };
    let p99 = |runs| time(runs, |run| run.p99);
    let cpu = |runs| time(runs, |run| run.cpu);
    [
        row(
            "",
            Amount::Rate(rate(ours)),
            Some(Amount::Rate(rate(bare) / 2.0)),
            Amount::Rate(rate(bare)),
        ),
        row(
            ", p99",
            Amount::Time(p99(ours)),
            Some(Amount::Time(2 * p99(bare))),
            Amount::Time(p99(bare)),
        ),
        row(", processor time", Amount::Time(cpu(ours)), None, Amount::Time(cpu(bare))),
    ]
}
