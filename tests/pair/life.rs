//! Machines come and go.

use std::time::{Duration, Instant};

use crate::{
    cable::{pair, sh},
    controller,
    link::log_in,
    node,
};

/// The node's system takes the gadget down when it ends, as its unit does.
#[test]
fn the_node_is_rebooted_and_the_link_comes_back() {
    let mut pair = pair();
    pair.ping();
    node::shut_down(pair.node.take().unwrap());
    pair.controller().until(controller::UNPLUGGED).unwrap();
    pair.switch_on();
    pair.ping();
    log_in(&pair);
}

#[test]
fn the_controller_is_rebooted_and_the_link_comes_back() {
    let mut pair = pair();
    pair.ping();
    let booted = sh(pair.node(), "cat /proc/sys/kernel/random/boot_id");
    pair.controller.take().unwrap().shut_down().unwrap();
    // The node sees the controller go, and goes on.
    pair.node().until("! grep -q configured /sys/class/udc/usbip-vudc.0/state").unwrap();
    pair.switch_on();
    pair.ping();
    log_in(&pair);
    assert_eq!(sh(pair.node(), "cat /proc/sys/kernel/random/boot_id"), booted);
}

/// It goes, with its network device and its terminals, long before anybody's timeout.
#[test]
fn a_node_that_loses_its_power_vanishes_at_once() {
    const AT_ONCE: Duration = Duration::from_secs(5);
    let mut pair = pair();
    pair.ping();
    let device = pair.device();
    let (path, network, tty) = (device.path(), device.network().unwrap(), device.tty(2).unwrap());
    drop(pair.node.take());
    let cut = Instant::now();
    let gone = format!("[ ! -e {path} ] && [ ! -e {tty} ] && [ ! -e /sys/class/net/{network} ]");
    pair.controller().until(&gone).unwrap();
    assert!(cut.elapsed() < AT_ONCE, "after {:?}", cut.elapsed());
    pair.controller().until(controller::UNPLUGGED).unwrap();
}

/// It stays on the bus without an answer, and answers again when it goes on.
#[test]
fn a_node_that_hangs_stays() {
    let pair = pair();
    pair.ping();
    let device = pair.device();
    let (number, network) = (device.attribute("devnum").unwrap(), device.network().unwrap());
    pair.node().freeze().unwrap();
    let ping = format!("! ping -c 3 -W 1 -I {network} {}", node::ADDRESS);
    let said = sh(pair.controller(), &ping);
    assert!(said.contains("0 packets received"), "{said}");
    assert_eq!(device.attribute("devnum").unwrap(), number);
    pair.node().thaw().unwrap();
    pair.ping();
    assert_eq!(device.attribute("devnum").unwrap(), number, "it was there all the time");
}
