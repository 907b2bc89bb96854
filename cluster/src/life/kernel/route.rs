//! The kernel's messages about links and neighbours (rtnetlink(7), `linux/if_link.h`, `linux/neighbour.h`).

use std::net::Ipv4Addr;

use node_link::Mac;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWNEIGH: u16 = 28;
const RTM_GETNEIGH: u16 = 30;

const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;

const AF_UNSPEC: u8 = 0;
const AF_INET: u8 = 2;
/// The device is up, and its other end answers: what sysfs calls `carrier`.
const IFF_LOWER_UP: u32 = 1 << 16;
const IFLA_IFNAME: u16 = 3;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NUD_REACHABLE: u16 = 0x02;
const NUD_FAILED: u16 = 0x20;

/// The bytes of `struct nlmsghdr`, `struct ifinfomsg` and `struct ndmsg`.
const HEADER: usize = 16;
const LINK: usize = 16;
const NEIGHBOUR: usize = 12;

/// The content of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told<'a> {
    /// An interface and its carrier; a removed interface has none.
    Link {
        /// Its name.
        name: &'a str,
        /// Whether it has one.
        has_carrier: bool,
    },
    /// A neighbour was found reachable, or its resolution failed.
    Neighbour(Neighbour),
    /// The end of a dump.
    End,
}

/// An entry of the neighbour table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// Its IPv4 address, where the entry is about one.
    pub(super) address: Option<Ipv4Addr>,
    /// Its MAC address, if it was resolved.
    pub(super) mac: Option<Mac>,
    /// Whether it was confirmed (`NUD_REACHABLE`); otherwise its resolution failed (`NUD_FAILED`).
    pub(super) is_reachable: bool,
}

/// A request for the whole neighbour table (`RTM_GETNEIGH`).
pub(super) fn neighbours_request() -> Vec<u8> {
    let length = (HEADER + NEIGHBOUR) as u32;
    let mut request = length.to_ne_bytes().to_vec();
    request.extend(RTM_GETNEIGH.to_ne_bytes());
    request.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    request.resize(HEADER + NEIGHBOUR, 0);
    request
}

/// The messages of a datagram that matter here.
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = Told<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = u32_at(rest, 0)? as usize;
        let message = rest.get(..length).filter(|_| length >= HEADER)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some(told(u16_at(message, 4)?, &message[HEADER..]))
    })
    .flatten()
}

fn told(kind: u16, body: &[u8]) -> Option<Told<'_>> {
    match kind {
        RTM_NEWLINK | RTM_DELLINK => {
            // Bridges send messages about their ports, too; one that leaves a bridge is not a removed interface.
            if *body.first()? != AF_UNSPEC {
                return None;
            }
            let name = attribute(body.get(LINK..)?, IFLA_IFNAME)?;
            let name = std::str::from_utf8(name).ok()?.trim_end_matches('\0');
            let has_carrier = kind == RTM_NEWLINK && u32_at(body, 8)? & IFF_LOWER_UP != 0;
            Some(Told::Link { name, has_carrier })
        }
        RTM_NEWNEIGH => neighbour(body).map(Told::Neighbour),
        NLMSG_DONE | NLMSG_ERROR => Some(Told::End),
        _ => None,
    }
}

fn neighbour(body: &[u8]) -> Option<Neighbour> {
    let state = u16_at(body, 8)?;
    let is_reachable = match state {
        NUD_REACHABLE => true,
        NUD_FAILED => false,
        // Other states, such as stale or probe, are no news.
        _ => return None,
    };
    let attributes = body.get(NEIGHBOUR..)?;
    let is_ipv4 = *body.first()? == AF_INET;
    let address = attribute(attributes, NDA_DST).filter(|_| is_ipv4);
    let address = address.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(Ipv4Addr::from);
    let mac = attribute(attributes, NDA_LLADDR);
    let mac = mac.and_then(|bytes| <[u8; 6]>::try_from(bytes).ok()).map(Mac);
    Some(Neighbour { address, mac, is_reachable })
}

/// The value of the first attribute of a kind (`struct rtattr`).
fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let kind = u16_at(attributes, 2)?;
        let value = attributes.get(4..length)?;
        if kind == wanted {
            return Some(value);
        }
        attributes = attributes.get(aligned(length)..)?;
    }
}

/// To the next multiple of four (`NLMSG_ALIGN`, `RTA_ALIGN`).
const fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
