//! Which boards there are: found by the EEPROM, and several at once.

use clusterhat_tests::chips::{ADDRESS, Expanders};
use hat_driver::expander::Chip;
use serde_json::Value;

use crate::{
    hat::{Hat, configure, document, fails, succeeds},
    vm,
};

fn fresh() -> Expanders {
    Expanders::new(Chip::Xra1200p, &[ADDRESS])
}

#[test]
fn two_adapters_carry_p1_to_p8() {
    let vm = vm();
    let (one, two) = (Hat::plug(&vm, fresh()).unwrap(), Hat::plug(&vm, fresh()).unwrap());
    configure(&vm, &[(one.bus, ADDRESS), (two.bus, ADDRESS)]).unwrap();
    succeeds(&vm, "on p1..p8 --delay 0.05");
    assert_eq!((one.pins(), two.pins()), (0x9f, 0x9f));
    succeeds(&vm, "off p2 p8");
    assert_eq!((one.pins(), two.pins()), (0x9d, 0x97));
    let status = document(&vm, "status");
    let on: Vec<&str> = status["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["seen"] == true)
        .map(|node| node["node"].as_str().unwrap())
        .collect();
    assert_eq!(on, ["p1", "p3", "p4", "p5", "p6", "p7"]);
}

#[test]
fn a_second_adapter_that_goes_is_named_and_the_first_board_still_shown() {
    let vm = vm();
    let (one, two) = (Hat::plug(&vm, fresh()).unwrap(), Hat::plug(&vm, fresh()).unwrap());
    configure(&vm, &[(one.bus, ADDRESS), (two.bus, ADDRESS)]).unwrap();
    two.expanders().refusals = u32::MAX;
    let output = crate::hat::clusterhat(&vm, "--json status").unwrap();
    let status: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(output.status, 1);
    assert_eq!(status["boards"][0]["setup"], "never-initialised");
    assert!(status["boards"][1]["error"].as_str().unwrap().contains("hat2"), "{status}");
}

#[test]
fn two_boards_share_an_adapter() {
    let vm = vm();
    let hat = Hat::plug(&vm, Expanders::new(Chip::Xra1200p, &[0x20, 0x23])).unwrap();
    configure(&vm, &[(hat.bus, 0x20), (hat.bus, 0x23)]).unwrap();
    succeeds(&vm, "on p1 p6 --delay 0.05");
    assert_eq!(hat.pins(), 0x91);
    assert_eq!(hat.expanders().chips[&0x23].pins(), 0x92);
    let probed = document(&vm, "boards --probe");
    let found: Vec<_> = probed["probed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|board| (board["bus"].as_u64().unwrap(), board["address"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, [(hat.bus.into(), 0x20), (hat.bus.into(), 0x23)]);
}

/// The guest's own device tree has no HAT, but a tree below another root has.
#[test]
fn the_eeprom_tells_the_board_on_bus_1() {
    let vm = vm();
    // The kernel gives a bus the lowest free number.
    let zero = Hat::plug(&vm, fresh()).unwrap();
    let hat = Hat::plug(&vm, fresh()).unwrap();
    assert_eq!((zero.bus, hat.bus), (0, 1));
    let tree = "mkdir -p dev run/lock proc/device-tree/hat
        mount --bind /dev dev
        printf 'ZC4:ClusterHAT\\0' >proc/device-tree/hat/product
        printf '0x0021\\0' >proc/device-tree/hat/product_ver";
    let made = vm.run(&["sh", "-ec", &format!("mkdir /tmp/tree; cd /tmp/tree; {tree}")]).unwrap();
    assert_eq!(made.status, 0, "{made:?}");
    let boards = document(&vm, "--root /tmp/tree boards");
    assert_eq!(boards["boards"][0]["source"], "eeprom", "{boards}");
    assert_eq!(boards["boards"][0]["revision"]["version"], "2.1", "{boards}");
    succeeds(&vm, "--root /tmp/tree on p2");
    assert_eq!((zero.chip().direction, hat.pins()), (0xff, 0x92));
    vm.write_file("/tmp/tree/proc/device-tree/hat/product", "another HAT\0").unwrap();
    let error = crate::hat::clusterhat(&vm, "--root /tmp/tree status").unwrap();
    assert_eq!(error.status, 4, "{error:?}");
    assert!(error.stderr.contains("another HAT"), "{error:?}");
    vm.run(&["umount", "/tmp/tree/dev"]).unwrap();
}

#[test]
fn no_board_at_all_is_exit_status_4() {
    let vm = vm();
    configure(&vm, &[]).unwrap();
    let error = crate::hat::clusterhat(&vm, "status").unwrap();
    assert_eq!(error.status, 4, "{error:?}");
    assert!(error.stderr.contains("/proc/device-tree/hat/product: absent"), "{error:?}");
    configure(&vm, &[(9, ADDRESS), (9, ADDRESS)]).unwrap();
    let error = fails(&vm, "status", 2);
    assert!(error.contains("bus 9 and address 0x20"), "{error}");
}
