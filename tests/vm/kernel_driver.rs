//! A chip that a driver of the kernel has taken.

use clusterhat_tests::chips::Expanders;

use crate::{
    hat::{Hat, fails, succeeds},
    vm,
};

#[test]
fn the_driver_and_the_command_that_releases_the_chip_are_named() {
    let vm = vm();
    let hat = Hat::only(&vm, Expanders::running(0)).unwrap();
    vm.run(&["modprobe", "at24"]).unwrap();
    let new_device = format!("/sys/bus/i2c/devices/i2c-{}/new_device", hat.bus);
    vm.write_file(&new_device, "24c02 0x20").unwrap();
    vm.start_trace().unwrap();
    for words in ["status", "on p1", "off", "init"] {
        let error = fails(&vm, words, 1);
        assert!(error.contains(&hat.label()) && error.contains("busy"), "{words}: {error}");
        assert!(error.contains("the kernel driver at24 holds the chip"), "{words}: {error}");
    }
    assert_eq!(vm.stop_trace().unwrap(), []);
    assert_eq!(hat.pins(), 0x90);
    let error = fails(&vm, "status", 1);
    let (_, release) = error.trim_end().split_once("release it with: ").unwrap();
    // The guest's only user needs no sudo.
    let released = vm.run(&["sh", "-c", &release.replace("sudo ", "")]).unwrap();
    assert_eq!(released.status, 0, "{released:?}");
    succeeds(&vm, "status");
}
