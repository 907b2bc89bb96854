//! The checksum of a record's copies: CRC-32 as in gzip and zip (RFC 1952, 8), which every system has a program for.

/// The polynomial, its bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
    let take_in = |crc, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, take_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value that catalogues of CRCs give.
    #[test]
    fn it_is_the_one_of_gzip() {
        assert_eq!((crc32(b"123456789"), crc32(b"")), (0xcbf4_3926, 0));
    }
}
