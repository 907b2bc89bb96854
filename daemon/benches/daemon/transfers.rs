//! How many transfers on the bus a second of questions takes, however many ask.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clusterhat_tests::table::{Amount, Row};

use crate::client::Request;
use crate::rig::Daemon;

const TIME: Duration = Duration::from_secs(10);

/// By how much more the clock may make them look at one time than at another: a second begins and ends anywhere.
const NOISE: f64 = 1.15;

pub(crate) fn rows() -> Vec<Row> {
    let daemon = Daemon::on_socket();
    let (one, hundred) = (transfers_a_second(&daemon, 1), transfers_a_second(&daemon, 100));
    let row = |clients: usize, measured, limit: Option<f64>| Row {
        what: format!("transfers a second at {clients} clients"),
        measured: Amount::Count(measured),
        limit: limit.map(Amount::Count),
        beside: None,
    };
    vec![row(1, one, None), row(100, hundred, Some(one * NOISE))]
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
