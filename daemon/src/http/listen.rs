//! Where connections come from: the unix socket, whose file's group decides who gets in, and HTTPS.

use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, UnixListener};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::connection::{Peer, serve};
use super::limits::{self, Connections};
use crate::access::peer;
use crate::service::Service;

/// How long nothing is accepted after the kernel could not give a descriptor.
const REST: Duration = Duration::from_millis(200);

/// How many connections wait to be accepted: tokio's own number.
const BACKLOG: u32 = 1024;

/// Makes the socket's file, for the daemon's user and the file's group. A file that a daemon left is replaced; one that
/// answers is another daemon's.
///
/// # Errors
/// Where it cannot be made: the error names the path.
pub fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    let failed = |why: &dyn Display| io::Error::other(format!("{}: {why}", path.display()));
    make_way(path).map_err(|error| failed(&error))?;
    let bind = || {
        let listener = UnixListener::bind(path).map_err(|error| in_words(path, error))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(listener)
    };
    bind().map_err(|error: io::Error| failed(&error))
}

/// What is missing is the folder: the file is to be made.
fn in_words(path: &Path, error: io::Error) -> io::Error {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let Some(folder) = folder.filter(|_| error.kind() == io::ErrorKind::NotFound) else {
        return error;
    };
    let text = format!(
        "the folder {} is missing: create it (that of the default: systemctl start clusterhatd.socket), or choose another path with --socket",
        folder.display()
    );
    io::Error::new(io::ErrorKind::NotFound, text)
}

/// Removes a socket that nobody listens at.
fn make_way(path: &Path) -> io::Result<()> {
    let found = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        let text = "not a socket: remove it, or choose another path with --socket";
        return Err(io::Error::other(text));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(io::Error::other("another clusterhatd answers there")),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
        }
        Err(error) => Err(error),
    }
}

/// Answers on the unix socket.
pub fn serve_unix(listener: UnixListener, router: Arc<Router>) -> JoinHandle<()> {
    let connections = Arc::new(Connections::default());
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(REST).await;
                continue;
            };
            // Whom the kernel does not know may still bring a password.
            let caller = peer::caller(&stream);
            let name = caller.as_ref().map_or("unix", |caller| &caller.name).to_owned();
            let Some(place) = connections.enter(&name) else { continue };
            let router = Arc::clone(&router);
            let peer = Peer { address: "unix".to_owned(), caller };
            tokio::spawn(async move {
                serve(stream, peer, router).await;
                drop(place);
            });
        }
    })
}

/// Listens for HTTPS, beside the address that is given up for this one, where there is one: they may have the same port. No
/// other daemon shares the port.
///
/// # Errors
/// Where the address cannot be used.
pub fn bind_tcp(address: SocketAddr, held: Option<SocketAddr>) -> io::Result<TcpListener> {
    if held.is_none_or(|held| held.port() != address.port()) {
        check_tcp(address)?;
    }
    tcp_socket(address, true)?.listen(BACKLOG)
}

/// Whether an address can be listened at. All that share a port ask for it (socket(7), SO_REUSEPORT): without, this fails
/// where any other daemon listens.
///
/// # Errors
/// It cannot.
pub(crate) fn check_tcp(address: SocketAddr) -> io::Result<()> {
    tcp_socket(address, false).map(drop)
}

fn tcp_socket(address: SocketAddr, is_shared: bool) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections that have just ended are no reason to wait.
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(is_shared)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Answers on HTTPS, with the certificate that the service has at the time of each connection.
pub fn serve_tls(listener: TcpListener, service: Service, router: Arc<Router>) -> JoinHandle<()> {
    let connections = Arc::new(Connections::default());
    tokio::spawn(async move {
        loop {
            let Ok((stream, from)) = listener.accept().await else {
                sleep(REST).await;
                continue;
            };
            let address = from.ip().to_canonical().to_string();
            let (Some(place), Some(certificate)) =
                (connections.enter(&address), service.certificate())
            else {
                continue;
            };
            let router = Arc::clone(&router);
            tokio::spawn(async move {
                let _ = stream.set_nodelay(true);
                let handshake = TlsAcceptor::from(certificate.config).accept(stream);
                if let Ok(Ok(stream)) = timeout(limits::HANDSHAKE_TIME, handshake).await {
                    serve(stream, Peer { address, caller: None }, router).await;
                }
                drop(place);
            });
        }
    })
}
