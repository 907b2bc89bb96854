//! A chip that is not there, and one that a driver of the kernel has taken.

use crate::{
    command::{fails, succeeds},
    pi,
};

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn an_absent_chip_is_told_with_its_place() {
    let mut pi = pi();
    let board = "[[board]]\naddress = 0x21\nrevision = \"2.5\"\n";
    pi.sh(&format!("printf '{board}' >/etc/clusterhat/clusterhat.toml")).unwrap();
    for words in ["status", "on p1", "off", "init", "alert on"] {
        let error = fails(&mut pi, words, 1);
        assert!(error.contains("board hat1 (v2.5, i2c-1 0x21)"), "{words}: {error}");
        assert!(error.contains("nothing acknowledges at this address"), "{words}: {error}");
    }
    assert_eq!(pi.pins().unwrap(), 0x90);
}

#[test]
#[ignore = "takes the packages that packages/build makes; tests/pi/run does both"]
fn the_kernel_s_own_driver_is_named_and_can_be_made_to_let_go() {
    let mut pi = pi();
    succeeds(&mut pi, "on p3");
    let taken = pi.sh("echo pca9554 0x20 >/sys/bus/i2c/devices/i2c-1/new_device").unwrap();
    assert_eq!(taken.status, 0, "{taken:?}");
    let mut advice = String::new();
    for words in ["status", "on p1", "off", "init"] {
        let error = fails(&mut pi, words, 1);
        assert!(error.contains("the kernel driver pca953x holds the chip"), "{words}: {error}");
        advice = error;
    }
    assert_eq!(pi.pins().unwrap() & 0x0f, 0b0100, "p3 alone");
    let (_, release) = advice.split_once("release it with: ").unwrap();
    let (release, _) = release.split_once(')').unwrap();
    // The Pi's only user needs no sudo.
    let released = pi.sh(&release.replace("sudo ", "")).unwrap();
    assert_eq!(released.status, 0, "{released:?}");
    succeeds(&mut pi, "off p3");
    assert_eq!(pi.pins().unwrap() & 0x0f, 0);
    // For the tests to come.
    pi.sh("echo 0x20 >/sys/bus/i2c/devices/i2c-1/delete_device").unwrap();
}
