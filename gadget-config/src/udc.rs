//! Which USB device controller is the node's.

use crate::{GadgetError, Udc};

/// The UDC of this name, or the only real one; nothing if it is not there (yet).
///
/// # Errors
/// If none is named and there are several.
pub(crate) fn choose(udcs: Vec<Udc>, name: Option<&str>) -> Result<Option<Udc>, GadgetError> {
    if let Some(name) = name {
        return Ok(udcs.into_iter().find(|udc| udc.name == name));
    }
    let mut real: Vec<Udc> = udcs.into_iter().filter(|udc| !udc.is_virtual()).collect();
    if real.len() > 1 {
        let mut names: Vec<String> = real.into_iter().map(|udc| udc.name).collect();
        names.sort();
        return Err(GadgetError::SeveralUdcs { names });
    }
    Ok(real.pop())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn udcs(names: &[&str]) -> Vec<Udc> {
        let udc = |name: &&str| Udc {
            name: (*name).to_owned(),
            function: None,
            state: "not attached".into(),
        };
        names.iter().map(udc).collect()
    }

    fn chosen(names: &[&str], name: Option<&str>) -> Option<String> {
        choose(udcs(names), name).unwrap().map(|udc| udc.name)
    }

    #[test]
    fn the_only_real_one_is_taken() {
        let all = ["dummy_udc.0", "20980000.usb", "usbip-vudc.0"];
        assert_eq!(chosen(&all, None).as_deref(), Some("20980000.usb"));
        assert_eq!(chosen(&["dummy_udc.0", "usbip-vudc.0"], None), None);
        assert_eq!(chosen(&[], None), None);
    }

    #[test]
    fn a_named_one_is_taken_or_none() {
        let all = ["dummy_udc.0", "20980000.usb"];
        assert_eq!(chosen(&all, Some("dummy_udc.0")).as_deref(), Some("dummy_udc.0"));
        assert_eq!(chosen(&all, Some("dummy_udc.1")), None);
    }

    #[test]
    fn several_are_listed() {
        let error = choose(udcs(&["b.usb", "a.usb", "dummy_udc.0"]), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/sys/class/udc has several USB device controllers, a.usb and b.usb: set udc in node.toml to the one to use"
        );
    }
}
