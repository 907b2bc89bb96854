//! `doctor`: a healthy controller, on which every check is made and finds nothing, and for each check one thing
//! that is wrong with it.

mod bad;
mod controller;
mod fixes;

use controller::Healthy;

#[test]
fn a_healthy_controller_passes_every_check() {
    let healthy = Healthy::new();
    let report = healthy.examine();
    assert_eq!(report.findings, []);
    // What a simulated machine does not have; `bad.rs` has a real one for these.
    let not_made: Vec<_> = report.not_made.iter().map(|one| one.check).collect();
    assert_eq!(not_made, ["kernel-driver", "pi4-3v3"]);
    let made = report.passed.len() + not_made.len();
    assert_eq!(made, clusterhat::doctor::checks().count());
}

/// A question changes nothing: neither the board nor a file.
#[test]
fn no_check_writes_anything() {
    let healthy = Healthy::new();
    let before = healthy.every_file();
    healthy.examine();
    assert_eq!(healthy.every_file(), before);
    // Seen: begun anew.
    std::fs::write(healthy.world.lock("record"), "damaged").expect("a file");
    let before = healthy.every_file();
    let found = healthy.examine().findings;
    assert!(found.iter().any(|one| one.what.contains("is damaged, and the next")), "{found:?}");
    assert_eq!(healthy.every_file(), before);
}

/// "Not found" is not "fine": without a system around the boards its checks are named.
#[test]
fn what_cannot_be_looked_at_is_named_with_the_reason() {
    let mut healthy = Healthy::new();
    healthy.options.root = None;
    healthy.asks_tools = false;
    let report = healthy.examine();
    assert_eq!(report.findings, []);
    let reason =
        |check: &str| report.not_made.iter().find(|one| one.check == check).map(|one| &*one.reason);
    let no_system = Some(clusterhat::doctor::NO_SYSTEM);
    for check in ["i2c-off", "groups", "modem-manager", "usb-storage", "equal-ids", "network"] {
        assert_eq!(reason(check), no_system, "{check}");
    }
    assert!(report.passed.contains(&"board"));
}

/// The rules of the packet filter can be read by root only.
#[test]
fn a_filter_that_cannot_be_read_is_not_taken_for_one_that_lets_nodes_through() {
    let healthy = Healthy::new();
    healthy.tools.fail("nft -j list ruleset", "Operation not permitted");
    let report = healthy.examine();
    let reason = report.not_made.iter().find(|one| one.check == "packet-filter").expect("not made");
    assert!(reason.reason.ends_with("look again as root"), "{}", reason.reason);
}

#[test]
fn a_log_that_cannot_be_read_is_not_taken_for_one_without_under_voltage() {
    let healthy = Healthy::new();
    healthy.tools.forget("journalctl --dmesg --boot --no-pager --quiet --output=cat");
    let report = healthy.on_a_pi(|_| {});
    let check = |check: &str| report.not_made.iter().any(|one| one.check == check);
    assert!(check("under-voltage-since-boot"), "{report:?}");
    assert!(!check("under-voltage"), "{report:?}");
}
