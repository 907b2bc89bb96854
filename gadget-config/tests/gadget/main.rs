//! Setting up, repairing, refusing and taking down, on a kernel in memory with faults on demand.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod apply;
mod fake;
mod refuse;
mod status;
mod take_down;

use gadget_config::{Applied, BootMethod, GadgetError, Limits, Profile};

use fake::Fake;
use node_link::NodeId;

/// The only real UDC of the fake kernel.
const UDC: &str = "20980000.usb";

/// Node 3 with a card.
fn node() -> Profile {
    Profile::new(NodeId::try_from(3).unwrap(), BootMethod::Card)
}

/// [`gadget_config::apply`] with a hook that ends all logins.
fn up(kernel: &mut Fake, profile: &Profile) -> Result<Applied, GadgetError> {
    up_on(kernel, profile, None)
}

fn up_on(kernel: &mut Fake, profile: &Profile, udc: Option<&str>) -> Result<Applied, GadgetError> {
    let getty = kernel.getty();
    gadget_config::apply(kernel, profile, udc, &Limits::default(), &mut |ttys| getty.stop(ttys))
}

/// [`gadget_config::take_down`] with the same hook.
fn down(kernel: &mut Fake) -> Result<bool, GadgetError> {
    let getty = kernel.getty();
    gadget_config::take_down(kernel, &Limits::default(), &mut |ttys| getty.stop(ttys))
}
