//! The address that a node gives itself is of the network that its controller was given.

use std::fs;
use std::os::unix::fs::symlink;

use system_config::card::CardRequest;

use crate::tree::Card;

const NETWORKD: &str = "root/etc/systemd/network/10-clusterhat-usb0.network";
const NETWORKMANAGER: &str =
    "root/etc/NetworkManager/system-connections/clusterhat-usb0-fixed.nmconnection";
const NODE_FILE: &str = "root/etc/clusterhat/node.toml";

fn set_up(card: &Card, subnet: Option<&str>) {
    let request = CardRequest::new("3".parse().unwrap());
    let plan = card.plan_with(request, |file| {
        file.subnet = subnet.map(|subnet| subnet.parse().unwrap()).or(file.subnet);
    });
    let plan = plan.unwrap();
    plan.apply(&card.sysroot()).unwrap();
}

#[test]
fn the_fallback_address_follows_the_subnet() {
    for (file, is_networkd) in [(NETWORKMANAGER, false), (NETWORKD, true)] {
        let card = Card::stock("trixie");
        if is_networkd {
            let wants = card.path("root/etc/systemd/system/multi-user.target.wants");
            fs::remove_dir_all(&wants).unwrap();
            fs::create_dir_all(&wants).unwrap();
            let unit = "systemd-networkd.service";
            symlink(format!("/usr/lib/systemd/system/{unit}"), wants.join(unit)).unwrap();
        }
        let has = |address: &str, controller: &str| {
            let text = card.read(file);
            assert!(text.contains(&format!("={address}\n")), "{text}");
            assert!(text.to_lowercase().contains(&format!("gateway={controller}\n")), "{text}");
        };
        set_up(&card, None);
        has("172.19.181.3/24", "172.19.181.254");
        assert!(!card.read(NODE_FILE).contains("subnet"), "the default needs no word");
        set_up(&card, Some("10.181.0.0/16"));
        has("10.181.0.3/16", "10.181.0.254");
        // Kept where it is not given again, and taken from the file where somebody wrote it there.
        set_up(&card, None);
        has("10.181.0.3/16", "10.181.0.254");
        let text = card.read(NODE_FILE).replace("10.181.0.0/16", "192.168.7.0/24");
        card.write(NODE_FILE, text);
        set_up(&card, None);
        has("192.168.7.3/24", "192.168.7.254");
    }
}
