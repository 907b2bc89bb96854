//! The device's answers to control requests: the standard ones, and i2c-tiny-usb's own.

use std::sync::PoisonError;

use super::{Descriptor, SharedTarget, wire::SetupPacket};

/// The two bits of a request's kind that tell whose request it is, and their value for the device's
/// own.
const KIND: u8 = 0x60;
const STANDARD: u8 = 0x00;
const VENDOR: u8 = 0x40;
const TO_HOST: u8 = 0x80;

/// Standard requests: USB 2.0 specification, table 9-4.
mod standard {
    pub(super) const GET_STATUS: u8 = 0;
    pub(super) const CLEAR_FEATURE: u8 = 1;
    pub(super) const SET_FEATURE: u8 = 3;
    pub(super) const SET_ADDRESS: u8 = 5;
    pub(super) const GET_DESCRIPTOR: u8 = 6;
    pub(super) const GET_CONFIGURATION: u8 = 8;
    pub(super) const SET_CONFIGURATION: u8 = 9;
    pub(super) const GET_INTERFACE: u8 = 10;
    pub(super) const SET_INTERFACE: u8 = 11;
}

/// i2c-tiny-usb's requests. An I2C message is 4, plus 1 if a START and 2 if a STOP belongs to it;
/// the address is in the index.
mod tiny {
    pub(super) const ECHO: u8 = 0;
    pub(super) const GET_FUNCTIONS: u8 = 1;
    pub(super) const SET_DELAY: u8 = 2;
    pub(super) const GET_STATUS: u8 = 3;
    pub(super) const MESSAGE: u8 = 4;
    pub(super) const LAST_MESSAGE: u8 = 7;
}

/// What GET_STATUS says of the last message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Idle = 0,
    Acknowledged = 1,
    NotAcknowledged = 2,
}

/// A plugged-in device.
pub(super) struct Control {
    descriptor: Descriptor,
    target: SharedTarget,
    status: Status,
}

impl Control {
    pub(super) fn new(descriptor: Descriptor, target: SharedTarget) -> Self {
        Self { descriptor, target, status: Status::Idle }
    }

    /// Carries out a request with what came with it and gives what goes back; `None` is a stall.
    pub(super) fn request(&mut self, setup: SetupPacket, data: &[u8]) -> Option<Vec<u8>> {
        let mut answer = match setup.kind & KIND {
            STANDARD => self.standard(setup),
            VENDOR => self.vendor(setup, data),
            _ => None,
        }?;
        answer.truncate(setup.length.into());
        Some(answer)
    }

    /// Whether the device has left the USB by what it was told last.
    pub(super) fn has_left(&self) -> bool {
        self.target.lock().unwrap_or_else(PoisonError::into_inner).has_left()
    }

    fn standard(&self, setup: SetupPacket) -> Option<Vec<u8>> {
        let [index, kind] = setup.value.to_le_bytes();
        match setup.request {
            standard::GET_DESCRIPTOR => self.descriptor.get(kind, index),
            standard::GET_STATUS => Some(vec![0, 0]),
            standard::GET_CONFIGURATION => Some(vec![1]),
            standard::GET_INTERFACE => Some(vec![0]),
            standard::CLEAR_FEATURE
            | standard::SET_FEATURE
            | standard::SET_ADDRESS
            | standard::SET_CONFIGURATION
            | standard::SET_INTERFACE => Some(Vec::new()),
            _ => None,
        }
    }

    fn vendor(&mut self, setup: SetupPacket, data: &[u8]) -> Option<Vec<u8>> {
        match setup.request {
            tiny::ECHO => Some(setup.value.to_le_bytes().to_vec()),
            tiny::GET_FUNCTIONS => Some(self.descriptor.functions.to_le_bytes().to_vec()),
            tiny::SET_DELAY => Some(Vec::new()),
            tiny::GET_STATUS => Some(vec![self.status as u8]),
            tiny::MESSAGE..=tiny::LAST_MESSAGE => Some(self.message(setup, data)),
            _ => None,
        }
    }

    /// A read that is not acknowledged gives its full length all the same: the driver asks for the
    /// status only then.
    fn message(&mut self, setup: SetupPacket, data: &[u8]) -> Vec<u8> {
        let mut target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = Vec::new();
        let acknowledged = match u8::try_from(setup.index) {
            Err(_) => false,
            Ok(address) if setup.kind & TO_HOST == 0 => target.write(address, data),
            Ok(address) => {
                buffer.resize(setup.length.into(), 0xff);
                target.read(address, &mut buffer)
            }
        };
        self.status = if acknowledged { Status::Acknowledged } else { Status::NotAcknowledged };
        buffer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::usbip::Target;

    /// Answers at 0x20 alone and keeps the last byte written.
    struct Latch(u8);

    impl Target for Latch {
        fn write(&mut self, address: u8, bytes: &[u8]) -> bool {
            self.0 = bytes.last().copied().unwrap_or(self.0);
            address == 0x20
        }

        fn read(&mut self, address: u8, buffer: &mut [u8]) -> bool {
            buffer.fill(self.0);
            address == 0x20
        }
    }

    fn device() -> Control {
        Control::new(Descriptor::default(), Arc::new(Mutex::new(Latch(0))))
    }

    fn setup(kind: u8, request: u8, index: u16, length: u16) -> SetupPacket {
        SetupPacket { kind, request, value: 0, index, length }
    }

    #[test]
    fn messages_reach_the_target_and_leave_their_status() {
        let mut device = device();
        let status = setup(0xc1, 3, 0, 1);
        assert_eq!(device.request(status, &[]), Some(vec![0]));
        assert_eq!(device.request(setup(0x41, 7, 0x20, 2), &[1, 0x5a]), Some(vec![]));
        assert_eq!(device.request(status, &[]), Some(vec![1]));
        assert_eq!(device.request(setup(0xc1, 6, 0x20, 2), &[]), Some(vec![0x5a, 0x5a]));
        assert_eq!(device.request(setup(0xc1, 7, 0x21, 3), &[]).map(|bytes| bytes.len()), Some(3));
        assert_eq!(device.request(status, &[]), Some(vec![2]));
    }

    #[test]
    fn functions_are_the_descriptors() {
        assert_eq!(device().request(setup(0xc1, 1, 0, 4), &[]), Some(vec![0x01, 0x00, 0xff, 0x0e]));
    }

    #[test]
    fn answers_are_cut_to_what_was_asked_for_and_the_unknown_stalls() {
        let descriptor = SetupPacket { kind: 0x80, request: 6, value: 0x0100, index: 0, length: 8 };
        assert_eq!(device().request(descriptor, &[]).map(|bytes| bytes.len()), Some(8));
        assert_eq!(device().request(setup(0xc1, 9, 0, 1), &[]), None);
        assert_eq!(device().request(setup(0xa1, 1, 0, 1), &[]), None);
    }
}
