//! The vendor's `/etc/default/clusterctrl`, read as the vendor's tool reads it.
//!
//! Keys are case-insensitive, quotes are stripped, `#` ends a value, and the last line of a key counts.
//! A key without a value counts as absent, as it does for the shell scripts that source the file.

use std::path::Path;
use std::time::Duration;

use node_link::text::{one_line, parse_duration};

use super::Warning;
use super::error::ConfigError;
use super::given::{Given, Origin};
use super::limits;

const KEYS: [&str; 8] = [
    "TYPE",
    "ID",
    "LINK",
    "CLUSTERHAT_SIZE",
    "CLUSTERHAT_FORCE",
    "CLUSTERHATV1",
    "CLUSTERCTRL_DELAY",
    "FANGPIO",
];

/// What TYPE makes this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// `c`: a controller, bridged network.
    Controller,
    /// `cnat`: a controller, NAT network.
    ControllerNat,
    /// `node`: a node with a card.
    Node,
    /// `usbboot`: a node booted over USB.
    UsbBoot,
    /// Any other text; the vendor's tool treats it as no controller.
    Other(String),
    /// No TYPE; the vendor's tool treats it as no controller.
    Unset,
}

impl Role {
    /// Whether the vendor's image takes this machine for a node.
    pub const fn is_node(&self) -> bool {
        matches!(self, Self::Node | Self::UsbBoot)
    }

    fn of(text: Option<&str>) -> Self {
        match text {
            None => Self::Unset,
            Some("c") => Self::Controller,
            Some("cnat") => Self::ControllerNat,
            Some("node") => Self::Node,
            Some("usbboot") => Self::UsbBoot,
            Some(other) => Self::Other(other.to_owned()),
        }
    }
}

/// CLUSTERHAT_FORCE: the HAT is there and of this version, whatever its EEPROM says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forced {
    /// As written: `status` prints it so.
    pub text: String,
    /// Major and minor.
    pub revision: (u8, u8),
}

/// The file's values; absent ones are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Legacy {
    /// TYPE.
    pub role: Role,
    /// ID: the node's own number. Of no meaning on a controller.
    pub id: Option<String>,
    /// LINK=1: `init` links the nodes' boot folders by USB path.
    pub link: bool,
    /// CLUSTERHAT_SIZE: nodes on the HAT, at most 4.
    pub size: Option<u8>,
    /// CLUSTERHAT_FORCE.
    pub force: Option<Forced>,
    /// CLUSTERHATV1: USB path of a v1.x HAT's hub; port 5-n of it carries node n.
    pub v1_usb_path: Option<String>,
    /// CLUSTERCTRL_DELAY: between two nodes switched on.
    pub delay: Option<Duration>,
    /// FANGPIO: BCM number of the fan's pin; absent = no fan on the controller.
    pub fan_gpio: Option<u8>,
}

impl Legacy {
    /// Reads the text of the file at `path`; the warnings are of what has no effect.
    ///
    /// # Errors
    /// A value that the vendor's tool would die of. A CLUSTERCTRL_DELAY that it forgives is a warning.
    pub(super) fn parse(
        path: &Path,
        text: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, ConfigError> {
        let lines = Lines::read(path, text, warnings);
        let plain = |key| lines.get(key).map(|given| given.value.clone());
        Ok(Self {
            role: Role::of(plain("TYPE").as_deref()),
            id: plain("ID"),
            link: plain("LINK").as_deref() == Some("1"),
            size: lines
                .get("CLUSTERHAT_SIZE")
                .map(|given| size(path, given, warnings))
                .transpose()?,
            force: lines.get("CLUSTERHAT_FORCE").map(force).transpose()?,
            v1_usb_path: lines.get("CLUSTERHATV1").map(usb_path).transpose()?,
            delay: lines
                .get("CLUSTERCTRL_DELAY")
                .map_or(Ok(None), |given| delay(path, given, warnings))?,
            fan_gpio: lines.get("FANGPIO").map(fan_gpio).transpose()?,
        })
    }
}

/// The assignments that count, by the place of their key in [`KEYS`].
struct Lines([Option<Given<String>>; KEYS.len()]);

impl Lines {
    fn read(path: &Path, text: &str, warnings: &mut Vec<Warning>) -> Self {
        let mut found = [const { None }; KEYS.len()];
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((key, rest)) = line.split_once('=') else {
                let message = format!("\"{}\" is ignored; write KEY=value", one_line(line));
                warnings.push(Warning::new(path, number, message));
                continue;
            };
            let key = key.trim();
            let Some(place) = KEYS.iter().position(|known| known.eq_ignore_ascii_case(key)) else {
                warnings.push(Warning::unknown_key(path, number, key, key, &KEYS));
                continue;
            };
            let value = rest.split('#').next().unwrap_or_default();
            let value = value.trim_matches([' ', '\t', '"', '\'']);
            let origin = Origin::file(path, number, KEYS[place]);
            found[place] = (!value.is_empty()).then(|| Given::new(value.to_owned(), value, origin));
        }
        Self(found)
    }

    fn get(&self, key: &str) -> Option<&Given<String>> {
        let place = KEYS.iter().position(|known| *known == key)?;
        self.0[place].as_ref()
    }
}

/// More than the HAT has room for means all, as for the vendor's tool.
fn size(
    path: &Path,
    given: &Given<String>,
    warnings: &mut Vec<Warning>,
) -> Result<u8, ConfigError> {
    match given.value.parse::<u32>() {
        Ok(0) | Err(_) => Err(given.refused(limits::SIZE.allowed)),
        Ok(nodes @ 1..=4) => Ok(u8::try_from(nodes).unwrap_or(4)),
        Ok(_) => {
            let message =
                format!("CLUSTERHAT_SIZE = {}: a HAT has 4 nodes; 4 is used", given.value);
            warnings.push(Warning::new(path, given.line(), message));
            Ok(4)
        }
    }
}

fn force(given: &Given<String>) -> Result<Forced, ConfigError> {
    let revision =
        limits::revision(&given.value).ok_or_else(|| given.refused("a version such as 2.5"))?;
    Ok(Forced { text: given.value.clone(), revision })
}

fn usb_path(given: &Given<String>) -> Result<String, ConfigError> {
    if limits::is_usb_path(&given.value) {
        Ok(given.value.clone())
    } else {
        Err(given.refused("a USB path such as 1-1.2"))
    }
}

/// The vendor's tool takes a text that is no number, or a negative one, for the default.
fn delay(
    path: &Path,
    given: &Given<String>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Duration>, ConfigError> {
    match parse_duration(&given.value) {
        Ok(delay) => limits::DELAY.check(&given.with(delay)).map(Some),
        Err(_) => {
            let message = format!(
                "CLUSTERCTRL_DELAY = {} is ignored: expected {}",
                one_line(&given.value),
                limits::DELAY.allowed
            );
            warnings.push(Warning::new(path, given.line(), message));
            Ok(None)
        }
    }
}

fn fan_gpio(given: &Given<String>) -> Result<u8, ConfigError> {
    let number: i64 = given.value.parse().map_err(|_| given.refused(limits::FAN_GPIO.allowed))?;
    limits::FAN_GPIO.check(&given.with(number))
}
