//! However many clients ask: at most one reading of the boards a second, and none that is older than the question.

use std::time::{Duration, Instant};

use crate::client::Request;
use crate::rig::Daemon;

/// How many readings were made, as the daemon counts them.
fn readings(daemon: &Daemon) -> f64 {
    let answer = daemon.ask(&Request::get("/metrics").header("cache-control", "max-age=3600"));
    let line =
        answer.body.lines().find(|line| line.starts_with("clusterhat_board_readings_total "));
    line.and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("the counter")
}

/// Readings and answers in this time by so many clients, each of which asks again and again.
fn load(daemon: &Daemon, clients: usize, time: Duration) -> (f64, usize) {
    let before = readings(daemon);
    let end = Instant::now() + time;
    let ask = || {
        let mut answers = 0;
        while Instant::now() < end {
            assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
            answers += 1;
        }
        answers
    };
    let answers = std::thread::scope(|scope| {
        let all: Vec<_> = (0..clients).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|client| client.join().expect("a client")).sum()
    });
    (readings(daemon) - before, answers)
}

#[test]
fn a_hundred_clients_make_as_many_readings_as_one() {
    let daemon = Daemon::on_socket();
    let begun = Instant::now();
    let time = Duration::from_secs(3);
    let (one, of_one) = load(&daemon, 1, time);
    let (hundred, of_hundred) = load(&daemon, 100, time);
    // One a second, whatever the machine is busy with; one more where a second begins or ends.
    let most = begun.elapsed().as_secs_f64() + 2.0;
    assert!(one + hundred <= most, "{one} and {hundred} readings in {most} s");
    assert!(hundred >= 1.0 && of_hundred >= 100, "{hundred} readings for {of_hundred} answers");
    assert!(of_one >= 1);
}

#[test]
fn who_allows_it_gets_what_was_read_before() {
    let daemon = Daemon::on_socket();
    daemon.get("/api/v1/nodes");
    let before = readings(&daemon);
    for _ in 0..50 {
        let request = Request::get("/api/v1/nodes").header("cache-control", "max-age=3600");
        assert_eq!(daemon.ask(&request).status, 200);
    }
    // Seen: an age beyond the clock's beginning ended the connection without an answer.
    let ever = format!("max-age={}", u64::MAX);
    let request = Request::get("/api/v1/nodes").header("cache-control", &ever);
    assert_eq!(daemon.ask(&request).status, 200);
    assert_eq!(readings(&daemon), before);
}
