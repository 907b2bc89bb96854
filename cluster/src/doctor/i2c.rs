//! The I2C bus that a HAT's expander is on.

use hat_driver::linux::BoardSource;
use system_config::controller::Gap;

use super::check::Check;
use super::facts::{BoardFacts, Facts};
use super::finding::{Checked, Fix, Found, NotMade, Severity};
use super::system::SystemFacts;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "i2c-off",
        looks_for: "an I2C bus that is switched off at boot",
        why: "the expander of a v2.x or v3.x HAT is reached through it",
        make: i2c_off,
    },
    Check {
        name: "i2c-dev",
        looks_for: "the kernel module i2c-dev not being loaded, now or at boot",
        why: "without it I2C buses have no /dev/i2c-N, through which programs access them",
        make: i2c_dev,
    },
];

const SET_UP: Fix = Fix::SetUp { users: Vec::new(), reboot: true };

/// The system, and what its setup lacks.
fn system(facts: &Facts) -> Result<(&SystemFacts, &[Gap]), NotMade> {
    let system = facts.system.as_ref().map_err(NotMade::because)?;
    let gaps = system.gaps.as_ref().map_err(NotMade::because)?;
    match needs_bus(facts) {
        true => Ok((system, gaps)),
        false => Err(NotMade::because("no board here is on an I2C bus of the controller")),
    }
}

/// Where no board is known, the bus may be the reason.
fn needs_bus(facts: &Facts) -> bool {
    let on_bus =
        |board: &BoardFacts| board.info.bus.is_some() && board.info.source != BoardSource::Usb;
    facts.boards.as_ref().map_or(true, |boards| boards.is_empty() || boards.iter().any(on_bus))
}

/// Whether these checks find what keeps a bus from being there.
pub(super) fn says_why_no_bus(facts: &Facts) -> bool {
    let found = [i2c_off(facts), i2c_dev(facts)].into_iter().flatten().flatten();
    found.into_iter().any(|found| found.severity == Severity::Error)
}

fn i2c_off(facts: &Facts) -> Checked {
    let (system, gaps) = system(facts)?;
    let has_bus = !system.i2c.device_files.is_empty() || !system.i2c.adapters.is_empty();
    if gaps.contains(&Gap::NoConfigTxt) {
        return match has_bus {
            true => Ok(Vec::new()),
            false => Err(NotMade::because(
                "there is no config.txt: how this board's I2C bus is switched on is in its manufacturer's documentation",
            )),
        };
    }
    Ok(match (gaps.contains(&Gap::I2cOff), has_bus, system.live.is_some()) {
        (true, true, _) => {
            vec![Found::warning(
                "config.txt does not switch the I2C bus on at the next boot",
                SET_UP,
            )]
        }
        (true, false, _) => vec![Found::error("config.txt does not switch the I2C bus on", SET_UP)],
        (false, false, true) => vec![Found::error(
            "config.txt switches the I2C bus on, but the running system has none",
            Fix::Text("reboot".to_owned()),
        )],
        _ => Vec::new(),
    })
}

fn i2c_dev(facts: &Facts) -> Checked {
    let (system, gaps) = system(facts)?;
    let is_lacking = system.i2c.device_files.is_empty() && !system.i2c.adapters.is_empty();
    let mut found = Vec::new();
    if is_lacking {
        let fix = Fix::LoadModules(vec!["i2c-dev"]);
        found.push(Found::error(
            "i2c-dev is not loaded: there is an I2C bus, but no /dev/i2c-N",
            fix,
        ));
    }
    if gaps.contains(&Gap::NoI2cDev) {
        found.push(Found::warning("no list in /etc/modules-load.d has i2c-dev", SET_UP));
    }
    Ok(found)
}
