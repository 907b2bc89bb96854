//! What the command's user can do about an error of the boards, in the command's words.

use clusterhat::nodes::Labels;
use hat_driver::HatError;
use hat_driver::ctrl::products::VENDOR;
use hat_driver::linux::{BoardError, ClusterError, Node, Obstacle, Wording};

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
                "--ignore-undervoltage goes on regardless".to_owned()
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
