//! Passwords: kept as argon2id hashes, and secrets made at random.

use argon2::password_hash::{self, Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

/// KiB of memory that a hash takes, and passes over it: what OWASP's Password Storage Cheat Sheet has for a small
/// machine (9 MiB and 4 passes are as strong as 19 MiB and 2). A Pi Zero 2 takes some 0.2 s.
const MEMORY_KIB: u32 = 9 * 1024;
const PASSES: u32 = 4;

/// The shortest password that is taken, in characters.
pub const SHORTEST: usize = 8;
/// The longest, in bytes.
pub const LONGEST: usize = 256;

/// How many blocks of 1 KiB are asked for, of which a hash uses the first 9 MiB; the kernel gives no memory for the others.
/// The C library of Debian gives only what is larger than 32 MiB back at once (mallopt(3), `M_MMAP_THRESHOLD`); of anything
/// smaller, each thread that has hashed keeps a share.
const ASKED: usize = 33 * 1024;

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default()
}

/// The hash of a password by these parameters.
fn output(password: &str, salt: Salt<'_>, params: Params) -> password_hash::Result<Output> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes)?;
    let mut memory = Vec::with_capacity(ASKED);
    memory.resize(params.block_count(), Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Output::init_with(Params::DEFAULT_OUTPUT_LEN, |out| {
        Ok(argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory)?)
    })
}

/// Random bytes of the kernel.
///
/// # Panics
/// Where the kernel has none: nothing secret can be made then.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "a guessable secret is worse than an end")]
    SystemRandom::new().fill(&mut bytes).expect("the kernel gives random bytes");
    bytes
}

/// A secret of 192 bits in 32 letters, digits, `-` and `_`.
#[must_use]
pub fn secret() -> String {
    URL_SAFE_NO_PAD.encode(random::<24>())
}

/// The SHA-256 of a secret that is long and random itself, in hexadecimal digits.
#[must_use]
pub fn fingerprint(secret: &str) -> String {
    hex(digest(&SHA256, secret.as_bytes()).as_ref())
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Why a password is not taken.
///
/// # Errors
/// Its length is not allowed.
pub fn check(password: &str) -> Result<(), String> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(format!("a password has {SHORTEST} to {LONGEST} characters"));
    }
    Ok(())
}

/// A password's hash in the PHC format. Takes long on purpose.
///
/// # Errors
/// Where it cannot be computed.
pub fn hash(password: &str) -> Result<String, String> {
    let salt = STANDARD_NO_PAD.encode(random::<16>());
    let salt = Salt::from_b64(&salt).map_err(|error| error.to_string())?;
    let hash = output(password, salt, params()).and_then(|output| {
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&params())?,
            salt: Some(salt),
            hash: Some(output),
        })
    });
    hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// Whether a password is that of a hash. Takes long on purpose.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let is_ours = hash.algorithm == Algorithm::Argon2id.ident();
    let (Some(salt), Some(expected), Ok(params)) = (hash.salt, hash.hash, Params::try_from(&hash))
    else {
        return false;
    };
    // Outputs compare in constant time.
    is_ours && output(password, salt, params).is_ok_and(|output| output == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_alone() {
        let kept = hash("correct horse").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=9216,t=4,p=1$"), "{kept}");
        assert!(verify("correct horse", &kept));
        assert!(!verify("correct hors", &kept) && !verify("", &kept));
        assert!(!verify("correct horse", "damaged"));
        assert_ne!(kept, hash("correct horse").unwrap());
    }

    /// If this fails, do not change the test: accounts of before could not log in any more.
    #[test]
    fn a_hash_of_before_is_still_known() {
        let kept = "$argon2id$v=19$m=9216,t=4,p=1$wZK30uVMFJZ+yZq8g19NTA$QdXQpxUNpypXRoN3ZPW0xgwxmhzg/qVeZlkGGkSYZJk";
        assert!(verify("dLeMaxMjf-8lK2Vrzh8r_z7PVnmsEFEG", kept));
    }

    #[test]
    fn secrets_differ() {
        assert_eq!(secret().len(), 32);
        assert_ne!(secret(), secret());
    }
}
