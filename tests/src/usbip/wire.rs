//! USB/IP's headers: 48 bytes, big endian, once a device is imported.

/// Every header's length.
pub(super) const HEADER: usize = 48;

/// Linux' EPIPE: the device stalled the request.
pub(super) const STALLED: i32 = -32;

const CMD_SUBMIT: u32 = 1;
const CMD_UNLINK: u32 = 2;
const RET_SUBMIT: u32 = 3;
const RET_UNLINK: u32 = 4;

/// What the kernel's host controller asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// Carry out a transfer.
    Submit(Submit),
    /// Take back a transfer.
    Unlink {
        /// The number of this command.
        sequence: u32,
    },
}

/// A transfer to carry out; its data follow the header if it goes to the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Submit {
    pub(super) sequence: u32,
    pub(super) to_host: bool,
    pub(super) endpoint: u32,
    pub(super) length: u32,
    pub(super) setup: SetupPacket,
}

/// A control request: USB 2.0 specification, section 9.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SetupPacket {
    pub(super) kind: u8,
    pub(super) request: u8,
    pub(super) value: u16,
    pub(super) index: u16,
    pub(super) length: u16,
}

impl Command {
    /// `None` for a command that a device is not sent.
    pub(super) fn decode(header: &[u8; HEADER]) -> Option<Self> {
        let word = |at: usize| {
            u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let half = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let sequence = word(4);
        match word(0) {
            CMD_SUBMIT => Some(Self::Submit(Submit {
                sequence,
                to_host: word(12) == 1,
                endpoint: word(16),
                length: word(24),
                setup: SetupPacket {
                    kind: header[40],
                    request: header[41],
                    value: half(42),
                    index: half(44),
                    length: half(46),
                },
            })),
            CMD_UNLINK => Some(Self::Unlink { sequence }),
            _ => None,
        }
    }
}

/// The end of a transfer: the number of bytes that went over, and the data if they go to the host.
pub(super) fn submitted(sequence: u32, status: i32, length: usize, data: &[u8]) -> Vec<u8> {
    let mut bytes = header(RET_SUBMIT, sequence, status);
    bytes[24..28].copy_from_slice(&(length as u32).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

/// The answer to an unlink. Status 0: the transfer had already ended, as this server carries out
/// one after the other.
pub(super) fn unlinked(sequence: u32) -> Vec<u8> {
    header(RET_UNLINK, sequence, 0)
}

fn header(command: u32, sequence: u32, status: i32) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes[0..4].copy_from_slice(&command.to_be_bytes());
    bytes[4..8].copy_from_slice(&sequence.to_be_bytes());
    bytes[20..24].copy_from_slice(&status.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If these fail, do not change the tests: the bytes are the kernel's.
    #[test]
    fn frozen_submit() {
        let mut header = [0; HEADER];
        header[..20]
            .copy_from_slice(&[0, 0, 0, 1, 0, 0, 0x12, 0x34, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]);
        header[24..28].copy_from_slice(&[0, 0, 0, 18]);
        header[40..].copy_from_slice(&[0x80, 6, 0, 1, 9, 4, 18, 0]);
        let expected = Submit {
            sequence: 0x1234,
            to_host: true,
            endpoint: 0,
            length: 18,
            setup: SetupPacket { kind: 0x80, request: 6, value: 0x0100, index: 0x0409, length: 18 },
        };
        assert_eq!(Command::decode(&header), Some(Command::Submit(expected)));
    }

    #[test]
    fn frozen_answer_to_a_submit() {
        let mut expected = vec![0, 0, 0, 3, 0, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        expected.extend([0xff, 0xff, 0xff, 0xe0, 0, 0, 0, 0]);
        expected.extend([0; 20]);
        assert_eq!(submitted(0x1234, STALLED, 0, &[]), expected);
        let answer = submitted(7, 0, 2, &[0xab, 0xcd]);
        assert_eq!(answer[20..28], [0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(answer[48..], [0xab, 0xcd]);
    }

    #[test]
    fn frozen_unlink() {
        let mut header = [0; HEADER];
        header[..8].copy_from_slice(&[0, 0, 0, 2, 0, 0, 0, 9]);
        assert_eq!(Command::decode(&header), Some(Command::Unlink { sequence: 9 }));
        let mut expected = vec![0, 0, 0, 4, 0, 0, 0, 9];
        expected.extend([0; 40]);
        assert_eq!(unlinked(9), expected);
        assert_eq!(Command::decode(&[0; HEADER]), None);
    }
}
