//! The `[[board]]` tables, validated.

use super::error::ConfigError;
use super::file::BoardFragment;
use super::limits;
use crate::nodes::check_name;

/// A configured HAT.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BoardSetting {
    /// What its owner calls it.
    pub name: Option<String>,
    /// How it is driven.
    pub attachment: Attachment,
    /// Major and minor version; `None` = as its EEPROM says.
    pub revision: Option<(u8, u8)>,
    /// Nodes fitted, 1 to 4.
    pub size: u8,
}

/// How a HAT is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attachment {
    /// v1.x: the controller's GPIO lines.
    Gpio,
    /// v2.x and v3.x: an expander.
    I2c {
        /// N of `/dev/i2c-N`.
        bus: u8,
        /// 0x20 to 0x23.
        address: u8,
    },
}

pub(super) fn validate(fragments: &[BoardFragment]) -> Result<Vec<BoardSetting>, ConfigError> {
    let mut boards: Vec<BoardSetting> = Vec::new();
    for (index, fragment) in fragments.iter().enumerate() {
        let board = board(fragment)?;
        if let Some(earlier) = boards.iter().position(|other| clash(other, &board)) {
            let line = fragments[earlier].table.line();
            return Err(fragments[index].table.clash(format!(
                "{}, as the board of line {line} has; give each board its own",
                if boards[earlier].attachment == board.attachment {
                    place(board.attachment)
                } else {
                    format!("name \"{}\"", board.name.as_deref().unwrap_or_default())
                }
            )));
        }
        boards.push(board);
    }
    Ok(boards)
}

fn clash(one: &BoardSetting, other: &BoardSetting) -> bool {
    one.attachment == other.attachment || (one.name.is_some() && one.name == other.name)
}

fn place(attachment: Attachment) -> String {
    match attachment {
        Attachment::Gpio => "the GPIO lines of v1.x".to_owned(),
        Attachment::I2c { bus, address } => format!("bus {bus} and address {address:#04x}"),
    }
}

fn board(fragment: &BoardFragment) -> Result<BoardSetting, ConfigError> {
    let revision = match &fragment.revision {
        None => None,
        Some(given) => {
            Some(limits::revision(&given.value).ok_or_else(|| given.refused(limits::REVISION))?)
        }
    };
    if let Some(name) = &fragment.name {
        check_name(&name.value).map_err(|allowed| name.refused(allowed))?;
    }
    Ok(BoardSetting {
        name: fragment.name.as_ref().map(|given| given.value.clone()),
        attachment: attachment(fragment, revision)?,
        revision,
        size: limits::SIZE.check_or(fragment.size.as_ref(), 4)?,
    })
}

fn attachment(
    fragment: &BoardFragment,
    revision: Option<(u8, u8)>,
) -> Result<Attachment, ConfigError> {
    if matches!(revision, Some((1, _))) {
        let why = "a v1.x board is on GPIO; remove this key";
        return match (&fragment.bus, &fragment.address) {
            (Some(given), _) | (None, Some(given)) => Err(given.clash(why)),
            (None, None) => Ok(Attachment::Gpio),
        };
    }
    Ok(Attachment::I2c {
        bus: limits::BUS.check_or(fragment.bus.as_ref(), 1)?,
        address: limits::ADDRESS.check_or(fragment.address.as_ref(), 0x20)?,
    })
}
