//! A node that prints garbage as fast as it can.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use clusterhat::consoles::Notice;
use clusterhat_tests::running::{Running, until};

use crate::rig::Site;

fn memory_kib(daemon: &mut Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn garbage_at_full_speed_keeps_nobody_waiting_and_costs_no_memory() {
    let site = Site::with_devices();
    let (mut p1, mut p2) = (site.plug_in("ttypi1"), site.plug_in("ttypi2"));
    let mut daemon = site.daemon();
    let open =
        |node: &str| site.get(&format!("/api/v1/consoles/{node}/history"), "").1["open"] == true;
    until("open consoles", || open("p1") && open("p2"));
    let ends = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&ends);
    let garbage: Vec<u8> =
        (0..64 * 1024_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let flood = thread::spawn(move || {
        let mut bytes = 0;
        while !stop.load(Ordering::Relaxed) {
            p1.write_all(&garbage).unwrap();
            bytes += garbage.len();
        }
        // The port goes with the node.
        drop(p1);
        bytes
    });
    // A reader that reads nothing, and one of another node that gets all that it prints.
    let mut slow = site.console("p1");
    let mut other = site.console("p2");
    let before = memory_kib(&mut daemon);
    for line in 0..200 {
        p2.write_all(format!("line {line}\n").as_bytes()).unwrap();
        other.until_text(&format!("line {line}\n"));
    }
    let received = || site.get("/api/v1/consoles/p1/history", "").1["received"].as_u64().unwrap();
    until("a flood", || received() > 20_000_000);
    let after = memory_kib(&mut daemon);
    ends.store(true, Ordering::Relaxed);
    assert!(flood.join().unwrap() > 20_000_000);
    assert!(after < before + 8 * 1024, "{before} KiB, then {after} KiB");
    assert!(!other.notices.iter().any(|notice| matches!(notice, Notice::Lost { .. })));
    slow.until("a loss", |slow| {
        slow.notices.iter().any(|notice| matches!(notice, Notice::Lost { .. }))
    });
    let size: u64 = fs::read_dir(site.path("consoles"))
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    assert!(size < 6 * 1024 * 1024, "{size}");
}
