//! The state of the node's gadget.

use crate::apply::is_reduced;
use crate::{
    Difference, GADGET, GadgetError, Kernel, Layout, LayoutEntry, Profile, Udc, UdcOwner, layout,
    take_down,
};

/// How far the gadget is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GadgetState {
    /// There is none.
    Down,
    /// It is not what the profile says: of another profile, or half-made.
    Differs(Difference),
    /// It is what the profile says, but on no UDC.
    Unbound,
    /// It is on a UDC.
    Up,
}

/// The gadget and its UDC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GadgetStatus {
    /// How far it is.
    pub state: GadgetState,
    /// The UDC that it is on.
    pub udc: Option<Udc>,
    /// The node's network device, as `usb0`.
    pub network: Option<String>,
    /// The node's terminals that the controller sees: the console, then the admin console.
    pub ttys: Vec<String>,
    /// Whether it is up without the second serial port of its profile, as the USB device controller
    /// did not take it with that one.
    pub without_second_port: bool,
    /// All UDCs.
    pub udcs: Vec<Udc>,
    /// Others that use a UDC, by its name.
    pub others: Vec<(String, UdcOwner)>,
}

/// Looks, and changes nothing. Without a profile, a gadget that is bound counts as up.
///
/// # Errors
/// If configfs or sysfs cannot be read.
pub fn status(kernel: &dyn Kernel, profile: Option<&Profile>) -> Result<GadgetStatus, GadgetError> {
    let gadgets = kernel.gadgets()?;
    let udcs = kernel.udcs()?;
    let tree = kernel.tree(GADGET)?;
    let ours = gadgets.iter().find(|gadget| gadget.name == GADGET);
    let bound = ours.and_then(|gadget| gadget.udc.as_ref());
    let both = profile.zip(tree.as_ref());
    let without_second_port =
        bound.is_some() && both.is_some_and(|(profile, tree)| is_reduced(profile, tree));
    let difference = both
        .filter(|_| !without_second_port)
        .and_then(|(profile, tree)| Layout::of(profile).difference(tree));
    let state = match (&tree, difference, bound) {
        (None, _, _) => GadgetState::Down,
        (_, Some(difference), _) => GadgetState::Differs(difference),
        (_, None, None) => GadgetState::Unbound,
        (_, None, Some(_)) => GadgetState::Up,
    };
    let others =
        udcs.iter().filter_map(|udc| Some((udc.name.clone(), UdcOwner::of(udc, &gadgets)?)));
    let tree = tree.unwrap_or_default();
    Ok(GadgetStatus {
        state,
        udc: udcs.iter().find(|udc| Some(&udc.name) == bound).cloned(),
        network: bound.and_then(|_| network(&tree)),
        ttys: take_down::ttys(&tree, layout::is_linked),
        without_second_port,
        others: others.collect(),
        udcs,
    })
}

/// The Ethernet function's device; before a bind the kernel shows a pattern, as `usb%d`.
fn network(tree: &crate::Tree) -> Option<String> {
    tree.iter().find_map(|(path, entry)| match entry {
        LayoutEntry::Value(name) if path.starts_with("functions/") && path.ends_with("/ifname") => {
            (!name.contains('%')).then(|| name.clone())
        }
        _ => None,
    })
}
