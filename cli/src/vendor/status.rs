//! The vendor's `status`: scripts read it by line and by position, so nothing is added to it.

use std::fmt::Write as _;

use hat_driver::Signals;
use hat_driver::expander::Chip;
use hat_driver::hat::HatStatus;
use hat_driver::linux::{
    Board, BoardInfo, BoardModel, BoardReading, BoardSource, ClusterError as DriverError,
    CtrlStatus,
};
use hat_driver::revisions::Revision;

use super::Answer;
use clusterhat::Cluster;

/// The model number of a Pi 5 in a revision code (bits 4 to 11).
const PI_5: u32 = 0x17;

pub(super) fn status(context: &mut Cluster) -> Result<Answer, DriverError> {
    let boards: Vec<_> =
        context.driver().boards().map(|(board, info)| (board, info.clone())).collect();
    let (mut text, mut errors) = (String::new(), Vec::new());
    head(&mut text, context, &boards);
    let mut next = 1;
    for (board, info) in &boards {
        let (board, first) = (*board, next);
        next += usize::from(info.size);
        match (info.model, context.driver_mut().status(board)) {
            (BoardModel::Hat(revision), Ok(BoardReading::Hat(status))) => {
                hat(&mut text, context, info, revision, &status, first);
            }
            // A wrong number is worse than none.
            (BoardModel::Ctrl { order, .. }, Ok(BoardReading::Ctrl(status))) => {
                let nodes = if context.driver().is_certain(board) { info.size } else { 0 };
                ctrl(&mut text, (order, nodes), &status, first);
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => errors.push(error),
        }
    }
    if errors.len() == boards.len() {
        return Err(errors.swap_remove(0));
    }
    Ok(Answer::new(text, 0).but(&errors))
}

fn head(text: &mut String, context: &Cluster, boards: &[(Board, BoardInfo)]) {
    let infos = || boards.iter().map(|(_, info)| info);
    let forced = forced(context);
    let is_hat = |info: &&BoardInfo| matches!(info.model, BoardModel::Hat(_));
    let hat = match (forced, infos().find(is_hat)) {
        (Some(forced), Some(_)) => forced.to_owned(),
        (None, Some(_)) => "1".to_owned(),
        (_, None) => "False".to_owned(),
    };
    // A board that was not opened says neither its order nor how many nodes it has.
    let is_ctrl = |info: &&BoardInfo| matches!(info.model, BoardModel::Ctrl { order: 1.., .. });
    let ctrls: Vec<_> = infos().filter(is_ctrl).collect();
    let count = if ctrls.is_empty() { "False".to_owned() } else { ctrls.len().to_string() };
    let machine = context.driver().platform();
    let revision = machine.pi_revision().map(|revision| format!("{revision:#010x}"));
    let throttled = machine.throttled().map(|flags| format!("{flags:#x}"));
    let _ = writeln!(text, "clusterhat:{hat}");
    let _ = writeln!(text, "clusterctrl:{count}");
    let _ = writeln!(text, "maxpi:{}", context.driver().nodes().count());
    let _ = writeln!(text, "pirevision:{}", revision.as_deref().unwrap_or("Unknown"));
    let _ = writeln!(text, "throttled:{}", throttled.as_deref().unwrap_or("NA"));
    if !ctrls.is_empty() {
        text.push_str("ctrl_bus:");
        for info in ctrls {
            if let (BoardModel::Ctrl { order, .. }, Some(bus)) = (info.model, info.bus) {
                let _ = write!(text, "{order}:{bus}:{} ", info.size);
            }
        }
        text.push('\n');
    }
}

/// The version that CLUSTERHAT_FORCE gives, as it is written there.
fn forced(context: &Cluster) -> Option<&str> {
    Some(&context.settings().legacy.as_ref()?.force.as_ref()?.text)
}

fn hat(
    text: &mut String,
    context: &Cluster,
    info: &BoardInfo,
    revision: &Revision,
    status: &HatStatus,
    first: usize,
) {
    let version = revision.version;
    let _ = writeln!(text, "hat_version:{version}");
    let _ = writeln!(text, "hat_version_major:{}", version.major);
    let _ = writeln!(text, "hat_version_minor:{}", version.minor);
    let _ = writeln!(text, "hat_size:{}", info.size);
    identity(text, context, info, revision);
    let machine = context.driver().platform().pi_revision();
    let pi_5 = machine.is_some_and(|revision| revision >> 4 & 0xff == PI_5);
    let _ = writeln!(text, "is_pi5:{}", python_bool(pi_5));
    outputs(text, revision, status);
    for position in 0..info.size {
        let number = first + usize::from(position);
        let power = u8::from(status.seen.contains(Signals::node(position)));
        let _ = writeln!(text, "p{number}:{power}");
    }
}

/// What the EEPROM says, or in place of it the revision that is forced.
fn identity(text: &mut String, context: &Cluster, info: &BoardInfo, revision: &Revision) {
    let eeprom = info.eeprom.as_ref().filter(|_| info.source == BoardSource::Eeprom);
    match eeprom {
        Some(eeprom) => {
            let or_empty = |field: &Option<String>| field.clone().unwrap_or_default();
            let _ = writeln!(text, "hat_uuid:{}", or_empty(&eeprom.uuid));
            let _ = writeln!(text, "hat_vendor:{}", or_empty(&eeprom.vendor));
            let _ = writeln!(text, "hat_product_id:{}", or_empty(&eeprom.product_id));
        }
        None => {
            let forced =
                forced(context).map_or_else(|| revision.version.to_string(), str::to_owned);
            let _ = writeln!(text, "hat_uuid:NA\nhat_vendor:NA\nhat_pid:NA\nhat_force:{forced}");
        }
    }
}

fn outputs(text: &mut String, revision: &Revision, status: &HatStatus) {
    let has = revision.signals();
    let on = status.commanded.unwrap_or(status.seen);
    for (name, signal) in [
        ("hat_alert", Signals::ALERT),
        ("hat_hub", Signals::HUB),
        ("hat_wp", Signals::WRITE_PROTECT),
        ("hat_led", Signals::LED),
    ] {
        if has.contains(signal) {
            let _ = writeln!(text, "{name}:{}", u8::from(on.contains(signal)));
        }
    }
    if let Some(chip) = status.chip {
        let link = status.write_protect_link.map_or(-1, i8::from);
        let _ = writeln!(text, "hat_wplink:{link}");
        let _ = writeln!(text, "hat_xra1200p:{}", python_bool(chip == Chip::Xra1200p));
    }
}

/// The lines of a board with this order and, as far as they have sure numbers, this many nodes.
fn ctrl(text: &mut String, (order, nodes): (u8, u8), status: &CtrlStatus, first: usize) {
    let mut parts = Vec::new();
    parts.extend(status.firmware.map(|firmware| format!("FW:{firmware}")));
    for (index, voltage) in status.voltages.iter().enumerate() {
        parts.extend(voltage.millivolts().map(|mv| format!("ADC{}:{mv}mV", index + 1)));
    }
    let celsius = status.temperature.and_then(|temperature| temperature.celsius());
    parts.extend(celsius.map(|celsius| format!("T1:{celsius:.2}C")));
    parts.extend(status.fan.map(|bits| format!("FAN:{bits:08b}")));
    let _ = writeln!(text, "ctrl{order}:{}", parts.join(" "));
    for position in 0..nodes {
        let number = first + usize::from(position);
        let absent = status.absent.has(position);
        // As the board answers for a node whose HAT is not there.
        let power = if absent { 255 } else { u8::from(status.on.has(position)) };
        let _ = writeln!(text, "p{number}:{power}");
        if let Some(usb_boot) = status.usb_boot {
            let _ = writeln!(text, "u{number}:{}", u8::from(usb_boot.has(position)));
        }
    }
}

const fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}
