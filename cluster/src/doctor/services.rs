//! What is started at boot: ours, and what does the same beside it.

use system_config::controller::Gap;

use super::check::Check;
use super::facts::Facts;
use super::finding::{Checked, Fix, Found, NotMade};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "init-unit",
        looks_for: "clusterhat-init.service not being installed or enabled, or being masked",
        why: "boards are not initialised at boot, so their hub and LEDs stay off until the first command",
        make: init_unit,
    },
    Check {
        name: "vendor-services",
        looks_for: "the vendor's unit, udev rules or rc.local line in addition to ours",
        why: "two programs initialise one board and name the same devices: whichever comes last wins",
        make: vendor_services,
    },
    Check {
        name: "node-rules",
        looks_for: "the udev rules for nodes not being installed, or being overridden by another file",
        why: "without them nodes' devices have no stable names, and the group clusterhat cannot use them",
        make: node_rules,
    },
    Check {
        name: "modem-manager",
        looks_for: "ModemManager without the rule that makes it ignore nodes",
        why: "it opens the serial ports of nodes as they appear and sends modem commands to their login prompts",
        make: modem_manager,
    },
];

const SET_UP: Fix = Fix::SetUp { users: Vec::new(), reboot: true };

fn gaps(facts: &Facts) -> Result<&[Gap], NotMade> {
    let system = facts.system.as_ref().map_err(NotMade::because)?;
    system.gaps.as_deref().map_err(NotMade::because)
}

fn init_unit(facts: &Facts) -> Checked {
    let found = gaps(facts)?.iter().filter_map(|gap| match gap {
        Gap::InitMissing => Some(Found::warning(
            "clusterhat-init.service is not installed",
            Fix::Text("install the package clusterhat, which has the unit".to_owned()),
        )),
        Gap::InitMasked => Some(Found::warning(
            "clusterhat-init.service is masked",
            Fix::Text("systemctl unmask clusterhat-init.service".to_owned()),
        )),
        Gap::InitOff => Some(Found::warning("clusterhat-init.service is not enabled", SET_UP)),
        _ => None,
    });
    Ok(found.collect())
}

fn vendor_services(facts: &Facts) -> Checked {
    let gaps = gaps(facts)?;
    // Who has only the vendor's has nothing twice.
    let ours = !gaps.iter().any(|gap| matches!(gap, Gap::InitMissing | Gap::InitMasked));
    let found = gaps.iter().filter(|_| ours).filter_map(|gap| match gap {
        Gap::VendorsInit => Some(Found::warning(
            "the vendor's clusterctrl-init.service is enabled beside ours",
            SET_UP,
        )),
        Gap::VendorsRules(path) => {
            let what = format!("{} names the devices that our rules name", path.display());
            Some(Found::warning(what, SET_UP))
        }
        Gap::VendorsRcLocal => Some(Found::warning(
            "/etc/rc.local runs the vendor's `clusterhat init`",
            Fix::Text("remove that line".to_owned()),
        )),
        _ => None,
    });
    Ok(found.collect())
}

fn node_rules(facts: &Facts) -> Checked {
    let is_missing = gaps(facts)?.contains(&Gap::NodeRulesMissing);
    let what = "60-clusterhat-node.rules is not installed, or a file of that name in /etc/udev/rules.d hides it";
    let fix = "install the package clusterhat, remove such a file, and `udevadm control --reload`";
    Ok(is_missing.then(|| Found::warning(what, Fix::Text(fix.to_owned()))).into_iter().collect())
}

fn modem_manager(facts: &Facts) -> Checked {
    let is_there = gaps(facts)?.contains(&Gap::ModemManager);
    let what = "ModemManager is enabled, and no udev rule excludes the nodes' serial ports from it";
    let fix = "install the package clusterhat, which has the rule; without a modem: systemctl disable --now ModemManager";
    Ok(is_there.then(|| Found::error(what, Fix::Text(fix.to_owned()))).into_iter().collect())
}
