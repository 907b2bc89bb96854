//! Requests that make no sense, thousands of them: the daemon answers or closes, and lives.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use crate::client::Request;
use crate::rig::Daemon;

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        // Knuth's MMIX generator; its high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// Pieces of requests, in an order that chance decides.
const PIECES: [&str; 24] = [
    "GET ",
    "POST ",
    "DELETE ",
    "/api/v1/nodes",
    "/api/v1/power",
    "/redfish/v1/Systems/p1",
    "/api/v1/tasks/",
    "/%00%ff",
    "/../../etc/passwd",
    "?$expand=*",
    "?x=%",
    " HTTP/1.1\r\n",
    " HTTP/9.9\r\n",
    "Host: x\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Authorization: Basic ////\r\n",
    "Authorization: Bearer \u{0}\r\n",
    "Cookie: clusterhat-session=\u{1b}[31m\r\n",
    "\r\n\r\n",
    "{\"nodes\":[\"p1\"]",
    "5\r\nhello\r\n",
    "\u{7f}\u{feff}",
];

/// The daemon's memory in KiB, as the kernel has it.
fn memory(daemon: &Daemon) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn nonsense_ends_nothing_and_takes_no_memory() {
    let daemon = Daemon::on_socket();
    let mut numbers = Numbers(12);
    let mut storm = |count: usize| {
        for _ in 0..count {
            let mut socket = daemon.socket();
            socket.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            for _ in 0..=numbers.next(12) {
                let piece = PIECES[numbers.next(PIECES.len())];
                if socket.write_all(piece.as_bytes()).is_err() {
                    break;
                }
            }
            let _ = socket.read(&mut [0; 256]);
        }
    };
    storm(500);
    let before = memory(&daemon);
    storm(3000);
    let after = memory(&daemon);
    assert!(after < before + 8 * 1024, "{before} KiB became {after} KiB");
    assert_eq!(daemon.ask(&Request::get("/api/v1/nodes")).status, 200);
    assert!(!daemon.stderr().contains("panicked"), "{}", daemon.stderr());
    // Nothing of it was an order.
    let nodes = daemon.get("/api/v1/nodes");
    assert!(nodes["nodes"].as_array().unwrap().iter().all(|node| node["seen"] == false));
}

/// Seen: four nodes that were expanded into each other took 70 MB, which the allocator kept.
#[test]
fn resources_that_are_expanded_into_each_other_take_little_memory() {
    let daemon = Daemon::on_socket();
    let ask = |path: &str| daemon.ask(&Request::get(&format!("/redfish/v1{path}"))).status;
    assert_eq!(ask("?$expand=*($levels=3)"), 200);
    let before = memory(&daemon);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        for path in ["", "/Systems", "/Chassis", "/Chassis/hat1", "/Systems/p1"] {
            statuses.push(ask(&format!("{path}?$expand=*($levels=6)")));
        }
    }
    let after = memory(&daemon);
    assert!(after < before + 20 * 1024, "{before} KiB became {after} KiB");
    assert!(statuses.iter().all(|status| [200, 507].contains(status)), "{statuses:?}");
    assert!(statuses.contains(&507), "nothing was too large: {statuses:?}");
}
