//! How many transfers on the bus a second of questions takes, however many ask.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clusterhat_tests::table::{Amount, Row};

use crate::client::Request;
use crate::rig::Daemon;

const TIME: Duration = Duration::from_secs(10);

/// A reading of the board a second, each of 4 transfers, and one that had begun before.
const LIMIT: f64 = 4.4;

pub(crate) fn rows() -> Vec<Row> {
    let daemon = Daemon::on_socket();
    let row = |clients: usize| Row {
        what: format!("transfers a second at {clients} clients"),
        measured: Amount::Count(transfers_a_second(&daemon, clients)),
        limit: Some(Amount::Count(LIMIT)),
        beside: None,
    };
    [1, 100].map(row).into()
}

fn transfers_a_second(daemon: &Daemon, clients: usize) -> f64 {
    let before = transfers(daemon);
    let begun = Instant::now();
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                while begun.elapsed() < TIME {
                    daemon.get("/redfish/v1/Systems/p1");
                }
            });
        }
    });
    (transfers(daemon) - before) / begun.elapsed().as_secs_f64()
}

/// As the daemon counts them.
fn transfers(daemon: &Daemon) -> f64 {
    // Of no new reading; and another query each time, since the same answer may be sent again.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let request = Request::get(&format!("/metrics?at={}", now.as_nanos()));
    let request = request.header("cache-control", "max-age=3600");
    let text = daemon.ask(&request).body;
    let count = text.lines().find_map(|line| line.strip_prefix("clusterhat_i2c_transfers_total "));
    count.unwrap().parse().unwrap()
}
