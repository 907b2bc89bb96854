//! UDCs that are not ours to take.

use std::time::Duration;

use gadget_config::GadgetError;

use crate::{Fake, UDC, node, up, up_on};

/// The error, having checked that nothing was touched.
fn refused(kernel: &mut Fake, udc: Option<&str>) -> GadgetError {
    let before = kernel.gadgets.clone();
    let error = up_on(kernel, &node(), udc).unwrap_err();
    assert_eq!(kernel.calls, [""; 0]);
    assert_eq!(kernel.gadgets, before);
    error
}

#[test]
fn the_gadget_drivers_of_the_kernel_are_named() {
    for driver in ["g_ether", "g_serial", "g_cdc", "g_multi", "USB Raw Gadget"] {
        let mut kernel = Fake::new();
        kernel.occupy(UDC, driver);
        let error = refused(&mut kernel, None).to_string();
        let expected = format!("/sys/class/udc/{UDC} is used by the gadget driver {driver}: ");
        assert!(error.starts_with(&expected), "{error}");
        assert_eq!(error.contains("rpi-usb-gadget"), driver == "g_ether", "{error}");
    }
}

#[test]
fn somebody_s_gadget_is_named() {
    let mut kernel = Fake::new();
    kernel.add_gadget("g1", Some(UDC));
    let error = refused(&mut kernel, None).to_string();
    assert!(error.starts_with(&format!("/sys/class/udc/{UDC} is used by the gadget g1: ")));
    // The vendor's.
    let mut kernel = Fake::new();
    kernel.add_gadget("ClusterCTRL", Some(UDC));
    let error = refused(&mut kernel, None).to_string();
    assert!(error.contains("clusterctrl-composite.service"), "{error}");
}

#[test]
fn a_gadget_on_another_udc_is_left_alone() {
    let mut kernel = Fake::new();
    kernel.add_gadget("g1", Some("dummy_udc.0"));
    kernel.add_gadget("g2", None);
    up(&mut kernel, &node()).unwrap();
    assert_eq!(kernel.gadgets["g1"].1.as_deref(), Some("dummy_udc.0"));
    assert!(kernel.gadgets.contains_key("g2"));
}

#[test]
fn somebody_who_is_quicker_is_named() {
    let mut kernel = Fake::new();
    kernel.quicker = Some("g_ether");
    let error = up(&mut kernel, &node()).unwrap_err();
    assert!(matches!(error, GadgetError::Owned { .. }), "{error}");
    assert!(kernel.gadgets.is_empty(), "ours is gone again");
}

#[test]
fn none_within_the_limit_says_what_there_is() {
    let mut kernel = Fake::without_udc();
    let error = refused(&mut kernel, None);
    assert!(error.is_timeout());
    let error = error.to_string();
    assert!(
        error.starts_with("/sys/class/udc has no USB device controller after 10s, but nothing: ")
    );
    assert!(error.contains("dtoverlay=dwc2,dr_mode=peripheral to config.txt"), "{error}");

    kernel.add_udc("dummy_udc.0", Duration::ZERO);
    let error = refused(&mut kernel, None).to_string();
    assert!(error.contains("but dummy_udc.0 (virtual: taken only when named): "), "{error}");

    kernel.add_udc(UDC, Duration::ZERO);
    let error = refused(&mut kernel, Some("b.usb")).to_string();
    assert!(error.starts_with("/sys/class/udc has no b.usb after 10s, but "), "{error}");
}

#[test]
fn several_are_not_chosen_from() {
    let mut kernel = Fake::new();
    kernel.add_udc("b.usb", Duration::ZERO);
    let error = refused(&mut kernel, None);
    assert!(matches!(error, GadgetError::SeveralUdcs { .. }), "{error}");
    up_on(&mut kernel, &node(), Some("b.usb")).unwrap();
    assert_eq!(kernel.bound(), Some("b.usb"));
}

#[test]
fn without_configfs_nothing_is_waited_for() {
    let mut kernel = Fake::without_udc();
    kernel.no_configfs = true;
    let error = refused(&mut kernel, None).to_string();
    let expected = "/configfs/usb_gadget does not exist: the kernel lacks CONFIG_USB_CONFIGFS \
                    (module libcomposite), or configfs is not mounted";
    assert!(error.starts_with(expected), "{error}");
}
