//! The configuration, and the boards themselves.

use hat_driver::hat::PinSetup;
use hat_driver::linux::{BoardReading, Obstacle};

use super::check::Check;
use super::facts::{BoardFacts, Facts, NoBoards};
use super::finding::{Checked, Fix, Found, NotMade};
use super::i2c;

pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "configuration",
        looks_for: "a configuration that cannot be used, or a key in it that has no effect",
        why: "a setting that is not read has its default value",
        make: configuration,
    },
    Check {
        name: "no-board",
        looks_for: "no board, or an expander that neither an EEPROM nor a [[board]] describes",
        why: "without a board no node can be switched",
        make: no_board,
    },
    Check {
        name: "board",
        looks_for: "a board that cannot be opened or does not answer, or whose pins differ from what is commanded",
        why: "the board's nodes cannot be switched, or are not in the commanded state",
        make: board,
    },
    Check {
        name: "kernel-driver",
        looks_for: "a kernel driver that holds the HAT's expander",
        why: "two drivers on one chip overwrite each other's outputs, so the kernel refuses the second",
        make: kernel_driver,
    },
    Check {
        name: "not-initialised",
        looks_for: "a board that is not initialised since power-up, or only partly",
        why: "its pins are still inputs, so that pull-ups and jumpers determine the nodes' power",
        make: not_initialised,
    },
    Check {
        name: "hub-off",
        looks_for: "a HAT whose USB hub is switched off",
        why: "no node has a network link or a serial port while the hub is off",
        make: hub_off,
    },
];

fn configuration(facts: &Facts) -> Checked {
    let edit = || Fix::Text("correct that line of the file".to_owned());
    let unusable = facts.unusable.iter().map(|error| Found::error(error, edit()));
    let warnings = facts.warnings.iter().map(|warning| Found::warning(warning, edit()));
    Ok(unusable.chain(warnings).collect())
}

fn no_board(facts: &Facts) -> Checked {
    match &facts.boards {
        Ok(_) => Ok(Vec::new()),
        Err(NoBoards { is_absence: true, candidates, what, .. }) => {
            let found = candidates.iter().map(|at| {
                let place = format!("i2c-{} {:#04x}", at.bus, at.address);
                let what = format!(
                    "the chip at {place} may be a HAT's, but neither an EEPROM nor the configuration describes it"
                );
                Found::error(what, Fix::Text(described(at.bus, at.address)))
            });
            let found: Vec<_> = found.collect();
            let fix = Fix::Text("check that the HAT is seated on all 40 pins".to_owned());
            Ok(if found.is_empty() { vec![Found::error(what, fix)] } else { found })
        }
        Err(NoBoards { what, .. }) => Err(NotMade::because(what)),
    }
}

fn described(bus: u32, address: u8) -> String {
    format!(
        "add [[board]] with bus = {bus}, address = {address:#04x} and revision = \"...\" (as printed on the HAT) to \
         /etc/clusterhat/clusterhat.toml"
    )
}

/// The boards that were found.
fn found(facts: &Facts) -> Result<&[BoardFacts], NotMade> {
    facts.boards.as_deref().map_err(|none| NotMade::because(&none.what))
}

fn board(facts: &Facts) -> Checked {
    let mut findings = Vec::new();
    for board in found(facts)? {
        match &board.reading {
            // Reported by other checks, with more detail.
            Err(trouble) if is_known(trouble.obstacle.as_ref(), facts) => {}
            Err(trouble) => {
                let cabling = "check that the board is seated properly and has power".to_owned();
                let fix = Fix::Text(trouble.advice.clone().unwrap_or(cabling));
                findings.push(Found::error(&trouble.what, fix));
            }
            Ok(BoardReading::Hat(status)) if status.differs() => {
                let what = format!("{}: a pin does not show what is commanded", board.info.label());
                let fix = "see which in `status`; if cycling that node does not help, look for a short or a supply that is too weak";
                findings.push(Found::error(what, Fix::Text(fix.to_owned())));
            }
            Ok(_) => {}
        }
    }
    Ok(findings)
}

fn is_known(obstacle: Option<&Obstacle>, facts: &Facts) -> bool {
    match obstacle {
        Some(Obstacle::NoI2cBus) => i2c::says_why_no_bus(facts),
        Some(Obstacle::Permission | Obstacle::KernelDriver { .. }) => true,
        _ => false,
    }
}

fn kernel_driver(facts: &Facts) -> Checked {
    if facts.is_simulated {
        return Err(NotMade::because("a simulated board has no kernel driver"));
    }
    let held = match &facts.boards {
        Ok(boards) => boards
            .iter()
            .filter_map(|board| {
                Some((board.info.bus?, board.info.address?, board.kernel_driver.clone()?))
            })
            .collect(),
        Err(none) => none.held.clone(),
    };
    Ok(held.into_iter().map(|(bus, address, driver)| holding(bus, address, &driver)).collect())
}

fn holding(bus: u32, address: u8, driver: &str) -> Found {
    let what = format!("the kernel driver {driver} holds the chip at i2c-{bus} {address:#04x}");
    let fix = format!(
        "echo {bus}-{address:04x} | sudo tee /sys/bus/i2c/drivers/{driver}/unbind; then remove the overlay from \
         config.txt that brings it"
    );
    Found::error(what, Fix::Text(fix))
}

fn not_initialised(facts: &Facts) -> Checked {
    let setup = |board: &BoardFacts| match &board.reading {
        Ok(BoardReading::Hat(status)) => Some((board.info.label(), status.setup)),
        _ => None,
    };
    let found = found(facts)?.iter().filter_map(setup).filter_map(|(board, setup)| match setup {
        PinSetup::Initialised => None,
        PinSetup::NeverInitialised => {
            Some(Found::warning(format!("{board} is not initialised since power-up"), Fix::Init))
        }
        _ => {
            let what = format!("{board} is partly configured by another program");
            Some(Found::warning(what, Fix::Init))
        }
    });
    Ok(found.collect())
}

fn hub_off(facts: &Facts) -> Checked {
    let found = found(facts)?.iter().filter(|board| board.is_hub_off());
    let found = found.map(|board| {
        Found::error(format!("the USB hub of {} is switched off", board.info.label()), Fix::HubOn)
    });
    Ok(found.collect())
}
