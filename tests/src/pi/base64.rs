//! Base64 as busybox has it: RFC 4648, section 4.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let word = (0..3).fold(0, |word, at| word << 8 | u32::from(*group.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let sextet = (word >> (18 - 6 * at) & 0x3f) as usize;
            text.push(if at > group.len() { '=' } else { ALPHABET[sextet].into() });
        }
    }
    text
}

/// `None` for what is not Base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let digits = group.iter().take_while(|byte| **byte != b'=').count();
        let padded = group[..digits].iter().chain(b"AAAA").take(4);
        let word = padded.map(value).try_fold(0, |word, value| Some(word << 6 | value?))?;
        bytes.extend_from_slice(&u32::to_be_bytes(word)[1..digits.max(1)]);
    }
    Some(bytes)
}

fn value(digit: &u8) -> Option<u32> {
    ALPHABET.iter().position(|known| known == digit).and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn the_standard_s_vectors_go_both_ways() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), encoded);
            assert_eq!(decode(encoded).unwrap(), plain.as_bytes());
        }
        assert_eq!(decode("Zg:="), None);
    }
}
