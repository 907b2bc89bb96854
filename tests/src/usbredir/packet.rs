//! The packets: a header of three 32-bit words (kind, length, number), little endian, and the data.
//! Neither side offers a capability, so no packet has the fields that one would add.

use std::io::{self, Read};

use crate::usbip::wire::Setup;

/// Kinds of packets: `usbredirproto.h`.
pub(super) mod kind {
    pub(crate) const HELLO: u32 = 0;
    pub(crate) const CONNECT: u32 = 1;
    pub(crate) const DISCONNECT: u32 = 2;
    pub(crate) const INTERFACES: u32 = 4;
    pub(crate) const ENDPOINTS: u32 = 5;
    pub(crate) const SET_CONFIGURATION: u32 = 6;
    pub(crate) const GET_CONFIGURATION: u32 = 7;
    pub(crate) const CONFIGURATION: u32 = 8;
    pub(crate) const SET_ALTERNATE: u32 = 9;
    pub(crate) const GET_ALTERNATE: u32 = 10;
    pub(crate) const ALTERNATE: u32 = 11;
    pub(crate) const CONTROL: u32 = 100;
}

/// What stands for "no such endpoint".
const NO_ENDPOINT: u8 = 255;

/// A device has at most so many interfaces, and endpoints, here.
const MOST: usize = 32;

const CONTROL_HEADER: usize = 10;

pub(super) const SUCCESS: u8 = 0;
pub(super) const STALLED: u8 = 4;

/// A packet as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) kind: u32,
    pub(super) number: u32,
    pub(super) data: Vec<u8>,
}

impl Packet {
    /// Waits for the next one.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut word = || {
            let mut word = [0; 4];
            from.read_exact(&mut word).map(|()| u32::from_le_bytes(word))
        };
        let (kind, length, number) = (word()?, word()?, word()?);
        let mut data = Vec::new();
        from.take(length.into()).read_to_end(&mut data)?;
        Ok(Self { kind, number, data })
    }

    /// An answer to it.
    pub(super) fn answer(&self, kind: u32, data: &[u8]) -> Vec<u8> {
        encode(kind, self.number, data)
    }

    /// A control request, and the data that came with it.
    pub(super) fn control(&self) -> Option<(Setup, &[u8])> {
        let (header, data) = self.data.split_at_checked(CONTROL_HEADER)?;
        let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let setup = Setup {
            kind: header[2],
            request: header[1],
            value: half(4),
            index: half(6),
            length: half(8),
        };
        Some((setup, data))
    }

    /// The end of a control request: what goes back, or `None` for a stall.
    pub(super) fn control_answer(&self, answer: Option<&[u8]>) -> Vec<u8> {
        let mut data = self.data[..CONTROL_HEADER].to_vec();
        data[3] = if answer.is_some() { SUCCESS } else { STALLED };
        let answer = answer.unwrap_or_default();
        let to_host = data[2] & 0x80 != 0;
        if to_host || data[3] == STALLED {
            data[8..10].copy_from_slice(&(answer.len() as u16).to_le_bytes());
        }
        data.extend_from_slice(answer);
        self.answer(kind::CONTROL, &data)
    }
}

/// Any packet.
pub(super) fn encode(kind: u32, number: u32, data: &[u8]) -> Vec<u8> {
    let words = [kind, data.len() as u32, number];
    let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    bytes.extend_from_slice(data);
    bytes
}

/// The first packet: who speaks, and an empty set of capabilities.
pub(super) fn hello() -> Vec<u8> {
    let mut data = b"clusterhat-tests".to_vec();
    data.resize(64, 0);
    data.extend([0; 4]);
    encode(kind::HELLO, 0, &data)
}

/// One interface of this class.
pub(super) fn interfaces(class: u8) -> Vec<u8> {
    let mut data = 1_u32.to_le_bytes().to_vec();
    data.resize(4 + 4 * MOST, 0);
    data[4 + MOST] = class;
    encode(kind::INTERFACES, 0, &data)
}

/// The control endpoint alone: types, intervals, interfaces.
pub(super) fn endpoints() -> Vec<u8> {
    let mut data = vec![NO_ENDPOINT; MOST];
    // Out and in; type 0 is control.
    (data[0], data[MOST / 2]) = (0, 0);
    data.resize(3 * MOST, 0);
    encode(kind::ENDPOINTS, 0, &data)
}

/// A full-speed device.
pub(super) fn connect(class: u8, vendor: u16, product: u16) -> Vec<u8> {
    const FULL_SPEED: u8 = 1;
    let mut data = vec![FULL_SPEED, class, 0, 0];
    data.extend(vendor.to_le_bytes());
    data.extend(product.to_le_bytes());
    encode(kind::CONNECT, 0, &data)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If these fail, do not change the tests: the bytes are the protocol's.
    #[test]
    fn frozen_connect() {
        let expected = [1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0x71, 0x31, 0x21, 0];
        assert_eq!(connect(0xff, 0x3171, 0x0021), expected);
    }

    #[test]
    fn frozen_control_request_and_its_answers() {
        let request = [0x80, 6, 0x80, 0, 0, 1, 0, 0, 18, 0];
        let bytes = encode(kind::CONTROL, 7, &request);
        assert_eq!(bytes[..12], [100, 0, 0, 0, 10, 0, 0, 0, 7, 0, 0, 0]);
        let packet = Packet::read(&mut &bytes[..]).unwrap();
        let (setup, data) = packet.control().unwrap();
        let expected = Setup { kind: 0x80, request: 6, value: 0x0100, index: 0, length: 18 };
        assert_eq!((setup, data), (expected, &[][..]));
        let answer = packet.control_answer(Some(&[1, 2]));
        assert_eq!(answer[12..], [0x80, 6, 0x80, 0, 0, 1, 0, 0, 2, 0, 1, 2]);
        assert_eq!(packet.control_answer(None)[12..], [0x80, 6, 0x80, 4, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn frozen_lengths() {
        assert_eq!(hello().len(), 12 + 68);
        assert_eq!(interfaces(0xff).len(), 12 + 132);
        assert_eq!(endpoints().len(), 12 + 96);
    }
}
