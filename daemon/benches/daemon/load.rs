//! Clients that ask over TLS as fast as they get answers, each on a connection that it keeps.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clusterhat_tests::process;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// How many ask at once.
const CLIENTS: usize = 16;

/// A server, and what it is asked.
pub(crate) struct Target {
    pub(crate) pid: u32,
    pub(crate) address: SocketAddr,
    pub(crate) request: String,
    config: Arc<ClientConfig>,
}

/// What a run came to.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    /// Answers a second.
    pub(crate) rate: f64,
    /// 99 of 100 answers took less.
    pub(crate) p99: Duration,
    /// The server's processor time for an answer.
    pub(crate) cpu: Duration,
}

impl Target {
    pub(crate) fn new(pid: u32, address: SocketAddr, certificate: &Path, request: String) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        Self { pid, address, request, config: Arc::new(config) }
    }

    /// Asks for so long.
    pub(crate) fn run(&self, time: Duration) -> Run {
        let before = process::cpu(self.pid);
        let begun = Instant::now();
        let mut latencies: Vec<Duration> = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| scope.spawn(|| self.ask(begun + time))).collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        let took = begun.elapsed();
        latencies.sort_unstable();
        let count = u32::try_from(latencies.len()).unwrap();
        Run {
            rate: f64::from(count) / took.as_secs_f64(),
            p99: latencies[latencies.len() * 99 / 100],
            cpu: (process::cpu(self.pid) - before) / count,
        }
    }

    fn ask(&self, until: Instant) -> Vec<Duration> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let (mut latencies, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
        while Instant::now() < until {
            let begun = Instant::now();
            stream.write_all(self.request.as_bytes()).unwrap();
            let mut filled = 0;
            while !is_whole(&buffer[..filled]) {
                let count = stream.read(&mut buffer[filled..]).unwrap();
                assert!(count > 0, "{}", String::from_utf8_lossy(&buffer[..filled]));
                filled += count;
            }
            latencies.push(begun.elapsed());
        }
        latencies
    }
}

/// Whether this is a whole answer, which is to be a success.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else { return false };
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    bytes.len() == head + 4 + length.unwrap().parse::<usize>().unwrap()
}
