//! What the checks look at of the system around the boards.

use std::fs;
use std::path::Path;

use system_config::Tools;
use system_config::changes::Sysroot;
use system_config::controller::{self, GROUPS, Gap, Membership};
use system_config::network::{self, BridgeStatus, NetworkError, NetworkSettings, Survey};

use super::subject::Subject;
use super::usb::{self, UsbDevice};
use crate::cluster::Cluster;
use crate::error::Error;
use crate::system::System;

/// The system around the boards.
pub(super) struct SystemFacts {
    /// What its setup lacks, or why that cannot be told.
    pub(super) gaps: Result<Vec<Gap>, String>,
    /// Who is in which group not yet.
    pub(super) rights: Result<Rights, String>,
    /// Its USB devices; none where the kernel tells of none.
    pub(super) usb: Option<Vec<UsbDevice>>,
    /// The I2C buses that have a device file, and those that the kernel has.
    pub(super) i2c: I2c,
    pub(super) network: Network,
    /// Only of the running system.
    pub(super) live: Option<Live>,
}

/// The groups whose members need no root.
pub(super) struct Rights {
    /// Those of whom this is asked.
    pub(super) users: Vec<String>,
    pub(super) missing: Vec<Membership>,
    pub(super) absent: Vec<&'static str>,
}

/// The kernel's I2C buses.
pub(super) struct I2c {
    pub(super) device_files: Vec<String>,
    pub(super) adapters: Vec<String>,
}

/// The nodes' network.
pub(super) struct Network {
    /// What was set up, if anything, or why that cannot be told.
    pub(super) settings: Result<Option<NetworkSettings>, String>,
    /// How it is, where the system runs, or why that cannot be told.
    pub(super) status: Option<Result<BridgeStatus, String>>,
    /// `net.bridge.bridge-nf-call-iptables`; none where the module is not loaded.
    pub(super) filters_bridges: Option<bool>,
}

/// What only a running system can be asked.
pub(super) struct Live {
    /// The kernel's messages since boot; none where this user may not read them.
    pub(super) kernel_log: Option<String>,
    /// A Raspberry Pi's boot loader's settings.
    pub(super) boot_loader: Option<String>,
}

impl SystemFacts {
    /// Looks at a system; at a running one with the subject's tools.
    ///
    /// # Errors
    /// There is none below that root.
    pub(super) fn gather(
        system: &System,
        subject: &Subject<'_>,
        cluster: Option<&mut Cluster>,
    ) -> Result<Self, String> {
        let root = system.root();
        let sysroot =
            controller::sysroot(root, None).map_err(|error| Error::from(error).message())?;
        Ok(Self {
            gaps: controller::gaps(&sysroot, model(root).as_deref())
                .map_err(|error| Error::from(error).message()),
            rights: rights(&sysroot, subject.users),
            usb: usb::devices(root),
            i2c: I2c::read(root),
            network: Network::look(system, subject.tools, cluster),
            live: subject.tools.map(Live::ask),
        })
    }
}

/// What the controller calls itself in its device tree. A card that is only mounted has no `/proc`.
#[must_use]
pub fn model(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("proc/device-tree/model")).ok()?;
    Some(text.trim_end_matches(['\0', '\n']).to_owned())
}

fn rights(sysroot: &Sysroot, users: &[String]) -> Result<Rights, String> {
    let system = controller::read(sysroot).map_err(|error| Error::from(error).message())?;
    let (missing, absent) = controller::missing(&system, users);
    let absent = absent.into_iter().filter(|group| GROUPS.contains(group)).collect();
    Ok(Rights { users: users.to_vec(), missing, absent })
}

impl I2c {
    fn read(root: &Path) -> Self {
        let names = |folder: &str| -> Vec<String> {
            let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            names.filter(|name| name.starts_with("i2c-")).collect()
        };
        Self { device_files: names("dev"), adapters: names("sys/bus/i2c/devices") }
    }
}

impl Network {
    fn look(system: &System, tools: Option<&dyn Tools>, cluster: Option<&mut Cluster>) -> Self {
        let file = system.root().join("proc/sys/net/bridge/bridge-nf-call-iptables");
        let settings = network::sysroot(system.root())
            .map_err(NetworkError::from)
            .and_then(|sysroot| NetworkSettings::read(&sysroot));
        let is_set_up = matches!(settings, Ok(Some(_)));
        let tools = tools.filter(|_| is_set_up);
        Self {
            settings: settings.map_err(|error| Error::from(error).message()),
            status: tools.map(|tools| {
                let status = status(system, tools, cluster);
                let status = status.map_err(|error| error.message())?;
                status.ok_or_else(|| "it was undone just now".to_owned())
            }),
            filters_bridges: fs::read_to_string(file).ok().map(|text| text.trim() == "1"),
        }
    }
}

fn status(
    system: &System,
    tools: &dyn Tools,
    cluster: Option<&mut Cluster>,
) -> Result<Option<BridgeStatus>, Error> {
    let nodes = cluster.map_or(Ok(Vec::new()), |cluster| cluster.network_nodes())?;
    let survey = Survey::take(&network::sysroot(system.root())?, Some(tools))?;
    Ok(network::status(&nodes, &survey, tools)?)
}

impl Live {
    fn ask(tools: &dyn Tools) -> Self {
        let journal = ["--dmesg", "--boot", "--no-pager", "--quiet", "--output=cat"];
        let log = said(tools, "journalctl", &journal).filter(|log| !log.trim().is_empty());
        Self {
            kernel_log: log.or_else(|| said(tools, "dmesg", &[])),
            boot_loader: said(tools, "vcgencmd", &["bootloader_config"]),
        }
    }
}

/// What a program of the running system prints; nothing where it is not there, or fails.
pub(super) fn said(tools: &dyn Tools, program: &str, words: &[&str]) -> Option<String> {
    let printed = tools.run(program, words).ok().filter(|printed| printed.success)?;
    Some(printed.stdout)
}
