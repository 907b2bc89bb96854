//! What a system lacks of a controller's setup, as facts: whoever looks for the cause of a problem asks here.
//! [`plan`](super::plan()) is what mends most of it.

use std::path::PathBuf;

use super::plan::{INIT, VENDORS_INIT, VENDORS_RULES, rc_local_runs_init};
use super::{config_txt, i2c, modules, plan};
use crate::changes::{ChangeError, Snapshot, SysPath, Sysroot};
use crate::config_txt::{ANY, Model};
use crate::units;

/// The program that takes serial ports for modems, and the rules by which it leaves the nodes' alone.
const MODEM_MANAGER: &str = "ModemManager.service";
const NODE_RULES: &str = "60-clusterhat-node.rules";

/// udev(7), "Rules files", in the order in which one of them hides those of the same name.
const RULE_FOLDERS: [&str; 3] = ["etc/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];

/// Something that a controller's setup would have otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gap {
    /// There is no `config.txt`, as on a board that is no Raspberry Pi.
    NoConfigTxt,
    /// `config.txt` makes no I2C bus on the header's pins.
    I2cOff,
    /// No list of modules has `i2c-dev`, so that there is no `/dev/i2c-N`.
    NoI2cDev,
    /// `config.txt` makes the USB port a device, as on a node.
    UsbDeviceMode,
    /// `config.txt` leaves the USB-C port of a Pi 4 to be no host.
    NoUsbHost,
    /// The unit that initialises boards is not installed.
    InitMissing,
    /// It is masked.
    InitMasked,
    /// It is not started at boot.
    InitOff,
    /// The vendor's unit that initialises boards is started at boot.
    VendorsInit,
    /// The vendor's udev rules are there.
    VendorsRules(PathBuf),
    /// `rc.local` runs the vendor's program at boot.
    VendorsRcLocal,
    /// The udev rules that name the nodes' devices are not installed, or another file hides them.
    NodeRulesMissing,
    /// ModemManager is started at boot, and no rule keeps it from the nodes' serial ports.
    ModemManager,
}

/// What is missing on the system below a root, for a machine of this model (as the device tree names it), or
/// where none is given for every model.
///
/// # Errors
/// A file that cannot be read, or is no file.
pub fn gaps(sysroot: &Sysroot, model: Option<&str>) -> Result<Vec<Gap>, ChangeError> {
    let mut system = plan::read(sysroot)?;
    units::add(&mut system, MODEM_MANAGER)?;
    for folder in RULE_FOLDERS {
        system.add_link(SysPath::root(folder).below(NODE_RULES))?;
    }
    let mut found = boot(&system, model);
    found.extend((!modules::are_listed(&system)).then_some(Gap::NoI2cDev));
    found.extend(services(&system));
    Ok(found)
}

fn boot(system: &Snapshot, model: Option<&str>) -> Vec<Gap> {
    let Some(config) = system.file(&SysPath::boot("config.txt")).map(|file| &file.bytes) else {
        return vec![Gap::NoConfigTxt];
    };
    let known = model.map(Model::named);
    let is_pi_4 = model.is_none_or(|model| model.contains("Raspberry Pi 4"));
    let mut found = Vec::new();
    found.extend((i2c::with_i2c(config, known).0 != *config).then_some(Gap::I2cOff));
    if config_txt::is_of_a_node(config, known.unwrap_or(&ANY)) {
        found.push(Gap::UsbDeviceMode);
    } else if is_pi_4 && config_txt::with_otg(config) != *config {
        found.push(Gap::NoUsbHost);
    }
    found
}

fn services(system: &Snapshot) -> Vec<Gap> {
    let mut found = Vec::new();
    found.extend(init(system));
    let is_enabled =
        |unit| units::is_usable(system, unit) && units::enabling_link(system, unit).is_some();
    found.extend(is_enabled(VENDORS_INIT).then_some(Gap::VendorsInit));
    let rules = VENDORS_RULES.iter().filter(|path| system.has(&SysPath::root(**path)));
    found.extend(rules.map(|path| Gap::VendorsRules(PathBuf::from("/").join(path))));
    found.extend(rc_local_runs_init(system).then_some(Gap::VendorsRcLocal));
    if !has_node_rules(system) {
        found.push(Gap::NodeRulesMissing);
        found.extend(is_enabled(MODEM_MANAGER).then_some(Gap::ModemManager));
    }
    found
}

fn init(system: &Snapshot) -> Option<Gap> {
    match units::links(system, INIT, INIT, "multi-user.target") {
        None => Some(Gap::InitMissing),
        Some(_) if !units::is_usable(system, INIT) => Some(Gap::InitMasked),
        Some(_) if units::enabling_link(system, INIT).is_none() => Some(Gap::InitOff),
        Some(_) => None,
    }
}

/// The first of these files is the one that counts.
fn has_node_rules(system: &Snapshot) -> bool {
    let content = |folder: &&str| system.content(&SysPath::root(*folder).below(NODE_RULES));
    RULE_FOLDERS.iter().find_map(content).is_some_and(|content| !units::is_mask(content))
}
