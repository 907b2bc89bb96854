//! Passwords: kept as argon2id hashes, and secrets made at random.

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
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

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
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
    let hash = argon2().hash_password(password.as_bytes(), salt);
    hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// Whether a password is that of a hash. Takes long on purpose.
#[must_use]
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
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

    #[test]
    fn secrets_differ() {
        assert_eq!(secret().len(), 32);
        assert_ne!(secret(), secret());
    }
}
