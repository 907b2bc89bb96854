//! Looking.

use gadget_config::{
    Ethernet, GADGET, GadgetState, GadgetStatus, Kernel, LayoutEntry, Profile, UdcOwner, status,
};

use crate::{Fake, UDC, node, up};

fn look(kernel: &Fake) -> GadgetStatus {
    status(kernel, Some(&node())).unwrap()
}

#[test]
fn every_state_is_told() {
    let mut kernel = Fake::new();
    assert_eq!(look(&kernel).state, GadgetState::Down);
    up(&mut kernel, &node()).unwrap();
    let device = "functions/ncm.clusterhat-0/ifname";
    kernel.ours().insert(device.into(), LayoutEntry::Value("usb0".into()));
    let seen = look(&kernel);
    assert_eq!(seen.state, GadgetState::Up);
    assert_eq!(seen.udc.map(|udc| udc.name).as_deref(), Some(UDC));
    assert_eq!(seen.network.as_deref(), Some("usb0"));
    assert_eq!(seen.ttys, ["/dev/ttyGS0", "/dev/ttyGS1"]);
    kernel.bind(GADGET, None).unwrap();
    assert_eq!(look(&kernel).state, GadgetState::Unbound);
    assert_eq!(look(&kernel).network, None);

    let other = Profile { ethernet: Ethernet::Ecm, ..node() };
    let GadgetState::Differs(difference) = status(&kernel, Some(&other)).unwrap().state else {
        panic!("NCM was taken for ECM");
    };
    assert_eq!(difference.path, "functions/ecm.clusterhat-0");
}

#[test]
fn without_a_profile_a_bound_gadget_is_up() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    assert_eq!(status(&kernel, None).unwrap().state, GadgetState::Up);
}

#[test]
fn others_are_listed_with_their_udcs() {
    let mut kernel = Fake::new();
    kernel.occupy(UDC, "g_ether");
    kernel.add_gadget("g1", Some("dummy_udc.0"));
    let seen = look(&kernel);
    assert_eq!(
        seen.others,
        [
            (UDC.to_owned(), UdcOwner::Driver("g_ether".into())),
            ("dummy_udc.0".to_owned(), UdcOwner::Gadget("g1".into())),
        ]
    );
    assert_eq!(kernel.calls, [""; 0]);
}
