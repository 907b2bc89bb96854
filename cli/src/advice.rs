//! What the command's user can do about an error or a finding, in the command's words.

use clusterhat::doctor;
use clusterhat::nodes::Labels;
use clusterhat::report::{DoctorReport, NetworkReport};
use hat_driver::HatError;
use hat_driver::ctrl::products::VENDOR;
use hat_driver::linux::{BoardError, ClusterError, Node, Obstacle, Wording};
use system_config::changes::{ChangeError, ParameterNames};
use system_config::network::{BRIDGE, Finding, Fix, NetworkError};

/// Nodes by their labels, and advice in the command's words.
pub(crate) struct Words;

impl Wording for Words {
    fn nodes(&self, nodes: &[Node]) -> String {
        Labels.nodes(nodes)
    }

    fn advice(&self, error: &ClusterError) -> Option<String> {
        Some(match error {
            ClusterError::Open { device, obstacle, .. } => return at_device(device, obstacle),
            ClusterError::Line { source, .. }
                if source.io().kind() == std::io::ErrorKind::PermissionDenied =>
            {
                JOIN_GPIO.to_owned()
            }
            ClusterError::UnknownRevision { .. } => {
                "if it is wired as a known one, set that one in \
                 /etc/clusterhat/clusterhat.toml: [[board]] with revision = \"...\""
                    .to_owned()
            }
            ClusterError::NoRevision { .. } => {
                "set revision = \"...\" in its [[board]] in /etc/clusterhat/clusterhat.toml"
                    .to_owned()
            }
            ClusterError::NoI2cDriver { product, .. } => format!(
                "load i2c-tiny-usb and write \"{VENDOR:04x} {product:04x}\" to \
                 /sys/bus/usb/drivers/i2c-tiny-usb/new_id"
            ),
            ClusterError::DuplicateOrder { order, .. } => format!(
                "unplug all but one of them, and give it another order with `clusterhat board order \
                 {order} NEW` and `clusterhat board save NEW --what order`"
            ),
            ClusterError::LineTaken { .. } => {
                "set fan-gpio in /etc/clusterhat/clusterhat.toml, or \
                 FANGPIO in /etc/default/clusterctrl, to the line of the fan"
                    .to_owned()
            }
            ClusterError::HubOff { .. } => "switch it on with `clusterhat hub on`".to_owned(),
            ClusterError::UnderVoltage { .. } => {
                "use --ignore-undervoltage to continue anyway".to_owned()
            }
            ClusterError::Board { source: BoardError::Hat(HatError::NotInitialised), .. } => {
                "run `clusterhat init`".to_owned()
            }
            _ => return None,
        })
    }
}

const JOIN_GPIO: &str = "join the group gpio, or use sudo";

fn at_device(device: &str, obstacle: &Obstacle) -> Option<String> {
    match obstacle {
        Obstacle::NoI2cBus => Some(
            "switch I2C on: dtparam=i2c_arm=on in config.txt, i2c-dev in /etc/modules, then reboot"
                .to_owned(),
        ),
        Obstacle::Permission if device.starts_with("GPIO") => Some(JOIN_GPIO.to_owned()),
        Obstacle::Permission => Some("join the group i2c, or use sudo".to_owned()),
        Obstacle::KernelDriver { driver, bus, address } => Some(format!(
            "release it with: echo {bus}-{address:04x} | sudo tee /sys/bus/i2c/drivers/{driver}/unbind"
        )),
        _ => None,
    }
}

/// The options of the commands that change a system's files.
pub(crate) const OPTIONS: ParameterNames<'static> =
    ParameterNames { root: "--root", boot_dir: "--boot-dir", overwrite: "--force" };

/// What to do about an error of the network, to follow its text.
pub(crate) fn network(error: &NetworkError) -> Option<String> {
    Some(match error {
        NetworkError::ManagerOff(_) => ", or use --backend auto".to_owned(),
        NetworkError::NoTool { call, source } if source.kind() == std::io::ErrorKind::NotFound => {
            format!(": install the package {}", package_of(call)?)
        }
        NetworkError::NoUplink => ": name the interface with --uplink".to_owned(),
        NetworkError::NotDefaultRoute { asked, .. } => {
            format!(": drop --uplink {asked}, or change the default route first")
        }
        NetworkError::Uplink { .. } => ", or use --mode nat".to_owned(),
        NetworkError::NotSetUp => ": run `clusterhat network setup` first".to_owned(),
        NetworkError::Settings { .. } => ": run `clusterhat network setup` again".to_owned(),
        // What the other mode does not need was edited; `network undo`, which has --force, fails with an error of files.
        NetworkError::Changes(ChangeError::ChangedSince(_)) => {
            "; save what you need of them, run `clusterhat network undo --force`, then this again"
                .to_owned()
        }
        NetworkError::Changes(error) => return OPTIONS.advice(error),
        _ => return None,
    })
}

/// The Debian package with the program of a call.
fn package_of(call: &str) -> Option<&'static str> {
    Some(match call.split(' ').next()? {
        "ip" => "iproute2",
        "nft" => "nftables",
        "iptables" => "iptables",
        "nmcli" => "network-manager",
        _ => return None,
    })
}

/// A report whose findings tell the command's options.
pub(crate) fn worded(mut report: NetworkReport) -> NetworkReport {
    match &mut report {
        NetworkReport::Setup { findings, .. } => findings.iter_mut().for_each(reword),
        NetworkReport::Status(Some(status)) => status.findings.iter_mut().for_each(reword),
        _ => {}
    }
    report
}

/// Findings as sentences that tell the command's options.
pub(crate) fn sentences(findings: &[Finding]) -> impl Iterator<Item = String> {
    findings.iter().cloned().map(|mut finding| {
        reword(&mut finding);
        finding.to_string()
    })
}

fn reword(finding: &mut Finding) {
    finding.fix = Fix::Text(worded_fix(&finding.fix));
}

/// The fix of a problem of the network, in the command's words.
pub(crate) fn worded_fix(fix: &Fix) -> String {
    match fix {
        Fix::AnotherSubnet => "choose another with --subnet, such as 10.181.0.0/24".to_owned(),
        Fix::AnotherSetting => {
            "give the option to change it (--isolate=false, --allow-forwarding=false), or run \
             `clusterhat network undo` first"
                .to_owned()
        }
        Fix::AskAgain => {
            "give --subnet, --isolate, --allow-forwarding and --cluster NAME if they were set up"
                .to_owned()
        }
        Fix::SubnetAgain(subnet) => format!("give --subnet {subnet} with the next --mode nat"),
        Fix::UplinkAgain(uplink) => format!("give --uplink {uplink} with the next --mode bridge"),
        Fix::NatOrWiredUplink => {
            "use --mode nat, or name a wired interface with --uplink".to_owned()
        }
        Fix::ClusterName(name) => {
            let name = name.as_ref().map_or_else(|| "NAME".to_owned(), ToString::to_string);
            format!(
                "if there is another cluster, run this again with --cluster {name}, and put \
                 cluster = \"{name}\" into every node's /etc/clusterhat/node.toml"
            )
        }
        Fix::AllowForwarding { mode, by_zone } => {
            let first = match by_zone {
                true => format!("add {BRIDGE} to a firewalld zone that forwards its traffic,"),
                false => "`clusterhat network allow` until the next boot,".to_owned(),
            };
            format!(
                "{first} or `clusterhat network setup --mode {mode} --allow-forwarding` permanently"
            )
        }
        Fix::LookAsRoot => "run `clusterhat network status` as root".to_owned(),
        Fix::OwnCard(id) => own_card(&id.label(), id.get().into()),
        fix => fix.to_string(),
    }
}

fn own_card(label: &str, id: u32) -> String {
    format!("swap the cards, or prepare the card in {label} with `clusterhat-node setup --id {id}`")
}

/// The findings of a check-up, with the command's words for their fixes.
pub(crate) fn diagnosed(mut report: DoctorReport) -> DoctorReport {
    for finding in &mut report.findings {
        finding.fix = doctor::Fix::Text(doctors(&finding.fix));
    }
    for check in report.not_made.iter_mut().filter(|check| check.reason == doctor::NO_SYSTEM) {
        check.reason.push_str(": pass --root DIR");
    }
    report
}

fn doctors(fix: &doctor::Fix) -> String {
    use doctor::Fix;
    match fix {
        Fix::SetUp { users, reboot } => {
            let users: String = users.iter().map(|user| format!(" --user {user}")).collect();
            let then = if *reboot { "reboot" } else { "log in again" };
            format!("`sudo clusterhat setup{users}`, then {then}")
        }
        Fix::LoadModules(modules) => format!("`sudo modprobe -a {}`", modules.join(" ")),
        Fix::Init => "`clusterhat init`".to_owned(),
        Fix::HubOn => "`clusterhat hub on`".to_owned(),
        Fix::RestoreAfterChaos => "`clusterhat chaos --restore`".to_owned(),
        Fix::LookAsRoot => "`sudo clusterhat doctor`".to_owned(),
        Fix::Network(fix) => worded_fix(fix),
        Fix::NetworkSetUp => "`sudo clusterhat network setup` again".to_owned(),
        Fix::OwnCard(node) => own_card(&format!("p{node}"), *node),
        fix => fix.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clusterhat::Error;
    use system_config::Manager;

    use super::*;
    use crate::failure::Failure;

    fn message(error: impl Into<Error>) -> String {
        Failure::Cluster(error.into()).message()
    }

    #[test]
    fn errors_of_the_system_s_files_and_network_name_the_options() {
        assert_eq!(
            message(ChangeError::NoEtc("/mnt".into())),
            "/mnt has no etc: give the directory on which the system's root is mounted as --root"
        );
        assert_eq!(
            message(NetworkError::from(ChangeError::NoEtc("/mnt".into()))),
            message(ChangeError::NoEtc("/mnt".into()))
        );
        // Of `setup` and of `setup undo`.
        assert_eq!(
            message(Error::NotRoot),
            "this changes the system's files: run it as root (with sudo)"
        );
        assert_eq!(
            message(NetworkError::ManagerOff(Manager::NetworkManager)),
            "NetworkManager is not enabled: enable it (systemctl enable --now \
             NetworkManager.service), or use --backend auto"
        );
        assert_eq!(
            message(NetworkError::NoUplink),
            "no default route, so the uplink is unknown: name the interface with --uplink"
        );
        assert_eq!(
            message(NetworkError::Settings { path: "/f".into(), message: "no mode".into() }),
            "/f: no mode: run `clusterhat network setup` again"
        );
        let call = "ip -details -json address show".to_owned();
        let source = std::io::ErrorKind::NotFound.into();
        assert_eq!(
            message(NetworkError::NoTool { call, source }),
            "cannot run `ip -details -json address show`: entity not found: install the package iproute2"
        );
        assert_eq!(
            message(NetworkError::NotSetUp),
            "the nodes' network is not set up: run `clusterhat network setup` first"
        );
    }
}
