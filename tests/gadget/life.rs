//! Up again, as another, and down.

use crate::{
    guest::{GADGET, UDCS, configfs, document, fails, find, node, sh, up},
    vm,
};

#[test]
fn a_second_up_changes_nothing() {
    let vm = vm();
    up(&vm, "--id 3");
    let device = find(&vm, "3");
    let (number, before) = (device.attribute("devnum").unwrap(), configfs(&vm));
    for _ in 0..2 {
        assert_eq!(up(&vm, "--id 3"), "none");
    }
    assert_eq!(configfs(&vm), before);
    assert_eq!(device.attribute("devnum").unwrap(), number, "the host did not see it go");
    let text = node(&vm, &format!("up --id 3 --udc {}", UDCS[0]));
    assert!(text.stdout.starts_with("node 3 is up already\n"), "{text:?}");
}

#[test]
fn another_profile_takes_the_place_of_the_first() {
    let vm = vm();
    up(&vm, "--id 3");
    let number = find(&vm, "3").attribute("devnum").unwrap();
    for (words, driver) in [
        ("--id 3 --ethernet rndis", "rndis_host"),
        ("--id 3", "cdc_ncm"),
        ("--id 4 --ethernet rndis --serial-ports 1", "rndis_host"),
        ("--id 4", "cdc_ncm"),
    ] {
        assert_eq!(up(&vm, words), "remade", "{words}");
        let device = find(&vm, &words[5..6]);
        assert_eq!(device.driver(0).unwrap(), driver, "{words}");
        assert_ne!(device.attribute("devnum").unwrap(), number);
    }
}

#[test]
fn the_gadget_moves_to_another_controller() {
    let vm = vm();
    up(&vm, "--id 3");
    let report = document(&vm, &format!("up --id 3 --udc {}", UDCS[1]));
    assert_eq!((&report["action"], &report["udc"]), (&"bound".into(), &UDCS[1].into()));
    assert_eq!(sh(&vm, &format!("cat {GADGET}/UDC")), UDCS[1]);
    find(&vm, "3");
}

#[test]
fn down_leaves_nothing() {
    let vm = vm();
    let (devices, before) = ("ls /sys/bus/usb/devices /sys/class/net; ls /dev", configfs(&vm));
    let first = sh(&vm, devices);
    assert_eq!(document(&vm, "down")["removed"], false);
    up(&vm, "--id 3");
    find(&vm, "3");
    assert_eq!(document(&vm, "down")["removed"], true);
    assert_eq!(configfs(&vm), before);
    vm.until("! ls /dev/ttyGS* /dev/ttyACM* 2>/dev/null").unwrap();
    assert_eq!(sh(&vm, devices), first);
    assert_eq!(node(&vm, "status").status, 3);
    assert_eq!(node(&vm, "down").stdout, "there is no gadget\n");
}

/// The kernel's removal would block; the command says who is in its way.
#[test]
fn a_terminal_in_use_is_named_and_the_link_stays() {
    let vm = vm();
    up(&vm, "--id 3");
    let device = find(&vm, "3");
    let number = device.attribute("devnum").unwrap();
    sh(&vm, "sleep 1000 </dev/ttyGS1 >/dev/null 2>&1 & echo $! >>/tmp/pids");
    let pid = sh(&vm, "cat /tmp/pids");
    for words in ["down".to_owned(), format!("up --id 3 --ethernet rndis --udc {}", UDCS[0])] {
        let error = fails(&vm, &words, 1);
        let expected = format!("/dev/ttyGS1 is open by sleep (process {pid}): ");
        assert!(error.contains(&expected), "{error}");
    }
    assert_eq!(device.attribute("devnum").unwrap(), number);
    sh(&vm, &format!("kill {pid}"));
    assert_eq!(document(&vm, "down")["removed"], true);
}

#[test]
fn two_calls_at_once_are_one_after_the_other() {
    let vm = vm();
    let call = format!("clusterhat-node --json up --id 3 --udc {}", UDCS[0]);
    sh(&vm, &format!("{call} >/tmp/one & one=$!; {call} >/tmp/two; wait $one"));
    let actions = sh(&vm, "grep -oh '\"action\":\"[a-z]*\"' /tmp/one /tmp/two | sort");
    assert_eq!(actions, "\"action\":\"made\"\n\"action\":\"none\"");
}
