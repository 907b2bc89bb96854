//! Making, finding made, and making anew.

use std::io::ErrorKind;
use std::time::Duration;

use gadget_config::{
    Ethernet, GADGET, GadgetAction, GadgetState, Kernel, Layout, LayoutEntry, Limits, Profile,
    plan, status,
};

use crate::{Fake, UDC, down, node, up, up_on};

fn is_whole(kernel: &Fake, profile: &Profile) -> bool {
    let tree = kernel.tree(GADGET).unwrap().unwrap();
    Layout::of(profile).difference(&tree).is_none()
}

#[test]
fn a_gadget_is_made_and_bound() {
    let mut kernel = Fake::new();
    let applied = up(&mut kernel, &node()).unwrap();
    assert_eq!((applied.action, &*applied.udc), (GadgetAction::Made, UDC));
    assert_eq!(kernel.calls, ["register".to_owned(), format!("bind {UDC}")]);
    assert!(is_whole(&kernel, &node()));
    assert_eq!(kernel.bound(), Some(UDC));
    assert!(kernel.login().stopped.is_empty(), "no getty can be on a terminal that was not there");
}

#[test]
fn a_second_call_changes_nothing() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.calls.clear();
    let before = kernel.gadgets.clone();
    // Not even a login is ended.
    kernel.login().getty.push("/dev/ttyGS0".into());
    for _ in 0..3 {
        assert_eq!(up(&mut kernel, &node()).unwrap().action, GadgetAction::None);
    }
    assert_eq!(kernel.calls, [""; 0]);
    assert_eq!(kernel.gadgets, before);
    assert!(kernel.login().stopped.is_empty());
}

#[test]
fn another_profile_is_made_anew() {
    let mut kernel = Fake::new();
    let profiles = [
        Profile { ethernet: Ethernet::Ecm, ..node() },
        Profile { ethernet: Ethernet::Rndis, ..node() },
        Profile { admin_console: false, ..node() },
        Profile { cluster: Some("rack-1".parse().unwrap()), ..node() },
        Profile::new("4".parse().unwrap(), node().boot),
        node(),
    ];
    up(&mut kernel, &node()).unwrap();
    for profile in profiles {
        kernel.calls.clear();
        let applied = up(&mut kernel, &profile).unwrap();
        assert!(matches!(applied.action, GadgetAction::Remade(_)), "{applied:?}");
        let expected = ["bind nothing", "remove", "register", &format!("bind {UDC}")];
        assert_eq!(kernel.calls, expected);
        assert!(is_whole(&kernel, &profile));
        assert_eq!(kernel.bound(), Some(UDC));
    }
}

/// A call that was killed leaves any number of entries, and no binding.
#[test]
fn every_half_made_gadget_is_repaired() {
    let entries = Layout::of(&node()).entries().len();
    for done in 1..=entries {
        let mut kernel = Fake::new();
        kernel.killed_after = Some(done);
        // Straight to the kernel: what is killed cleans nothing up.
        assert_eq!(kernel.register(&node()).is_err(), done < entries);
        let action = up(&mut kernel, &node()).unwrap().action;
        let whole = done == entries;
        assert_eq!(whole, action == GadgetAction::Bound, "{done}: {action:?}");
        assert!(is_whole(&kernel, &node()), "{done}");
        assert_eq!(kernel.bound(), Some(UDC));
    }
}

#[test]
fn a_gadget_with_more_than_ours_is_made_anew() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.ours().insert("functions/mass_storage.0".into(), LayoutEntry::Folder);
    let GadgetAction::Remade(difference) = up(&mut kernel, &node()).unwrap().action else {
        panic!("it was left");
    };
    assert_eq!(difference.path, "functions/mass_storage.0");
    assert!(is_whole(&kernel, &node()));
}

#[test]
fn an_unbound_gadget_is_bound_and_another_udc_taken() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.bind(GADGET, None).unwrap();
    kernel.calls.clear();
    assert_eq!(up(&mut kernel, &node()).unwrap().action, GadgetAction::Bound);
    assert_eq!(kernel.calls, [format!("bind {UDC}")]);
    kernel.calls.clear();
    let applied = up_on(&mut kernel, &node(), Some("dummy_udc.0")).unwrap();
    assert_eq!((applied.action, &*applied.udc), (GadgetAction::Bound, "dummy_udc.0"));
    assert_eq!(kernel.calls, ["bind nothing", "bind dummy_udc.0"]);
}

#[test]
fn a_udc_that_comes_late_is_waited_for() {
    let mut kernel = Fake::without_udc();
    kernel.add_udc(UDC, Duration::from_secs(3));
    up(&mut kernel, &node()).unwrap();
    let waited = kernel.now();
    assert!((Duration::from_secs(3)..Duration::from_secs(4)).contains(&waited), "{waited:?}");
}

#[test]
fn a_part_that_the_kernel_lacks_is_named_and_nothing_left() {
    for (path, option) in [
        ("functions/ncm.clusterhat-0", "CONFIG_USB_CONFIGFS_NCM (module usb_f_ncm)"),
        ("functions/acm.clusterhat-1", "CONFIG_USB_CONFIGFS_ACM (module usb_f_acm)"),
        ("", "CONFIG_USB_CONFIGFS (module libcomposite)"),
    ] {
        let mut kernel = Fake::new();
        kernel.fail_at = Some((path, ErrorKind::NotFound));
        let error = up(&mut kernel, &node()).unwrap_err();
        let whole = format!("/configfs/usb_gadget/clusterhat/{path}");
        let expected =
            format!("cannot make {}: the kernel lacks {option}", whole.trim_end_matches('/'));
        assert_eq!(error.to_string(), expected);
        assert!(kernel.gadgets.is_empty());
    }
}

#[test]
fn a_part_that_the_kernel_refuses_is_named_with_its_path() {
    let mut kernel = Fake::new();
    kernel.fail_at = Some(("configs/c.1/MaxPower", ErrorKind::PermissionDenied));
    let error = up(&mut kernel, &node()).unwrap_err().to_string();
    let path = "/configfs/usb_gadget/clusterhat/configs/c.1/MaxPower";
    assert_eq!(error, format!("cannot make {path} (root can)"));
    assert!(kernel.gadgets.is_empty());
}

#[test]
fn a_bind_that_fails_leaves_nothing() {
    let mut kernel = Fake::new();
    kernel.fail_bind = Some(ErrorKind::InvalidInput);
    let error = up(&mut kernel, &node()).unwrap_err().to_string();
    assert_eq!(error, format!("cannot write {UDC} to /configfs/usb_gadget/clusterhat/UDC"));
    assert!(kernel.gadgets.is_empty());
    kernel.fail_bind = None;
    up(&mut kernel, &node()).unwrap();
    down(&mut kernel).unwrap();
}

#[test]
fn a_udc_that_refuses_two_serial_ports_gets_one() {
    let mut kernel = Fake::new();
    kernel.serial_ports = Some(1);
    let applied = up(&mut kernel, &node()).unwrap();
    assert_eq!(applied.action, GadgetAction::Made);
    let why = applied.without_second_port.unwrap();
    assert!(
        why.starts_with(&format!("cannot write {UDC} to ")) && why.contains("os error 19"),
        "{why}"
    );
    assert_eq!(kernel.bound(), Some(UDC));
    let seen = status(&kernel, Some(&node())).unwrap();
    assert_eq!((seen.state, &*seen.ttys), (GadgetState::Up, &["/dev/ttyGS0".to_owned()][..]));
    assert!(seen.without_second_port);

    // It is left alone from then on, and only the profile's other changes make it anew.
    kernel.calls.clear();
    let applied = up(&mut kernel, &node()).unwrap();
    assert_eq!((applied.action, applied.without_second_port), (GadgetAction::None, None));
    assert_eq!(kernel.calls, [""; 0]);
    let other = Profile { ethernet: Ethernet::Ecm, ..node() };
    assert!(matches!(up(&mut kernel, &other).unwrap().action, GadgetAction::Remade(_)));
    assert!(down(&mut kernel).unwrap() && kernel.gadgets.is_empty());

    // One that is asked for makes no difference to a UDC that takes one.
    let one = Profile { admin_console: false, ..node() };
    assert_eq!(up(&mut kernel, &one).unwrap().without_second_port, None);
    assert!(!status(&kernel, Some(&one)).unwrap().without_second_port);
}

#[test]
fn a_gadget_off_the_bus_gets_two_serial_ports_again_where_the_udc_takes_them() {
    let mut kernel = Fake::new();
    kernel.serial_ports = Some(1);
    up(&mut kernel, &node()).unwrap();
    kernel.bind(GADGET, None).unwrap();
    let GadgetState::Differs(difference) = status(&kernel, Some(&node())).unwrap().state else {
        panic!("it was taken for whole");
    };
    assert_eq!(difference.path, "configs/c.1/acm.clusterhat-2");
    kernel.serial_ports = None;
    let applied = up(&mut kernel, &node()).unwrap();
    assert!(
        matches!(applied.action, GadgetAction::Remade(_)) && applied.without_second_port.is_none()
    );
    assert!(is_whole(&kernel, &node()));

    // A whole one that the UDC takes no more.
    kernel.bind(GADGET, None).unwrap();
    kernel.serial_ports = Some(1);
    let applied = up(&mut kernel, &node()).unwrap();
    assert!(applied.action == GadgetAction::Bound && applied.without_second_port.is_some());
}

#[test]
fn a_udc_that_refuses_one_too_gets_none() {
    let mut kernel = Fake::new();
    kernel.serial_ports = Some(0);
    let error = up(&mut kernel, &node()).unwrap_err().to_string();
    assert_eq!(error, format!("cannot write {UDC} to /configfs/usb_gadget/clusterhat/UDC"));
    assert!(kernel.gadgets.is_empty());
    // Nor is anything taken out where there is only one.
    kernel.calls.clear();
    up(&mut kernel, &Profile { admin_console: false, ..node() }).unwrap_err();
    assert!(!kernel.calls.iter().any(|call| call.starts_with("unlink")));
}

#[test]
fn a_plan_is_what_is_done_and_changes_nothing() {
    let ecm = Profile { ethernet: Ethernet::Ecm, ..node() };
    let mut kernel = Fake::new();
    let mut actions = Vec::new();
    for (profile, is_unbound) in
        [(node(), false), (node(), false), (ecm.clone(), false), (ecm, true)]
    {
        if is_unbound {
            kernel.bind(GADGET, None).unwrap();
        }
        kernel.calls.clear();
        let before = kernel.gadgets.clone();
        let planned = plan(&mut kernel, &profile, None, &Limits::default()).unwrap();
        assert_eq!(kernel.calls, [""; 0]);
        assert_eq!(kernel.gadgets, before);
        assert_eq!(planned, up(&mut kernel, &profile).unwrap());
        actions.push(planned.action);
    }
    assert!(
        matches!(
            &*actions,
            [GadgetAction::Made, GadgetAction::None, GadgetAction::Remade(_), GadgetAction::Bound]
        ),
        "{actions:?}"
    );
}
