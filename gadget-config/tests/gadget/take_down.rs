//! Removing, with logins on the terminals.

use std::io::ErrorKind;
use std::time::Duration;

use gadget_config::{GadgetError, Kernel, Profile};

use crate::{Fake, UDC, down, node, up};

#[test]
fn nothing_is_left_of_a_gadget_bound_or_half_made() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.add_gadget("g1", None);
    assert!(down(&mut kernel).unwrap());
    assert_eq!(kernel.gadgets.keys().collect::<Vec<_>>(), ["g1"]);

    kernel.killed_after = Some(5);
    kernel.register(&node()).unwrap_err();
    assert!(down(&mut kernel).unwrap());
    assert_eq!(kernel.gadgets.keys().collect::<Vec<_>>(), ["g1"]);
    assert!(!down(&mut kernel).unwrap(), "there was none");
}

/// The kernel would block otherwise; the fake one panics.
#[test]
fn the_getty_is_stopped_first() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.login().getty.push("/dev/ttyGS0".into());
    assert!(down(&mut kernel).unwrap());
    let told = ["/dev/ttyGS0".to_owned(), "/dev/ttyGS1".to_owned()];
    assert_eq!(kernel.login().stopped, [told]);
}

#[test]
fn the_getty_is_stopped_for_another_profile_too() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.login().getty.push("/dev/ttyGS1".into());
    up(&mut kernel, &Profile { admin_console: false, ..node() }).unwrap();
    assert_eq!(kernel.login().stopped.len(), 1);
}

#[test]
fn an_open_terminal_is_named_and_the_gadget_stays() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.calls.clear();
    kernel.login().others.push("/dev/ttyGS1".into());
    let start = kernel.now();
    let error = down(&mut kernel).unwrap_err();
    assert!(matches!(error, GadgetError::TtyOpen(_)));
    let expected = "/dev/ttyGS1 is open by screen (process 42): close it first: the kernel \
                    cannot remove a serial port that is in use";
    assert_eq!(error.to_string(), expected);
    assert_eq!(kernel.now() - start, Duration::from_secs(5), "it was waited for");
    assert_eq!(kernel.calls, [""; 0]);
    assert_eq!(kernel.bound(), Some(UDC));
}

#[test]
fn a_getty_that_cannot_be_stopped_leaves_the_gadget() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.login().fail = true;
    let error = down(&mut kernel).unwrap_err();
    assert!(matches!(error, GadgetError::Getty(_)), "{error}");
    assert_eq!(kernel.bound(), Some(UDC));
}

#[test]
fn a_removal_that_fails_names_the_path() {
    let mut kernel = Fake::new();
    up(&mut kernel, &node()).unwrap();
    kernel.fail_remove = Some(ErrorKind::ResourceBusy);
    let error = down(&mut kernel).unwrap_err().to_string();
    assert_eq!(error, "cannot remove /configfs/usb_gadget/clusterhat");
}
