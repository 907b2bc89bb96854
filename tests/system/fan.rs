//! `clusterhat-fan.service`, with a board that has a fan, on a controller whose temperature is the test's.

use std::sync::{Arc, Mutex};

use clusterhat_tests::{chips::CtrlBoard, running, usbip::SharedTarget};

use crate::{
    guest::{sh, until},
    system,
};

const ZONE: &str = "/run/rig-thermal/thermal_zone0";

const PREPARE: &str = "\
    mkdir -p /run/rig-thermal/thermal_zone0
    echo 45000 >/run/rig-thermal/thermal_zone0/temp
    mount --bind /run/rig-thermal /sys/class/thermal
    cp /etc/clusterhat/clusterhat.toml /run/before
    sed -i '1i fan = { on = 60, off = 50 }' /etc/clusterhat/clusterhat.toml
    clusterhat off";

const CLEAN_UP: &str = "\
    umount /sys/class/thermal
    mv /run/before /etc/clusterhat/clusterhat.toml";

#[test]
fn the_fan_follows_the_temperature_and_runs_where_nobody_looks() {
    const TRIPLE: u16 = 0x0014;
    let system = system();
    sh(&system, PREPARE);
    let board = Arc::new(Mutex::new(CtrlBoard::new(TRIPLE, 20)));
    let descriptor = board.lock().unwrap().descriptor();
    let device = system.plug_device(descriptor, Arc::clone(&board) as SharedTarget).unwrap();
    until(&system, "[ -e /dev/ClusterCTRL-20 ] || ls /dev/ClusterCTRL-*");
    let await_fan = |what: &str, on: u8| {
        running::until(what, || board.lock().unwrap().state.fan == Some(on));
    };
    sh(&system, "clusterhat fan on 20; systemctl start clusterhat-fan");
    await_fan("a cool controller's fan at rest", 0);
    sh(&system, &format!("echo 70000 >{ZONE}/temp"));
    await_fan("a hot controller's fan", 1);
    sh(&system, &format!("echo 40000 >{ZONE}/temp"));
    await_fan("the fan at rest again", 0);
    sh(&system, "systemctl stop clusterhat-fan");
    assert_eq!(board.lock().unwrap().state.fan, Some(1), "nobody looks any more");
    // The controller's own fan is on a GPIO line, which this machine has not: the unit has said so.
    sh(&system, "systemctl reset-failed clusterhat-fan");
    device.unplug().unwrap();
    sh(&system, CLEAN_UP);
}
