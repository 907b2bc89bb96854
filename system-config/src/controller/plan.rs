//! What a controller's setup changes, worked out from what is there. Nothing is written here.

use std::path::Path;

use node_link::UsbId;

use super::{Membership, cmdline_txt, config_txt, groups, i2c, modules};
use crate::changes::{ChangeError, ChangePlan, Draft, Snapshot, SysPath, Sysroot};
use crate::config_txt::{ANY, Model, cmdline_files, every_model};
use crate::units;

/// Where the record of the changes is kept.
const RECORD: &str = "setup";

/// Ours, and the vendor's that does the same.
pub(super) const INIT: &str = "clusterhat-init.service";
pub(super) const VENDORS_INIT: &str = "clusterctrl-init.service";

/// Of the vendor's images, old and new.
pub(super) const VENDORS_RULES: [&str; 2] =
    ["etc/udev/rules.d/90-clusterctrl.rules", "etc/udev/rules.d/90-clusterhat.rules"];

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct ControllerRequest {
    /// A console on the header's serial port.
    pub serial_console: bool,
    /// USB devices that the kernel's usb-storage is to leave alone.
    pub not_storage: Vec<UsbId>,
    /// The machine's model, where it is known; a card may go into any.
    pub model: Option<String>,
    /// Who becomes a member of which group, this time and before.
    pub members: Vec<Membership>,
}

/// The system below a root, with its boot partition if that is mounted elsewhere than below it. One
/// without a `config.txt` is no Raspberry Pi's, and needs none.
///
/// # Errors
/// Folders that are none, a boot partition that is not mounted, or another card's.
pub fn sysroot(root: &Path, boot: Option<&Path>) -> Result<Sysroot, ChangeError> {
    let sysroot = Sysroot::new(RECORD, root)?;
    if boot.is_some() { sysroot.with_boot(boot) } else { sysroot.with_boot_if_any() }
}

/// Reads all that planning looks at.
///
/// # Errors
/// A file that cannot be read, or is no file.
pub fn read(sysroot: &Sysroot) -> Result<Snapshot, ChangeError> {
    let mut system = Snapshot::new(sysroot);
    let config = SysPath::boot("config.txt");
    system.add_file(config.clone())?;
    let bytes = system.file(&config).map_or(&[][..], |file| &file.bytes);
    let cmdlines = cmdline_files(bytes, every_model());
    system.add_boot_files(cmdlines)?;
    for path in VENDORS_RULES.iter().chain(&["etc/group", "etc/rc.local", groups::RECORD]) {
        system.add_file(SysPath::root(*path))?;
    }
    modules::look(&mut system)?;
    for unit in [INIT, VENDORS_INIT] {
        units::add(&mut system, unit)?;
    }
    units::add_enabling_links(&mut system)?;
    Ok(system)
}

/// Works out the setup.
#[must_use]
pub fn plan(request: &ControllerRequest, system: &Snapshot) -> ChangePlan {
    let mut draft = Draft::new(system);
    take_over(&mut draft, system);
    enable_init(&mut draft, system);
    if !modules::are_loaded(system) {
        draft.own_file(SysPath::root(modules::FILE), modules::TEXT.into(), 0o644);
    }
    if !request.members.is_empty() {
        let record = groups::record(&request.members);
        draft.own_file(SysPath::root(groups::RECORD), record.into_bytes(), 0o644);
    }
    boot(&mut draft, request, system);
    draft.finish()
}

/// What the vendor's image does at boot, and ours does now. Neither is stopped or started: that is
/// for the next boot, and takes no power from any node.
fn take_over(draft: &mut Draft<'_>, system: &Snapshot) {
    // A unit that is not installed cannot do the vendor's work.
    if units::is_usable(system, INIT) {
        if let Some(link) = units::enabling_link(system, VENDORS_INIT) {
            draft.remove(link);
        }
        for path in VENDORS_RULES.iter().map(|path| SysPath::root(*path)) {
            if system.has(&path) {
                draft.remove(path);
            }
        }
    }
    if rc_local_runs_init(system) {
        draft.note(format!(
            "{} runs the vendor's `clusterhat init`: remove that line, since {INIT} does it",
            system.sysroot().shown(&SysPath::root("etc/rc.local")).display()
        ));
    }
}

/// Whether the vendor's oldest images' way to initialise boards is in use.
pub(super) fn rc_local_runs_init(system: &Snapshot) -> bool {
    let rc_local = system.file(&SysPath::root("etc/rc.local")).map_or(&[][..], |file| &file.bytes);
    let runs_init = |line: &str| !line.starts_with('#') && line.contains("/sbin/clusterhat init");
    String::from_utf8_lossy(rc_local).lines().any(|line| runs_init(line.trim()))
}

fn enable_init(draft: &mut Draft<'_>, system: &Snapshot) {
    match units::links(system, INIT, INIT, "multi-user.target") {
        Some(links) if units::is_usable(system, INIT) => {
            for (sys_path, target) in links {
                draft.link(sys_path, target);
            }
        }
        Some(_) => draft.note(format!("{INIT} is masked: boards are not initialised at boot")),
        None => draft.note(format!(
            "{INIT} is not installed: the package provides it, the udev rules and the groups"
        )),
    }
}

fn boot(draft: &mut Draft<'_>, request: &ControllerRequest, system: &Snapshot) {
    let config = SysPath::boot("config.txt");
    let Some(old) = system.file(&config).map(|file| file.bytes.clone()) else {
        draft.note(
            "there is no config.txt: enable the I2C bus as this board's manufacturer describes"
                .into(),
        );
        return;
    };
    let model = request.model.as_deref().map(Model::named);
    if config_txt::is_of_a_node(&old, model.unwrap_or(&ANY)) {
        draft.note(
            "config.txt sets the USB port to device mode, as on a node: a controller needs host mode"
                .into(),
        );
    }
    let (mut new, notes) = i2c::with_i2c(&old, model);
    notes.into_iter().for_each(|note| draft.note(note));
    if request.model.as_ref().is_none_or(|model| model.contains("Raspberry Pi 4")) {
        new = config_txt::with_otg(&new);
    }
    if request.serial_console {
        new = config_txt::with_uart(&new);
    }
    draft.file(config, new, 0o644);
    let files = match model {
        Some(model) => cmdline_files(&old, [model]),
        None => cmdline_files(&old, every_model()),
    };
    for cmdline in files.into_iter().map(SysPath::boot) {
        if let Some(file) = system.file(&cmdline) {
            draft.file(cmdline, parameters(request, &file.bytes), 0o644);
        }
    }
}

/// The kernel's command line with what is asked for.
fn parameters(request: &ControllerRequest, old: &[u8]) -> Vec<u8> {
    let new = cmdline_txt::without_storage(old, &request.not_storage);
    if request.serial_console { cmdline_txt::with_console(&new) } else { new }
}
