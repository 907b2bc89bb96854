//! What goes over the cable.

use crate::{
    cable::{Pair, pair, sh},
    console::Console,
    node::{HOST_NAME, PASSWORD, USER},
};

/// Logs in at the node's console from the controller, and out.
pub(crate) fn log_in(pair: &Pair) {
    let mut console = Console::open(pair.controller(), pair.device().tty(2).unwrap());
    // The first prompt may have been said to nobody.
    console.send("");
    console.expect(&format!("{HOST_NAME} login: "));
    console.send("nobody");
    console.expect("Password: ");
    console.send(PASSWORD);
    console.expect("Login incorrect");
    console.expect(&format!("{HOST_NAME} login: "));
    console.send(USER);
    console.expect("Password: ");
    console.send(PASSWORD);
    console.expect("$ ");
    console.send("echo is=$(id -un)@$(hostname):$(tty)");
    console.expect(&format!("is={USER}@{HOST_NAME}:/dev/ttyGS0\r\n"));
    console.send("exit");
    console.expect(&format!("{HOST_NAME} login: "));
    console.close();
}

#[test]
fn the_controller_sees_the_node() {
    let pair = pair();
    let device = pair.device();
    assert_eq!(device.attribute("idVendor").unwrap(), "3171");
    assert_eq!(device.attribute("idProduct").unwrap(), "0021");
    assert_eq!(device.attribute("product").unwrap(), "ClusterCTRL");
    assert_eq!(device.driver(0).unwrap(), "cdc_ncm");
    assert_eq!(device.driver(2).unwrap(), "cdc_acm");
    assert_eq!(device.driver(4).unwrap(), "cdc_acm");
    assert_eq!(sh(pair.node(), "cat /sys/class/udc/usbip-vudc.0/state"), "configured");
}

#[test]
fn packets_go_both_ways() {
    pair().ping();
}

#[test]
fn a_user_logs_in_on_the_console() {
    log_in(&pair());
}
