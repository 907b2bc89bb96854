//! Frames on a stream: a byte that says what it holds (`b`: bytes of the console, `c`: JSON), the length of that in two bytes,
//! the higher one first, and so many bytes.

use super::message::{Control, Notice};

const BYTES: u8 = b'b';
const JSON: u8 = b'c';

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Of the console.
    Bytes(Vec<u8>),
    /// A control or a notice.
    Json(Vec<u8>),
}

/// The other side speaks another protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame begins with {0:#04x}: expected 'b' or 'c'")]
pub struct FrameError(u8);

impl Frame {
    /// Adds bytes of a console to what is sent, in as many frames as they take.
    pub fn add_bytes(bytes: &[u8], out: &mut Vec<u8>) {
        bytes.chunks(usize::from(u16::MAX)).for_each(|part| add(BYTES, part, out));
    }

    /// Adds a control.
    pub fn add_control(control: Control, out: &mut Vec<u8>) {
        add(JSON, &serde_json::to_vec(&control).unwrap_or_default(), out);
    }

    /// Adds a notice.
    pub fn add_notice(notice: &Notice, out: &mut Vec<u8>) {
        add(JSON, &serde_json::to_vec(notice).unwrap_or_default(), out);
    }
}

/// A text that is too long for a frame, which none of the service's is, is cut.
fn add(kind: u8, payload: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    out.push(kind);
    out.extend(length.to_be_bytes());
    out.extend(&payload[..usize::from(length)]);
}

/// Finds the frames in a stream that comes in pieces. Keeps at most one unfinished frame, 64 KiB, beside the last piece.
#[derive(Default)]
pub struct FrameReader(Vec<u8>);

impl FrameReader {
    /// Takes a piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.0.extend_from_slice(piece);
    }

    /// Takes the next whole frame out of what has come.
    ///
    /// # Errors
    /// What has come is no frame.
    pub fn take(&mut self) -> Result<Option<Frame>, FrameError> {
        let Some(&kind) = self.0.first() else { return Ok(None) };
        if !matches!(kind, BYTES | JSON) {
            return Err(FrameError(kind));
        }
        let Some(&[high, low]) = self.0.get(1..3) else { return Ok(None) };
        let end = 3 + usize::from(u16::from_be_bytes([high, low]));
        if self.0.len() < end {
            return Ok(None);
        }
        let payload = self.0.drain(..end).skip(3).collect();
        Ok(Some(if kind == BYTES { Frame::Bytes(payload) } else { Frame::Json(payload) }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::consoles::WriteWish;

    fn frames(pieces: &[&[u8]]) -> Result<Vec<Frame>, FrameError> {
        let (mut reader, mut all) = (FrameReader::default(), Vec::new());
        for piece in pieces {
            reader.push(piece);
            while let Some(frame) = reader.take()? {
                all.push(frame);
            }
        }
        Ok(all)
    }

    /// If this fails, do not change the test: other versions' clients speak so.
    #[test]
    fn the_bytes_stay() {
        let mut out = Vec::new();
        Frame::add_bytes(b"ls\r", &mut out);
        Frame::add_control(Control::Write(WriteWish::Request), &mut out);
        assert_eq!(out, b"b\0\x03ls\rc\0\x13{\"write\":\"request\"}");
    }

    #[test]
    fn another_protocol_is_refused() {
        assert_eq!(frames(&[b"HTTP/1.1 400"]), Err(FrameError(b'H')));
    }

    proptest! {
        // Each makes up to 200 kB, byte by byte.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_is_sent_arrives_in_whatever_pieces(
            bytes in prop::collection::vec(any::<u8>(), 0..200_000),
            cut in 1..5000_usize,
        ) {
            let mut out = Vec::new();
            Frame::add_bytes(&bytes, &mut out);
            let pieces: Vec<_> = out.chunks(cut).collect();
            let mut arrived = Vec::new();
            for frame in frames(&pieces).unwrap() {
                let Frame::Bytes(part) = frame else { panic!("no bytes") };
                arrived.extend(part);
            }
            prop_assert_eq!(arrived, bytes);
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_a_frame_or_refused(bytes in any::<Vec<u8>>()) {
            let _ = frames(&[&bytes]);
        }
    }
}
