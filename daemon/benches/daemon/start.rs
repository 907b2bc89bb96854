//! How long it takes from the start of the process until the first answer with what a board said.

use std::time::{Duration, Instant};

use clusterhat_tests::table::{Amount, Row, median};
use rustix::process::Signal;

use crate::rig::Daemon;

const ROUNDS: usize = 9;

const LIMIT: Duration = Duration::from_millis(300);

const HTTPS: [&str; 2] = ["--listen", "127.0.0.1:0"];

pub(crate) fn rows() -> Vec<Row> {
    // The first start makes a key, a certificate and an account, whose password is hashed.
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (took, daemon) = answered(Daemon::new);
        first.push(took);
        let (_, folder, password) = daemon.end(Signal::TERM);
        later.push(answered(|| Daemon::again(folder, &HTTPS, password)).0);
    }
    let row = |what: &str, times| Row {
        what: format!("start to first answer, {what}"),
        measured: Amount::Time(median(times)),
        limit: Some(Amount::Time(LIMIT)),
        beside: None,
    };
    vec![row("with a new account", first), row("later", later)]
}

fn answered(start: impl FnOnce() -> Daemon) -> (Duration, Daemon) {
    let begun = Instant::now();
    let daemon = start();
    daemon.get("/redfish/v1/Systems/p1");
    (begun.elapsed(), daemon)
}
