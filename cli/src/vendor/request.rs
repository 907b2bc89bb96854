//! The vendor's words, and what the tool answers to others.

use hat_driver::ctrl::device::Save;
use hat_driver::linux::Node;

use super::Answer;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// `None` = all nodes.
    Power(bool, Option<Vec<Node>>),
    Status,
    MaxPi,
    Init,
    /// `None` = all boards.
    Alert(bool, Option<Vec<Node>>),
    Led(bool),
    Hub(Hub),
    WriteProtect(bool),
    /// `None` = all boards.
    Act(bool, Option<u32>),
    Fan(bool, Fan),
    UsbBoot(bool, Vec<Node>),
    /// `None` = all nodes.
    GetPath(Option<Vec<Node>>),
    SetOrder(u8, u8),
    Save(Save, u8),
    Reset(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hub {
    On,
    Off,
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fan {
    All,
    Controller,
    Board(u32),
}

impl Request {
    /// Reads the words for a controller with these nodes. What the tool answers to wrong ones
    /// comes as the error, although not every such answer is a failure.
    pub(super) fn parse(words: &[String], nodes: &[Node]) -> Result<Self, Answer> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            [state @ ("on" | "off")] => Ok(Self::Power(state == "on", None)),
            [state @ ("on" | "off"), ref devices @ ..] => {
                Ok(Self::Power(state == "on", Some(parse_nodes(devices, nodes)?)))
            }
            ["status"] => Ok(Self::Status),
            ["maxpi"] => Ok(Self::MaxPi),
            ["init"] => Ok(Self::Init),
            ["alert", state @ ("on" | "off")] => Ok(Self::Alert(state == "on", None)),
            ["alert", state @ ("on" | "off"), ref devices @ ..] => {
                Ok(Self::Alert(state == "on", Some(parse_nodes(devices, nodes)?)))
            }
            ["led", state @ ("on" | "off")] => Ok(Self::Led(state == "on")),
            ["hub", "on"] => Ok(Self::Hub(Hub::On)),
            ["hub", "off"] => Ok(Self::Hub(Hub::Off)),
            ["hub", "reset"] => Ok(Self::Hub(Hub::Reset)),
            ["wp", state @ ("on" | "off")] => Ok(Self::WriteProtect(state == "on")),
            ["act", state @ ("on" | "off")] => Ok(Self::Act(state == "on", None)),
            ["act", state @ ("on" | "off"), order] => {
                // The tool checks no range here: an order that no board has is no error.
                Ok(Self::Act(state == "on", Some(parse_number(order)?)))
            }
            ["fan", state @ ("on" | "off")] => Ok(Self::Fan(state == "on", Fan::All)),
            ["fan", state @ ("on" | "off"), "c"] => Ok(Self::Fan(state == "on", Fan::Controller)),
            ["fan", state @ ("on" | "off"), order] => {
                let order = parse_number(order)?;
                if (1..=255).contains(&order) {
                    return Ok(Self::Fan(state == "on", Fan::Board(order)));
                }
                Err(Answer::new("Invalid order\n", 0))
            }
            ["usbboot", state @ ("on" | "off"), ref devices @ ..] if !devices.is_empty() => {
                Ok(Self::UsbBoot(state == "on", parse_nodes(devices, nodes)?))
            }
            ["getpath"] => Ok(Self::GetPath(None)),
            ["getpath", ref devices @ ..] => Ok(Self::GetPath(Some(parse_nodes(devices, nodes)?))),
            ["setorder", old, new] => {
                let old = parse_order(old).ok_or_else(|| Answer::new("Invalid order old\n", 1))?;
                let new = parse_order(new).ok_or_else(|| Answer::new("Invalid order new\n", 1))?;
                Ok(Self::SetOrder(old, new))
            }
            ["save", order] => Ok(Self::Save(Save::All, strict_order(order)?)),
            ["savedefaults", order] => Ok(Self::Save(Save::Defaults, strict_order(order)?)),
            ["reset", order] => Ok(Self::Reset(strict_order(order)?)),
            ["saveorder", order] => Ok(Self::Save(Save::Order, lax_order(order)?)),
            ["saveusbboot", order] => Ok(Self::Save(Save::UsbBoot, lax_order(order)?)),
            ["savepos", order] => Ok(Self::Save(Save::Power, lax_order(order)?)),
            _ => Err(Answer::new("Error: Missing arguments\n", 0)),
        }
    }
}

/// What no board has the order for.
pub(super) const NO_SUCH_ORDER: &str =
    "Error: Unable to find Cluster CTRL device with that order\n";

/// A lower-case `p` and a number from 1 on, as `int()` of Python takes it without signs and blanks.
fn parse_nodes(devices: &[&str], nodes: &[Node]) -> Result<Vec<Node>, Answer> {
    let node = |device: &&str| {
        let digits = device.strip_prefix('p')?;
        let number: usize = digits.parse().ok().filter(|_| !digits.starts_with('+'))?;
        nodes.get(number.checked_sub(1)?).copied()
    };
    let wrong = || Answer::new(format!("ERROR: Valid options are p1-p{}\n", nodes.len()), 1);
    devices.iter().map(|device| node(device).ok_or_else(wrong)).collect()
}

fn parse_number(text: &str) -> Result<u32, Answer> {
    text.parse().map_err(|_| Answer::new("Invalid order\n", 1))
}

fn parse_order(text: &str) -> Option<u8> {
    text.parse().ok().filter(|&order| order != 0)
}

fn strict_order(text: &str) -> Result<u8, Answer> {
    parse_order(text).ok_or_else(|| Answer::new("Invalid order\n", 1))
}

/// Where the tool goes on after its complaint, and finds no board with such an order.
fn lax_order(text: &str) -> Result<u8, Answer> {
    parse_order(text).ok_or_else(|| Answer::new(format!("Invalid order\n{NO_SUCH_ORDER}"), 0))
}
