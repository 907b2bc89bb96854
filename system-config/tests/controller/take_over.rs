//! The vendor's image becomes ours, and theirs again.

use std::os::unix::fs::symlink;

use system_config::changes::{Changed, undo};
use system_config::controller::ControllerRequest;

use crate::tree::{Card, assert_same};
use crate::{plan, stock, sysroot};

const WANTS: &str = "root/etc/systemd/system/multi-user.target.wants";

/// As its reconfiguration leaves a controller.
fn vendors() -> Card {
    let card = stock("bookworm");
    card.write("root/usr/lib/systemd/system/clusterctrl-init.service", "[Service]\n");
    let link = card.path(&format!("{WANTS}/clusterctrl-init.service"));
    symlink("/usr/lib/systemd/system/clusterctrl-init.service", link).unwrap();
    card.write("root/etc/udev/rules.d/90-clusterctrl.rules", "# rules\n");
    card.write("root/etc/default/clusterctrl", "TYPE=cnat\n");
    card.write("root/etc/modules", "i2c-dev\n");
    card.write(
        "boot/config.txt",
        "dtparam=i2c_arm=on\n#dtoverlay=dwc2,dr_mode=peripheral\notg_mode=1 # Controller only\n",
    );
    card
}

#[test]
fn its_init_and_its_rules_go_and_come_back() {
    let card = vendors();
    let before = card.tree();
    let config = card.read("boot/config.txt");
    plan(&card, &ControllerRequest::default()).apply(&sysroot(&card)).unwrap();
    assert!(card.path(&format!("{WANTS}/clusterctrl-init.service")).symlink_metadata().is_err());
    assert!(card.path(&format!("{WANTS}/clusterhat-init.service")).symlink_metadata().is_ok());
    assert!(!card.path("root/etc/udev/rules.d/90-clusterctrl.rules").exists());
    assert_eq!(card.read("boot/config.txt"), config, "all that is needed stands there");
    assert_eq!(card.read("root/etc/default/clusterctrl"), "TYPE=cnat\n", "its settings hold on");
    assert_eq!(plan(&card, &ControllerRequest::default()).diff(), "");
    undo(&sysroot(&card), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
}

/// Without our unit nobody would initialise the boards.
#[test]
fn nothing_of_it_goes_where_nothing_of_ours_comes() {
    let card = vendors();
    std::fs::remove_file(card.path(crate::INIT)).unwrap();
    plan(&card, &ControllerRequest::default()).apply(&sysroot(&card)).unwrap();
    assert!(card.path(&format!("{WANTS}/clusterctrl-init.service")).symlink_metadata().is_ok());
    assert!(card.path("root/etc/udev/rules.d/90-clusterctrl.rules").exists());
}

#[test]
fn an_old_image_runs_it_from_rc_local() {
    let card = vendors();
    card.write("root/etc/rc.local", "#!/bin/sh\n/sbin/clusterhat init\nexit 0\n");
    let plan = plan(&card, &ControllerRequest::default());
    assert!(plan.notes().iter().any(|note| note.contains("rc.local")), "{:?}", plan.notes());
}

/// Undoing puts a link back only where nobody put something else.
#[test]
fn a_unit_that_was_enabled_again_by_hand_stays() {
    let card = vendors();
    let link = card.path(&format!("{WANTS}/clusterctrl-init.service"));
    let before = card.tree();
    plan(&card, &ControllerRequest::default()).apply(&sysroot(&card)).unwrap();
    symlink("/usr/lib/systemd/system/clusterctrl-init.service", &link).unwrap();
    undo(&sysroot(&card), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn a_nodes_card_is_told_from_a_controllers() {
    let card = vendors();
    card.write("boot/config.txt", "dtoverlay=dwc2,dr_mode=peripheral\n");
    let plan = plan(&card, &ControllerRequest::default());
    assert!(plan.notes().iter().any(|note| note.contains("as on a node")), "{:?}", plan.notes());
}
