//! Which boards there are: configured ones in their order, else the one that the EEPROM speaks of.

use super::eeprom::Eeprom;
use super::error::Error;
use super::platform::{AnyBus, AnyLine, Platform};
use crate::board::{Backend, Board};
use crate::bus_error::BusError;
use crate::expander::{Chip, Expander, FIRST_ADDRESS, LAST_ADDRESS, RESET, Register};
use crate::lines::Lines;
use crate::retry::Retry;
use crate::revisions::{Revision, V1_ALERT_LINE, V1_NODE_LINES, Version, Wiring};

/// The bus of the header's I2C pins on a Raspberry Pi.
pub const HEADER_BUS: u32 = 1;

/// One board as its owner describes it. What is absent comes from the EEPROM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardOptions {
    /// What to call it.
    pub name: Option<String>,
    /// The I2C bus; absent = the header's.
    pub bus: Option<u32>,
    /// The expander's address; absent = 0x20.
    pub address: Option<u8>,
    /// The revision.
    pub revision: Option<Version>,
    /// How many nodes it has; absent = 4.
    pub size: Option<u8>,
}

/// How a board came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Source {
    /// The HAT's EEPROM, through the device tree.
    Eeprom,
    /// The configuration.
    Configuration,
}

/// What is known of a board before anything is asked of it.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct BoardInfo {
    /// Its name.
    pub name: String,
    /// How it came to be known.
    pub source: Source,
    /// Its row of the table.
    pub revision: &'static Revision,
    /// The I2C bus; absent on v1.x.
    pub bus: Option<u32>,
    /// The expander's address; absent on v1.x.
    pub address: Option<u8>,
    /// How many nodes it has.
    pub size: u8,
    /// The EEPROM's texts, where the board is the primary HAT.
    pub eeprom: Option<Eeprom>,
}

/// The boards, in the order in which their nodes are numbered.
pub(super) fn find(
    platform: &dyn Platform,
    options: &[BoardOptions],
    detected_size: Option<u8>,
) -> Result<Vec<BoardInfo>, Error> {
    let eeprom = platform.eeprom().filter(Eeprom::is_cluster_hat);
    if options.is_empty() {
        let Some(eeprom) = eeprom else {
            return Err(Error::NoBoard { searched: platform.searched() });
        };
        let detected = BoardOptions { size: detected_size, ..BoardOptions::default() };
        return Ok(vec![describe(&detected, 0, Some(eeprom))?]);
    }
    let boards: Vec<_> = options
        .iter()
        .enumerate()
        .map(|(index, board)| describe(board, index, eeprom.clone()))
        .collect::<Result<_, _>>()?;
    check_places(&boards)?;
    Ok(boards)
}

fn describe(
    options: &BoardOptions,
    index: usize,
    eeprom: Option<Eeprom>,
) -> Result<BoardInfo, Error> {
    let bus = options.bus.unwrap_or(HEADER_BUS);
    let address = options.address.unwrap_or(FIRST_ADDRESS);
    // The EEPROM speaks for the primary HAT alone.
    let eeprom = eeprom.filter(|_| bus == HEADER_BUS && address == FIRST_ADDRESS);
    let version = match (options.revision, &eeprom) {
        (Some(version), _) => version,
        (None, Some(eeprom)) => eeprom.version().ok_or_else(|| {
            let text = &eeprom.product_ver;
            Error::Setup(format!("the HAT's EEPROM has product_ver {text:?}, which is no version"))
        })?,
        (None, None) => {
            return Err(Error::Setup(format!(
                "board {}: no EEPROM tells its revision; set revision = \"...\" in its [[board]]",
                index + 1
            )));
        }
    };
    let revision = Revision::of(version).ok_or_else(|| {
        Error::Setup(format!(
            "board {}: revision {version} is not known; if it is wired as a known one, \
             set revision = \"...\" in its [[board]]",
            index + 1
        ))
    })?;
    let on_bus = revision.wiring == Wiring::Expander;
    Ok(BoardInfo {
        name: options.name.clone().unwrap_or_else(|| format!("hat{}", index + 1)),
        source: options.revision.map_or(Source::Eeprom, |_| Source::Configuration),
        revision,
        bus: on_bus.then_some(bus),
        address: on_bus.then_some(address),
        size: options.size.unwrap_or(4).clamp(1, 4),
        eeprom,
    })
}

/// Two boards cannot share an expander or the lines.
fn check_places(boards: &[BoardInfo]) -> Result<(), Error> {
    for (index, board) in boards.iter().enumerate() {
        let twin =
            boards[..index].iter().find(|b| (b.bus, b.address) == (board.bus, board.address));
        if let Some(twin) = twin {
            let place = board.place();
            return Err(Error::Setup(format!(
                "boards {} and {} are both configured at {place}; give one another address",
                twin.name, board.name
            )));
        }
    }
    Ok(())
}

impl BoardInfo {
    /// Where the board is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        match (self.bus, self.address) {
            (Some(bus), Some(address)) => format!("i2c-{bus} {address:#04x}"),
            _ => "GPIO".to_owned(),
        }
    }

    /// The board's name and place, for messages.
    #[must_use]
    pub fn label(&self) -> String {
        format!("board {} (v{}, {})", self.name, self.revision.version, self.place())
    }

    pub(super) fn open(
        &self,
        platform: &dyn Platform,
    ) -> Result<Board<Retry<AnyBus>, AnyLine>, Error> {
        let backend = match (self.bus, self.address) {
            (Some(bus), Some(address)) => {
                let opened =
                    platform.i2c(bus).map_err(|source| self.cannot_open(platform, bus, source))?;
                Backend::Expander(Expander::new(Retry::new(opened), address))
            }
            _ => Backend::Lines(self.open_lines(platform)?),
        };
        Ok(Board::new(backend, self.revision).with_size(self.size))
    }

    fn open_lines(&self, platform: &dyn Platform) -> Result<Lines<AnyLine>, Error> {
        let open = |bcm: u8| {
            platform.line(bcm).map_err(|source| Error::Open {
                board: self.label(),
                device: format!("GPIO line {bcm}"),
                advice: None,
                source,
            })
        };
        let [p1, p2, p3, p4] = V1_NODE_LINES;
        Ok(Lines::new([open(p1)?, open(p2)?, open(p3)?, open(p4)?], open(V1_ALERT_LINE)?))
    }

    fn cannot_open(&self, platform: &dyn Platform, bus: u32, source: BusError) -> Error {
        use std::io::ErrorKind;
        let advice = match source.io().kind() {
            ErrorKind::NotFound => Some(
                "switch I2C on: dtparam=i2c_arm=on in config.txt, i2c-dev in /etc/modules, then reboot",
            ),
            ErrorKind::PermissionDenied => Some("join the group i2c, or use sudo"),
            _ => None,
        };
        Error::Open {
            board: self.label(),
            device: platform.bus_path(bus).display().to_string(),
            advice: advice.map(str::to_owned),
            source,
        }
    }
}

/// A chip that answers at one of the addresses of a Cluster HAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Candidate {
    /// The bus.
    pub bus: u32,
    /// The address.
    pub address: u8,
    /// What it looks like; absent where its registers are not those of either chip.
    pub chip: Option<Chip>,
}

/// Asks every address that a Cluster HAT can have on every bus. Reads only, but an unknown chip at
/// one of these addresses sees the reads too.
#[must_use]
pub fn probe(platform: &dyn Platform) -> Vec<Candidate> {
    let mut found = Vec::new();
    for bus in platform.buses() {
        for address in FIRST_ADDRESS..=LAST_ADDRESS {
            let Ok(opened) = platform.i2c(bus) else { continue };
            let mut chip = Expander::new(Retry::new(opened), address);
            if let Ok(direction) = chip.read(Register::Direction) {
                found.push(Candidate { bus, address, chip: judge(&mut chip, direction) });
            }
        }
    }
    found
}

/// The chip is in a state that a Cluster HAT can be in: reset, or all outputs that show their latch.
fn judge(chip: &mut Expander<Retry<AnyBus>>, direction: u8) -> Option<Chip> {
    let polarity = chip.read(Register::Polarity).ok()?;
    let plausible = match direction {
        RESET => true,
        0x00 => chip.read(Register::Latch).ok()? == chip.read(Register::Input).ok()?,
        _ => false,
    };
    (polarity == 0x00 && plausible).then(|| chip.identify().0)
}
