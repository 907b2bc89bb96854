//! The certificate of HTTPS: made by the daemon for itself at its first start, or files that the owner names.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use ring::digest::{SHA256, digest};
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::access::password::hex;
use crate::settings::Settings;
use crate::state_folder::{StateFolder, cannot, read_file};

/// The files of the certificate that the daemon makes itself.
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// What HTTPS is served with.
#[derive(Clone)]
pub struct Certificate {
    /// TLS 1.2 and 1.3 with this certificate.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate in hexadecimal digits with colons, as `openssl x509 -fingerprint -sha256` prints it.
    pub fingerprint: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Certificate {
    /// Reads the owner's files, or the daemon's own, which are made where they are not there.
    ///
    /// # Errors
    /// Files that cannot be read or written, or are no certificate and its key.
    pub fn load(folder: &StateFolder, settings: &Settings) -> io::Result<Self> {
        let own = (folder.path(CERTIFICATE), folder.path(KEY));
        let (path, key) = match (&settings.certificate, &settings.key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            _ => {
                if !is_there(&own.0) || !is_there(&own.1) {
                    make(folder, settings.listen.map(|listen| listen.ip()))?;
                }
                own
            }
        };
        let wrong = |path: &PathBuf, error: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
        };
        let pem = read_file(&path)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let is_own = settings.key.is_none();
        let unusable = |error| wrong(&path, &certificate_in_words(&error, is_own));
        let chain = chain.map_err(unusable)?;
        let first = chain.first().ok_or_else(|| unusable(pem::Error::NoItemsFound))?;
        let fingerprint = fingerprint(first);
        let pem = read_file(&key)?;
        let private = PrivateKeyDer::from_pem_slice(&pem);
        let private = private.map_err(|error| wrong(&key, &key_in_words(&error, is_own)))?;
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder =
            builder.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12]);
        let builder = builder.map_err(|error| wrong(&path, &error))?.with_no_client_auth();
        let config = builder.with_single_cert(chain, private);
        let mut config = config.map_err(|error| wrong(&key, &error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), fingerprint, path })
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digits = hex(digest(&SHA256, certificate).as_ref()).to_uppercase();
    let bytes: Vec<_> = digits.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    bytes.join(":")
}

/// Whether something has this name: a link whose file is away for a while is not replaced.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What is wrong about a file that should have `what` in PEM.
fn in_words(what: &str, error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => format!("no {what} in it"),
        pem::Error::MissingSectionEnd { .. } => "truncated: the END line is missing".to_owned(),
        error => format!("not in PEM: {error}"),
    }
}

/// The same of the certificate, and what to do.
fn certificate_in_words(error: &pem::Error, is_own: bool) -> String {
    let next = match is_own {
        true => "remove it: another one is made for the key beside it",
        false => "put the whole certificate there, or set certificate in [daemon] to its file",
    };
    format!("{}; {next}", in_words("certificate", error))
}

/// The same of its private key: `is_own` says whether the daemon made it.
fn key_in_words(error: &pem::Error, is_own: bool) -> String {
    let next = match is_own {
        true => "restore the key, or remove it and certificate.pem beside it: another pair is made",
        false => "put the certificate's private key there, or set key in [daemon] to its file",
    };
    format!("{}; {next}", in_words("private key", error))
}

/// Makes a certificate for this machine's names, with the existing key or a new one. Programs that trust it know it by its
/// fingerprint, so that it does not expire in the life of a board.
fn make(folder: &StateFolder, listen: Option<IpAddr>) -> io::Result<()> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if is_host_name(&host) {
        names.extend([format!("{host}.local"), host.clone()]);
    }
    names.extend(
        listen.filter(|ip| !ip.is_unspecified() && !ip.is_loopback()).map(|ip| ip.to_string()),
    );
    let key = key(folder)?;
    let made = || {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, format!("clusterhatd on {host}"));
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2050, 1, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok::<_, rcgen::Error>(params.self_signed(&key)?.pem())
    };
    let certificate = made().map_err(io::Error::other)?;
    folder.write(CERTIFICATE, certificate.as_bytes())
}

/// The key that is there: the owner's, or one whose certificate a kill left unwritten. A new one where there is none; a
/// certificate without its key is of no use, and is removed before the new key is written: a kill in between leaves no pair
/// that does not match.
fn key(folder: &StateFolder) -> io::Result<KeyPair> {
    let path = folder.path(KEY);
    if let Some(pem) = folder.read(KEY)? {
        let kept = KeyPair::from_pem(&String::from_utf8_lossy(&pem));
        return kept.map_err(|error| {
            let path = path.display();
            let text = match PrivateKeyDer::from_pem_slice(&pem) {
                Err(error) => format!("{path}: {}", key_in_words(&error, true)),
                Ok(_) => format!("cannot use {path}: {error}; if it is your own key, put its certificate beside it"),
            };
            io::Error::new(io::ErrorKind::InvalidData, text)
        });
    }
    if is_there(&path) {
        let text = format!(
            "{} is a dangling symbolic link; restore the key that it points to",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    let alone = folder.path(CERTIFICATE);
    if is_there(&alone) {
        fs::remove_file(&alone).map_err(|error| cannot("remove", &alone, &error))?;
    }
    let key = KeyPair::generate().map_err(io::Error::other)?;
    folder.write(KEY, key.serialize_pem().as_bytes())?;
    Ok(key)
}

fn is_host_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !name.is_empty() && name.chars().all(is_plain) && name != "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::StartError;

    #[test]
    fn a_certificate_is_made_once_and_the_owner_s_takes_its_place() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(&parent.path().join("own")).unwrap();
        let settings = Settings::default();
        let first = Certificate::load(&folder, &settings).unwrap();
        assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
        assert_eq!(Certificate::load(&folder, &settings).unwrap().fingerprint, first.fingerprint);
        let other = StateFolder::open(&parent.path().join("other")).unwrap();
        let owners = Certificate::load(&other, &settings).unwrap();
        let settings = Settings {
            certificate: Some(other.path(CERTIFICATE)),
            key: Some(other.path(KEY)),
            ..settings
        };
        assert_eq!(Certificate::load(&folder, &settings).unwrap().fingerprint, owners.fingerprint);
        let mixed = Settings { key: Some(folder.path(KEY)), ..settings.clone() };
        assert!(Certificate::load(&folder, &mixed).is_err());
        let whole = fs::read_to_string(other.path(KEY)).unwrap();
        for (key, says) in [("nonsense", "no private key"), (&whole[..90], "truncated")] {
            fs::write(other.path(KEY), key).unwrap();
            let error = Certificate::load(&folder, &settings).err().unwrap().to_string();
            assert!(error.contains("key.pem") && error.contains(says), "{error}");
        }
        // Seen: what is wrong, and no next step.
        let whole = fs::read_to_string(other.path(CERTIFICATE)).unwrap();
        for (pem, says) in [("", "no certificate in it; "), (&whole[..90], "truncated: ")] {
            fs::write(other.path(CERTIFICATE), pem).unwrap();
            let error = Certificate::load(&folder, &settings).err().unwrap().to_string();
            assert!(error.contains(&format!("certificate.pem: {says}")), "{error}");
            assert!(error.ends_with("or set certificate in [daemon] to its file"), "{error}");
        }
    }

    /// Seen: where its certificate was away for a while, the owner's key was replaced by a new one.
    #[test]
    fn a_key_that_is_there_is_never_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let settings = Settings::default();
        Certificate::load(&folder, &settings).unwrap();
        let key = folder.read(KEY).unwrap();
        // As a kill between the two leaves it.
        fs::remove_file(folder.path(CERTIFICATE)).unwrap();
        Certificate::load(&folder, &settings).unwrap();
        assert_eq!(folder.read(KEY).unwrap(), key);
        // Links to what is not mounted yet.
        for name in [CERTIFICATE, KEY] {
            fs::rename(folder.path(name), parent.path().join("kept")).unwrap();
            std::os::unix::fs::symlink("/nowhere/x", folder.path(name)).unwrap();
            let error = Certificate::load(&folder, &settings).err().unwrap();
            assert!(error.to_string().contains(name), "{error}");
            let error = StartError::Certificate(error);
            assert!(!error.is_configuration(), "systemd tries again: {error:?}");
            assert!(fs::symlink_metadata(folder.path(name)).unwrap().is_symlink());
            fs::rename(parent.path().join("kept"), folder.path(name)).unwrap();
        }
        // A certificate alone is of no use.
        fs::remove_file(folder.path(KEY)).unwrap();
        Certificate::load(&folder, &settings).unwrap();
        assert_ne!(folder.read(KEY).unwrap(), key);
        // Seen: "PEM error: malformedframing", and no next step.
        fs::write(folder.path(KEY), "").unwrap();
        for certificate in ["there", "away"] {
            let error = Certificate::load(&folder, &settings).err().unwrap().to_string();
            assert!(error.contains("key.pem: no private key in it"), "{certificate}: {error}");
            assert!(error.contains("restore the key, or remove it"), "{certificate}: {error}");
            let _ = fs::remove_file(folder.path(CERTIFICATE));
        }
    }
}
