//! The supply: under-voltage, and a controller whose reboot takes the nodes' power.

use hat_driver::linux::BoardModel;
use hat_driver::linux::throttled::{UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SEEN};

use super::check::Check;
use super::facts::{BoardFacts, Facts};
use super::finding::{Checked, Fix, Found, NotMade};

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "under-voltage",
        looks_for: "under-voltage now",
        why: "nodes and the controller may reset at any moment, and cards may be damaged",
        make: now,
    },
    Check {
        name: "under-voltage-since-boot",
        looks_for: "under-voltage at any time since boot",
        why: "the supply is at its limit: another node that starts may reset the others",
        make: since_boot,
    },
    Check {
        name: "pi4-3v3",
        looks_for: "a Pi 4 with a HAT v2.0 to v2.3, whose reboot cuts 3V3",
        why: "the expander resets with 3V3, so a reboot of the controller switches all nodes off",
        make: pi_4,
    },
];

const SUPPLY: &str = "use a stronger supply or a shorter cable, power the HAT separately (PWR jumper), or set a longer delay";

fn flags(facts: &Facts) -> Result<u32, NotMade> {
    facts.throttled.ok_or_else(|| NotMade::because("no firmware here reports under-voltage"))
}

fn now(facts: &Facts) -> Checked {
    let is_low = flags(facts)? & UNDER_VOLTAGE_NOW != 0;
    let found = || Found::error("the Pi reports under-voltage", Fix::Text(SUPPLY.to_owned()));
    Ok(is_low.then(found).into_iter().collect())
}

/// The kernel's driver clears the firmware's flag, but says so in its log (drivers/hwmon/raspberrypi-hwmon.c; the
/// Raspberry Pi kernels before 4.20 wrote the other word).
const MESSAGES: [&str; 2] = ["Undervoltage detected!", "Under-voltage detected!"];

fn since_boot(facts: &Facts) -> Checked {
    let found = |what: String| vec![Found::warning(what, Fix::Text(SUPPLY.to_owned()))];
    if flags(facts)? & UNDER_VOLTAGE_SEEN != 0 {
        return Ok(found("the Pi has reported under-voltage".to_owned()));
    }
    if facts.is_simulated {
        return Ok(Vec::new());
    }
    let live = facts.system.as_ref().map_err(NotMade::because)?.live.as_ref();
    let live = live.ok_or_else(|| {
        NotMade::because("the kernel's log, which keeps it, is that of the running system only")
    })?;
    let log = live.kernel_log.as_ref().ok_or_else(|| {
        NotMade::because(
            "the kernel's log, which keeps it, cannot be read by this user: look again as root",
        )
    })?;
    let count = log.lines().filter(|line| MESSAGES.iter().any(|text| line.contains(text))).count();
    match count {
        0 => Ok(Vec::new()),
        1 => Ok(found("the Pi has reported under-voltage once since boot".to_owned())),
        _ => Ok(found(format!("the Pi has reported under-voltage {count} times since boot"))),
    }
}

/// The type in a new-style revision code (bits 4 to 11) of a Pi 4 Model B: Raspberry Pi's documentation,
/// "Raspberry Pi revision codes".
const PI_4_B: u32 = 0x11;

fn is_pi_4(revision: u32) -> bool {
    let is_new_style = revision >> 23 & 1 == 1;
    is_new_style && revision >> 4 & 0xff == PI_4_B
}

/// v2.5's expander is fed from the hub's side.
fn loses_power(board: &&BoardFacts) -> bool {
    match board.info.model {
        BoardModel::Hat(revision) => revision.version.major == 2 && revision.version.minor <= 3,
        _ => false,
    }
}

fn pi_4(facts: &Facts) -> Checked {
    let boards = facts.boards.as_ref().map_err(|none| NotMade::because(&none.what))?;
    let Some(revision) = facts.pi_revision else {
        return Err(NotMade::because("this machine does not say which Raspberry Pi it is"));
    };
    let Some(board) = boards.iter().find(loses_power).filter(|_| is_pi_4(revision)) else {
        return Ok(Vec::new());
    };
    let what =
        format!("a reboot of this Pi 4 cuts 3V3, and with it the nodes of {}", board.info.label());
    let settings =
        facts.system.as_ref().ok().and_then(|system| system.live.as_ref()?.boot_loader.as_deref());
    Ok(vec![match settings.map(keeps_3v3) {
        Some(false) => {
            let fix = "set WAKE_ON_GPIO=1 and POWER_OFF_ON_HALT=0 with `sudo rpi-eeprom-config --edit`, and have the HAT's 3V3 sustained";
            Found::warning(format!("{what}, also when it is halted"), Fix::Text(fix.to_owned()))
        }
        _ => {
            let fix = "have the HAT's 3V3 sustained (the vendor's remedy), or shut the nodes down before a reboot";
            Found::note(what, Fix::Text(fix.to_owned()))
        }
    }])
}

/// Raspberry Pi's documentation, "Raspberry Pi boot EEPROM": WAKE_ON_GPIO is 1 and POWER_OFF_ON_HALT 0 unless set.
fn keeps_3v3(settings: &str) -> bool {
    let value = |key: &str| {
        let lines = settings.lines().filter_map(|line| line.split_once('='));
        lines
            .filter(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim().to_owned())
            .next_back()
    };
    value("WAKE_ON_GPIO").is_none_or(|value| value != "0")
        && value("POWER_OFF_ON_HALT").is_none_or(|value| value != "1")
}
