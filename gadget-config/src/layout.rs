//! A profile as configfs shows it: what a finished gadget holds, and how a found one differs.

use std::collections::BTreeMap;
use std::fmt;

use node_link::End;

use crate::Profile;

/// The gadget's folder below `usb_gadget`. Everything in it is ours.
pub const GADGET: &str = "clusterhat";

/// The strings' language: English (US).
const STRINGS: &str = "strings/0x0409";

/// The only configuration.
const CONFIG: &str = "configs/c.1";

/// Folders whose folders and links are all ours to make.
const OURS: [&str; 5] = ["functions", "configs", "strings", CONFIG, "os_desc"];

/// What is at a path of configfs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutEntry {
    /// A folder.
    Folder,
    /// An attribute's text, trimmed.
    Value(String),
    /// A link, by the name of what it points to.
    Link(String),
}

/// What a gadget's folder holds, by path below it.
pub type Tree = BTreeMap<String, LayoutEntry>;

/// What a finished gadget of a profile holds, in the order of its making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<(String, LayoutEntry)>);

/// The first thing in which a gadget is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The path below the gadget's folder.
    pub path: String,
    /// What should be there.
    pub expected: Option<LayoutEntry>,
    /// What is there.
    pub found: Option<LayoutEntry>,
}

impl Layout {
    /// The layout of a profile.
    ///
    /// `bcdUSB` and `bMaxPacketSize0` are not part of it: the kernel rewrites both when a host asks
    /// for the device descriptor.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let mut entries = vec![(String::new(), LayoutEntry::Folder)];
        let mut value =
            |path: String, value: String| entries.push((path, LayoutEntry::Value(value)));
        for (name, byte) in
            ["bDeviceClass", "bDeviceSubClass", "bDeviceProtocol"].iter().zip(Profile::CLASS)
        {
            value((*name).into(), format!("{byte:#04x}"));
        }
        value("idVendor".into(), format!("{:#06x}", profile.usb_id().vendor));
        value("idProduct".into(), format!("{:#06x}", profile.usb_id().product));
        value("bcdDevice".into(), format!("{:#06x}", Profile::DEVICE_VERSION));
        value(format!("{STRINGS}/manufacturer"), profile.manufacturer().into());
        value(format!("{STRINGS}/product"), profile.product().into());
        value(format!("{STRINGS}/serialnumber"), profile.serial());
        add_functions(&mut entries, profile);
        add_configuration(&mut entries, profile);
        Self(entries)
    }

    /// Without the second serial port in the configuration, as a UDC has it that refused to be
    /// bound with it: the port's function is there, and takes no endpoints.
    #[must_use]
    pub fn without_second_port(mut self) -> Self {
        let link = second_port();
        self.0.retain(|(path, _)| *path != link);
        self
    }

    /// Paths below the gadget's folder (itself is the empty path) and what is there, in the order of
    /// making.
    #[must_use]
    pub fn entries(&self) -> &[(String, LayoutEntry)] {
        &self.0
    }

    /// The first entry that a gadget lacks or has otherwise, or what it has beyond.
    #[must_use]
    pub fn difference(&self, tree: &Tree) -> Option<Difference> {
        self.missing(tree).or_else(|| self.beyond(tree))
    }

    fn missing(&self, tree: &Tree) -> Option<Difference> {
        let (path, expected) =
            self.0.iter().find(|(path, expected)| tree.get(path) != Some(expected))?;
        Some(Difference {
            path: path.clone(),
            expected: Some(expected.clone()),
            found: tree.get(path).cloned(),
        })
    }

    fn beyond(&self, tree: &Tree) -> Option<Difference> {
        let is_made = |entry: &LayoutEntry| !matches!(entry, LayoutEntry::Value(_));
        let planned =
            |path: &str| self.0.iter().any(|(ours, _)| ours == path || is_below(ours, path));
        let (path, found) = tree.iter().find(|(path, entry)| {
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            // The kernel's own folder of a configuration's strings.
            let kernels = path.as_str() == "configs/c.1/strings";
            OURS.contains(&parent) && is_made(entry) && !kernels && !planned(path)
        })?;
        Some(Difference { path: path.clone(), expected: None, found: Some(found.clone()) })
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The functions in the order of their interfaces: Ethernet, the console, the admin console. The
/// controller's udev rules tell the serial ports by their interface numbers 02 and 04.
pub(crate) fn drivers(profile: &Profile) -> Vec<&'static str> {
    let mut drivers = vec![profile.ethernet.name(), "acm"];
    if profile.admin_console {
        drivers.push("acm");
    }
    drivers
}

/// The attributes of the Ethernet function, in the order of their writing.
pub(crate) fn ethernet_attributes(profile: &Profile) -> Vec<(&'static str, String)> {
    let mut attributes = vec![
        ("host_addr", profile.mac(End::Host).to_string()),
        ("dev_addr", profile.mac(End::Node).to_string()),
    ];
    if let Some(windows) = profile.microsoft_os() {
        attributes.push(("os_desc/interface.ncm/compatible_id", windows.compatible_id.into()));
    }
    attributes
}

/// A function's folder, named as the crate `usb-gadget` does.
fn function(driver: &str, index: usize) -> String {
    format!("{driver}.{GADGET}-{index}")
}

/// What links the second serial port into the configuration.
pub(crate) fn second_port() -> String {
    format!("{CONFIG}/{}", function("acm", 2))
}

/// Whether a function's folder, as `functions/acm.x`, is linked into the configuration.
pub(crate) fn is_linked(tree: &Tree, folder: &str) -> bool {
    let name = folder.strip_prefix("functions/").unwrap_or(folder);
    tree.contains_key(&format!("{CONFIG}/{name}"))
}

fn add_functions(entries: &mut Vec<(String, LayoutEntry)>, profile: &Profile) {
    for (index, driver) in drivers(profile).into_iter().enumerate() {
        let folder = format!("functions/{}", function(driver, index));
        entries.push((folder.clone(), LayoutEntry::Folder));
        if index == 0 {
            for (name, value) in ethernet_attributes(profile) {
                entries.push((format!("{folder}/{name}"), LayoutEntry::Value(value)));
            }
        }
    }
}

fn add_configuration(entries: &mut Vec<(String, LayoutEntry)>, profile: &Profile) {
    let mut add = |path: String, entry: LayoutEntry| entries.push((path, entry));
    add(CONFIG.into(), LayoutEntry::Folder);
    add(format!("{CONFIG}/bmAttributes"), LayoutEntry::Value("0x80".into()));
    add(format!("{CONFIG}/MaxPower"), LayoutEntry::Value(Profile::MAX_POWER_MA.to_string()));
    for (index, driver) in drivers(profile).into_iter().enumerate() {
        let name = function(driver, index);
        add(format!("{CONFIG}/{name}"), LayoutEntry::Link(name));
    }
    if let Some(windows) = profile.microsoft_os() {
        let code = format!("{:#04x}", windows.vendor_code);
        add("os_desc/b_vendor_code".into(), LayoutEntry::Value(code));
        add("os_desc/qw_sign".into(), LayoutEntry::Value(windows.signature.into()));
        add("os_desc/use".into(), LayoutEntry::Value("1".into()));
        add("os_desc/c.1".into(), LayoutEntry::Link("c.1".into()));
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected, found } = self;
        match (expected, found) {
            (Some(LayoutEntry::Value(expected)), Some(LayoutEntry::Value(found))) => {
                write!(f, "{path} is {found:?}, not {expected:?}")
            }
            (Some(_), None) => write!(f, "{path} is missing"),
            _ => write!(f, "{path} does not belong there"),
        }
    }
}

#[cfg(test)]
mod tests;
