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
        let request = Self::of_controller(&words)
            .or_else(|| Self::of_nodes(&words, nodes))
            .or_else(|| Self::of_board(&words));
        request.unwrap_or_else(|| Err(Answer::new("Error: Missing arguments\n", 0)))
    }

    /// What concerns the controller as a whole, and takes neither nodes nor an order.
    fn of_controller(words: &[&str]) -> Option<Result<Self, Answer>> {
        Some(Ok(match *words {
            ["status"] => Self::Status,
            ["maxpi"] => Self::MaxPi,
            ["init"] => Self::Init,
            ["led", state @ ("on" | "off")] => Self::Led(state == "on"),
            ["hub", "on"] => Self::Hub(Hub::On),
            ["hub", "off"] => Self::Hub(Hub::Off),
            ["hub", "reset"] => Self::Hub(Hub::Reset),
            ["wp", state @ ("on" | "off")] => Self::WriteProtect(state == "on"),
            _ => return None,
        }))
    }

    /// What may name nodes.
    fn of_nodes(words: &[&str], nodes: &[Node]) -> Option<Result<Self, Answer>> {
        let parse = |devices: &[&str]| parse_nodes(devices, nodes);
        Some(match *words {
            [state @ ("on" | "off")] => Ok(Self::Power(state == "on", None)),
            [state @ ("on" | "off"), ref devices @ ..] => {
                parse(devices).map(|nodes| Self::Power(state == "on", Some(nodes)))
            }
            ["alert", state @ ("on" | "off")] => Ok(Self::Alert(state == "on", None)),
            ["alert", state @ ("on" | "off"), ref devices @ ..] => {
                parse(devices).map(|nodes| Self::Alert(state == "on", Some(nodes)))
            }
            ["usbboot", state @ ("on" | "off"), ref devices @ ..] if !devices.is_empty() => {
                parse(devices).map(|nodes| Self::UsbBoot(state == "on", nodes))
            }
            ["getpath"] => Ok(Self::GetPath(None)),
            ["getpath", ref devices @ ..] => parse(devices).map(|nodes| Self::GetPath(Some(nodes))),
            _ => return None,
        })
    }

    /// What concerns ClusterCTRL boards, which are named by their orders.
    fn of_board(words: &[&str]) -> Option<Result<Self, Answer>> {
        Some(match *words {
            ["act", state @ ("on" | "off")] => Ok(Self::Act(state == "on", None)),
            ["act", state @ ("on" | "off"), order] => {
                // The tool checks no range here: an order that no board has is no error.
                parse_number(order).map(|order| Self::Act(state == "on", Some(order)))
            }
            ["fan", state @ ("on" | "off")] => Ok(Self::Fan(state == "on", Fan::All)),
            ["fan", state @ ("on" | "off"), "c"] => Ok(Self::Fan(state == "on", Fan::Controller)),
            ["fan", state @ ("on" | "off"), order] => match parse_number(order) {
                Ok(order @ 1..=255) => Ok(Self::Fan(state == "on", Fan::Board(order))),
                Ok(_) => Err(Answer::new("Invalid order\n", 0)),
                Err(answer) => Err(answer),
            },
            ["setorder", old, new] => set_order(old, new),
            ["save", order] => strict_order(order).map(|order| Self::Save(Save::All, order)),
            ["savedefaults", order] => {
                strict_order(order).map(|order| Self::Save(Save::Defaults, order))
            }
            ["reset", order] => strict_order(order).map(Self::Reset),
            ["saveorder", order] => lax_order(order).map(|order| Self::Save(Save::Order, order)),
            ["saveusbboot", order] => {
                lax_order(order).map(|order| Self::Save(Save::UsbBoot, order))
            }
            ["savepos", order] => lax_order(order).map(|order| Self::Save(Save::Power, order)),
            _ => return None,
        })
    }
}

fn set_order(old: &str, new: &str) -> Result<Request, Answer> {
    let old = parse_order(old).ok_or_else(|| Answer::new("Invalid order old\n", 1))?;
    let new = parse_order(new).ok_or_else(|| Answer::new("Invalid order new\n", 1))?;
    Ok(Request::SetOrder(old, new))
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
