//! The console of a simulated node: a prompt, and an echo.

use std::io;
use std::time::Duration;

use super::peer::Peer;
use crate::life::State;

/// A login that takes every line and lets nobody in.
pub(super) struct Console {
    prompt: String,
    is_greeted: bool,
}

impl Console {
    /// Of the node with this name.
    pub(super) fn new(name: &str) -> Self {
        Self { prompt: format!("{name} login: "), is_greeted: false }
    }
}

impl Peer for Console {
    fn hear(&mut self, bytes: &[u8], _: State, out: &mut Vec<u8>) -> io::Result<()> {
        for &byte in bytes {
            match byte {
                b'\r' | b'\n' => {
                    out.extend(b"\r\n");
                    out.extend(self.prompt.as_bytes());
                }
                // As a terminal shows what it does not obey.
                0..0x20 if byte != b'\t' => out.extend([b'^', byte + b'@']),
                byte => out.push(byte),
            }
        }
        Ok(())
    }

    fn speak(&mut self, _: Duration, _: State, out: &mut Vec<u8>) -> Option<Duration> {
        if !self.is_greeted {
            self.is_greeted = true;
            out.extend(b"\r\nA simulated node: it echoes what is typed.\r\n");
            out.extend(self.prompt.as_bytes());
        }
        None
    }
}
