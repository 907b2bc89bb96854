//! A POST of JSON to a receiver of events, over HTTPS or HTTP.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::http::{Request, Uri, header};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::subscription::Destination;
use crate::state_folder::read_file;

/// The certificates that the system trusts, where Debian has them.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Names another file with them, as for OpenSSL's programs (SSL_CTX_load_verify_locations(3)).
const TRUSTED_INSTEAD: &str = "SSL_CERT_FILE";

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    /// The destination is no address.
    #[error("not an address")]
    Address,
    /// Nobody answers there.
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    /// It cannot be known whom to trust.
    #[error("the trusted certificates: {0}")]
    Trusted(io::Error),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// No answer, or none in HTTP.
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
    /// A request cannot be made of it.
    #[error("not a request: {0}")]
    Request(#[from] axum::http::Error),
    /// It answered that it does not take the event.
    #[error("the receiver answers {0}")]
    Refused(u16),
    /// No answer in time.
    #[error("no answer in time")]
    TooSlow,
}

/// Whether a text is an address that events can be sent to.
pub(crate) fn is_address(text: &str) -> bool {
    parse(text).is_some()
}

/// Whether it is HTTPS, the host, the port, and the URI.
fn parse(text: &str) -> Option<(bool, String, u16, Uri)> {
    let uri: Uri = text.parse().ok()?;
    let is_https = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let authority = uri.authority()?.as_str();
    // Behind the host, whose own colons are in brackets: a number that is no port is none that was left out.
    let has_port = authority.rsplit(']').next()?.contains(':');
    let port = uri.port_u16().or_else(|| (!has_port).then_some(if is_https { 443 } else { 80 }))?;
    // Whoever may read subscriptions would read the password, too.
    (!host.is_empty() && !authority.contains('@')).then_some((is_https, host, port, uri))
}

/// Sends it.
///
/// # Errors
/// Where it is not taken.
pub(crate) async fn post(destination: &Destination, body: &str) -> Result<(), PostError> {
    let (is_https, host, port, uri) = parse(&destination.uri).ok_or(PostError::Address)?;
    let stream = TcpStream::connect((host.as_str(), port)).await?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = uri.authority().map_or(host.as_str(), |authority| authority.as_str());
    let mut request = Request::post(path)
        .header(header::HOST, authority)
        .header(header::CONTENT_TYPE, "application/json")
        .header("OData-Version", "4.0");
    for (name, value) in &destination.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned())))?;
    if !is_https {
        return send(stream, request).await;
    }
    let name = ServerName::try_from(host).map_err(|_| PostError::Address)?;
    let connector = TlsConnector::from(Arc::new(config(destination.verify)?));
    send(connector.connect(name, stream).await?, request).await
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<(), PostError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await;
    connection.abort();
    match response?.status() {
        status if status.is_success() => Ok(()),
        status => Err(PostError::Refused(status.as_u16())),
    }
}

fn config(verify: bool) -> Result<ClientConfig, PostError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions()?;
    if verify {
        let named = std::env::var_os(TRUSTED_INSTEAD).filter(|path| !path.is_empty());
        let path = named.map_or_else(|| TRUSTED.into(), PathBuf::from);
        return Ok(builder.with_root_certificates(trusted(&path)?).with_no_client_auth());
    }
    let anybody = Arc::new(Anybody(provider));
    Ok(builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth())
}

fn trusted(path: &Path) -> Result<RootCertStore, PostError> {
    let pem = read_file(path).map_err(PostError::Trusted)?;
    let mut roots = RootCertStore::empty();
    // One that cannot be read vouches for nobody.
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    Ok(roots)
}

/// Takes any certificate, as the client wants it that set `VerifyCertificate` to false. Whoever holds the certificate still
/// has to have its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_to_trust_stands_in_a_regular_file() {
        let error = trusted(Path::new("/dev/null")).unwrap_err().to_string();
        let text =
            "the trusted certificates: cannot read /dev/null: not a regular file; put one there";
        assert_eq!(error, text);
    }

    #[test]
    fn an_address_is_http_with_a_host() {
        for good in ["https://example.com/events", "http://[::1]:8080/", "https://10.0.0.1"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "ftp://example.com/",
            "example.com",
            "/path",
            "https://",
            "http:///x",
            "https://a b/",
            // Seen: sent to port 80.
            "http://10.0.0.1:99999/",
            "http://user:password@10.0.0.1/",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
