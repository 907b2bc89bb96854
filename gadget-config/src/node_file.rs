//! `/etc/clusterhat/node.toml`: what this node is.
//!
//! ```toml
//! id = 3                  # 1 to 252: serial number, MAC and IP addresses follow from it
//! boot = "card"           # or "usbboot"; default card
//! ethernet = "ncm"        # or "ecm", "rndis"; default ncm for card, ecm for usbboot
//! serial-ports = 2        # or 1: without the admin console; default 2
//! cluster = "rack-1"      # MAC addresses of this cluster's own instead of the vendor's
//! subnet = "10.8.0.0/24"  # of `clusterhat network setup --subnet`; setup makes the fallback address so
//! udc = "20980000.usb"    # USB device controller; default the only real one
//! ```
//!
//! `admin-console = false` is the former way to write `serial-ports = 1`, and `true` that of 2.

mod edit;

use std::fmt::{Display, Write as _};
use std::path::Path;
use std::str::FromStr;

use node_link::text::{FileMessage, TomlText, one_line};
use node_link::{ClusterName, NodeId, Subnet};
use toml::de::{DeTable, DeValue};

use crate::{BootMethod, Ethernet};

/// Where the file lies below the root.
pub const NODE_FILE: &str = "etc/clusterhat/node.toml";

/// The keys, in the order in which they are written.
const KEYS: [&str; 7] = ["id", "boot", "ethernet", "serial-ports", "cluster", "subnet", "udc"];

/// The former key for the second serial port; cards that have it go on working.
const FORMER_KEY: &str = "admin-console";

/// The file's values; absent ones are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeFile {
    /// `id`.
    pub id: Option<NodeId>,
    /// `boot`.
    pub boot: Option<BootMethod>,
    /// `ethernet`.
    pub ethernet: Option<Ethernet>,
    /// `serial-ports`: whether the second one is there.
    pub admin_console: Option<bool>,
    /// `cluster`.
    pub cluster: Option<ClusterName>,
    /// `subnet`: where the node's address is that it gives itself, if nobody gives it one.
    pub subnet: Option<Subnet>,
    /// `udc`: a name below `/sys/class/udc`.
    pub udc: Option<String>,
}

impl NodeFile {
    /// Reads the text of the file at `path`. Unknown keys are warnings.
    ///
    /// # Errors
    /// A text that is not TOML, or the first value that is not allowed.
    pub fn parse(text: &str, path: &Path) -> Result<(Self, Vec<FileMessage>), FileMessage> {
        let reader = Reader(TomlText::new(path, text));
        let document = reader.0.parse()?;
        let table = document.get_ref();
        let file = Self {
            id: reader.number(table, "id")?,
            boot: reader.text(table, "boot")?,
            ethernet: reader.text(table, "ethernet")?,
            admin_console: reader.serial_ports(table)?,
            cluster: reader.text(table, "cluster")?,
            subnet: reader.text(table, "subnet")?,
            udc: reader.text::<UdcName>(table, "udc")?.map(|name| name.0),
        };
        let known = [&KEYS[..], &[FORMER_KEY]].concat();
        Ok((file, reader.0.unknown_keys(table, "", &known)))
    }

    /// The file's text, which [`Self::parse`] reads back as it is here.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = "# What this node is on the USB: clusterhat-node reads it.\n".to_owned();
        for (key, value) in self.values() {
            if let Some(value) = value {
                // Writing to a String does not fail.
                let _ = writeln!(text, "{key} = {value}");
            }
        }
        text
    }

    /// Each key with its value as it is written.
    fn values(&self) -> [(&'static str, Option<String>); KEYS.len()] {
        // No value can hold a quote or a backslash.
        let quoted = |value: &dyn Display| format!("\"{value}\"");
        let ports = |second: bool| if second { "2" } else { "1" }.to_owned();
        let values = [
            self.id.map(|id| id.to_string()),
            self.boot.map(|boot| quoted(&boot)),
            self.ethernet.map(|ethernet| quoted(&ethernet)),
            self.admin_console.map(ports),
            self.cluster.as_ref().map(|cluster| quoted(cluster)),
            self.subnet.map(|subnet| quoted(&subnet)),
            self.udc.as_ref().map(|udc| quoted(udc)),
        ];
        let mut keys = KEYS.into_iter();
        values.map(|value| (keys.next().unwrap_or_default(), value))
    }
}

/// A name below `/sys/class/udc`.
struct UdcName(String);

impl FromStr for UdcName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        check_udc_name(text).map(|()| Self(text.to_owned()))
    }
}

/// Whether a text can be the name of a USB device controller.
///
/// # Errors
/// Says what is allowed.
pub fn check_udc_name(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if !text.is_empty() && !text.starts_with('.') && text.chars().all(plain) {
        Ok(())
    } else {
        Err(format!(
            "{text:?} is not the name of a USB device controller: use one that /sys/class/udc lists"
        ))
    }
}

struct Reader<'a>(TomlText<'a>);

impl Reader<'_> {
    fn number(&self, table: &DeTable<'_>, key: &str) -> Result<Option<NodeId>, FileMessage> {
        self.value(table, key, "a whole number from 1 to 252", |value| {
            let digits = match value {
                DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
                _ => return None,
            };
            Some(digits.parse().map_err(|error: node_link::NodeIdError| error.to_string()))
        })
    }

    fn text<T>(&self, table: &DeTable<'_>, key: &str) -> Result<Option<T>, FileMessage>
    where
        T: FromStr<Err: Display>,
    {
        self.value(table, key, "a quoted string", |value| {
            Some(value.as_str()?.parse().map_err(|error: T::Err| error.to_string()))
        })
    }

    /// Whether there is a second serial port, by its present key or the former one.
    fn serial_ports(&self, table: &DeTable<'_>) -> Result<Option<bool>, FileMessage> {
        let present = self.value(table, "serial-ports", "1 or 2", |value| match value {
            DeValue::Integer(number) if number.as_str() == "1" => Some(Ok(false)),
            DeValue::Integer(number) if number.as_str() == "2" => Some(Ok(true)),
            _ => None,
        })?;
        let former = self.value(table, FORMER_KEY, "true or false", |value| {
            let former = value.as_bool()?;
            Some(match present {
                Some(present) if present != former => Err(format!(
                    "{former} contradicts serial-ports = {}; remove one of the two lines",
                    if present { 2 } else { 1 }
                )),
                _ => Ok(former),
            })
        })?;
        Ok(present.or(former))
    }

    /// The value of a key, if the key is there; `read` gives nothing where the type is not `allowed`.
    fn value<T>(
        &self,
        table: &DeTable<'_>,
        key: &str,
        allowed: &str,
        read: impl FnOnce(&DeValue<'_>) -> Option<Result<T, String>>,
    ) -> Result<Option<T>, FileMessage> {
        let Some(value) = table.get(key) else {
            return Ok(None);
        };
        let span = value.span();
        let written = self.0.as_str().get(span.clone()).unwrap_or_default();
        match read(value.get_ref()) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(why)) => Err(self.0.message(span.start, format!("{key}: {why}"))),
            None => Err(self
                .0
                .message(span.start, format!("{key} = {}: expected {allowed}", one_line(written)))),
        }
    }
}

#[cfg(test)]
mod tests;
