//! Whether a node's gadget, and no other, is in the node's place on the USB. Elsewhere its ID means one node and its position on the
//! board another.

use node_link::NodeId;

/// A node's gadget on the USB: its path, and the node that it calls itself.
pub(crate) type Gadget<'a> = (&'a str, NodeId);

/// The node that the gadget at a node's USB path calls itself, if that is another. Not where that path is also the other one's own:
/// then nobody knows whose it is.
pub(crate) fn another<'a>(
    own: Option<NodeId>,
    usb_path: &str,
    gadgets: impl IntoIterator<Item = Gadget<'a>>,
    path_of: impl FnOnce(NodeId) -> Option<String>,
) -> Option<NodeId> {
    let (_, claimed) = gadgets.into_iter().find(|(path, _)| *path == usb_path)?;
    let is_another = Some(claimed) != own && path_of(claimed).as_deref() != Some(usb_path);
    is_another.then_some(claimed)
}

/// How it is told that another node is in a node's place.
pub(crate) fn in_the_place_of(node: &str, usb_path: &str, claimed: NodeId) -> String {
    let claimed = claimed.label();
    format!("the node in the place of {node} (USB {usb_path}) identifies itself as {claimed}")
}

/// Why a node that is asked by its ID may not be the one whose power is switched, if so: another one is in its place, or one of
/// its ID is elsewhere.
pub(crate) fn misplaced(
    node: &str,
    own: Option<NodeId>,
    usb_path: &str,
    gadgets: &[Gadget<'_>],
    path_of: impl FnOnce(NodeId) -> Option<String>,
) -> Option<String> {
    let is_own = |gadget: &&Gadget<'_>| Some(gadget.1) == own;
    let elsewhere = gadgets.iter().filter(is_own).find(|(path, _)| *path != usb_path);
    let is_at_home = gadgets.iter().filter(is_own).any(|(path, _)| *path == usb_path);
    let another = another(own, usb_path, gadgets.iter().copied(), path_of);
    match (another, elsewhere) {
        (None, None) => None,
        (Some(claimed), None) => Some(in_the_place_of(node, usb_path, claimed)),
        (Some(claimed), Some((at, _))) => {
            let place = in_the_place_of(node, usb_path, claimed);
            Some(format!("{place}, and the one at USB {at} as {node}"))
        }
        (None, Some((at, _))) if is_at_home => {
            Some(format!("the nodes at USB {usb_path} and {at} both identify themselves as {node}"))
        }
        (None, Some((at, _))) => Some(format!(
            "the node that identifies itself as {node} is at USB {at}, not in the place of {node} (USB {usb_path})"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_another_place_than_its_own_is_told_with_both() {
        let id = |number| NodeId::from_number(number).unwrap();
        let told = |gadgets: &[Gadget<'_>], place_of_2: &str| {
            misplaced("p1", Some(id(1)), "1-1.2.4", gadgets, |claimed| {
                (claimed == id(2)).then(|| place_of_2.to_owned())
            })
        };
        let own = "1-1.2.3";
        let (at_home, away, other) = (("1-1.2.4", id(1)), ("1-1.2.3", id(1)), ("1-1.2.4", id(2)));
        for (gadgets, text) in [
            (&[][..], None),
            (&[at_home, ("1-1.2.3", id(2))], None),
            (&[other], Some("the node in the place of p1 (USB 1-1.2.4) identifies itself as p2")),
            (
                &[other, away],
                Some(
                    "the node in the place of p1 (USB 1-1.2.4) identifies itself as p2, and the one at USB 1-1.2.3 as p1",
                ),
            ),
            (
                &[away],
                Some(
                    "the node that identifies itself as p1 is at USB 1-1.2.3, not in the place of p1 (USB 1-1.2.4)",
                ),
            ),
            (
                &[away, at_home],
                Some("the nodes at USB 1-1.2.4 and 1-1.2.3 both identify themselves as p1"),
            ),
        ] {
            assert_eq!(told(gadgets, own).as_deref(), text, "{gadgets:?}");
        }
        // A hub that is taken for the HAT's while none of the HAT's nodes is on the USB.
        assert_eq!(told(&[other], "1-1.2.4"), None);
    }
}
