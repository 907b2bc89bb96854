//! The client's side of a shared console.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::frame::{Frame, FrameReader};
use super::message::{Control, Notice};
use crate::service::{Answer, ServiceError};

/// The protocol's name in `Upgrade:`.
pub const UPGRADE: &str = "clusterhat-console";

/// Why nothing was sent to a shared console.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharedConsoleError {
    /// The node does not show its console.
    #[error("the console of {node} is not there: the node is off or still starting")]
    Absent {
        /// The node.
        node: String,
    },
    /// Somebody else writes.
    #[error(
        "{writer} writes on the console of {node}: nothing was sent; take over with ~T in `clusterhat console {node}`"
    )]
    Taken {
        /// The node.
        node: String,
        /// Who.
        writer: String,
    },
    /// Some of the bytes did not reach the node.
    #[error("not all was sent to the console of {node}: {reason}")]
    NotSent {
        /// The node.
        node: String,
        /// Why.
        reason: String,
    },
}

/// A console that the service reads, and what of it has not been read or sent yet.
pub struct SharedConsole {
    stream: UnixStream,
    frames: FrameReader,
    unsent: Vec<u8>,
}

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// From the node.
    Bytes(Vec<u8>),
    /// From the service.
    Notice(Notice),
}

impl SharedConsole {
    /// Asks a service for a node's console, from what the node sends from now on.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn connect(socket: &Path, node: &str) -> Result<Self, ServiceError> {
        Self::connect_with(socket, node, "0")
    }

    /// Asks a service for a node's console, from what the node has sent since it showed its console, as far as the service
    /// keeps that.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn connect_since_opened(socket: &Path, node: &str) -> Result<Self, ServiceError> {
        Self::connect_with(socket, node, "opened")
    }

    fn connect_with(socket: &Path, node: &str, history: &str) -> Result<Self, ServiceError> {
        let unreachable = |source| ServiceError::Unreachable { path: socket.to_owned(), source };
        let request = format!(
            "GET /api/v1/consoles/{node}?history={history} HTTP/1.1\r\nHost: clusterhatd\r\nConnection: Upgrade\r\n\
             Upgrade: {UPGRADE}\r\n\r\n"
        );
        let answer = Answer::to(socket, &request).map_err(unreachable)?;
        if !answer.has_status(101) {
            return Err(ServiceError::Refused(answer.error()));
        }
        let Answer { stream, rest, .. } = answer;
        stream.set_nonblocking(true).map_err(unreachable)?;
        let mut frames = FrameReader::default();
        frames.push(&rest);
        Ok(Self { stream, frames, unsent: Vec::new() })
    }

    /// What has come, without waiting; `None` where the service has ended the connection.
    pub fn read(&mut self) -> Option<Vec<Heard>> {
        let mut buffer = [0; 16 * 1024];
        let mut is_open = true;
        match self.stream.read(&mut buffer) {
            Ok(0) => is_open = false,
            Ok(length) => self.frames.push(&buffer[..length]),
            Err(error) if is_nothing(&error) => {}
            Err(_) => is_open = false,
        }
        let mut heard = Vec::new();
        while let Some(frame) = self.frames.take().ok()? {
            match frame {
                Frame::Bytes(bytes) => heard.push(Heard::Bytes(bytes)),
                // A notice of a later version is none of ours.
                Frame::Json(text) => {
                    heard.extend(serde_json::from_slice(&text).ok().map(Heard::Notice));
                }
            }
        }
        (is_open || !heard.is_empty()).then_some(heard)
    }

    /// Sends bytes to the node as soon as the service takes them.
    pub fn send(&mut self, bytes: &[u8]) {
        Frame::add_bytes(bytes, &mut self.unsent);
        self.flush();
    }

    /// Tells the service something.
    pub fn tell(&mut self, control: Control) {
        Frame::add_control(control, &mut self.unsent);
        self.flush();
    }

    /// How many bytes the service has not taken yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.unsent.len()
    }

    /// Sends what the service takes now. Where that fails, reading shows that it is gone.
    pub fn flush(&mut self) {
        if let Ok(length) = self.stream.write(&self.unsent) {
            self.unsent.drain(..length);
        }
    }
}

impl AsFd for SharedConsole {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::thread::{self, JoinHandle};

    use super::*;
    use crate::consoles::WriteWish;

    /// A service that answers one request, and then says what it was sent.
    fn service(socket: &Path, answer: &'static [u8]) -> JoinHandle<Vec<u8>> {
        let listener = UnixListener::bind(socket).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request: Vec<u8> = Vec::new();
            let mut buffer = [0; 1024];
            while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                let length = stream.read(&mut buffer).unwrap();
                request.extend(&buffer[..length]);
            }
            stream.write_all(answer).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let mut sent = Vec::new();
            let _ = stream.read_to_end(&mut sent);
            sent
        })
    }

    #[test]
    fn frames_follow_the_upgrade_even_in_the_same_piece() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let server = service(
            &socket,
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: clusterhat-console\r\n\r\n\
              c\0\x1e{\"notice\":\"port\",\"open\":false}c\0\x02{}b\0\x02hi",
        );
        let mut console = SharedConsole::connect(&socket, "p1").unwrap();
        let mut heard = Vec::new();
        while let Some(more) = console.read() {
            heard.extend(more);
        }
        let notice = Notice::Port { open: false, error: None };
        assert_eq!(heard, [Heard::Notice(notice), Heard::Bytes(b"hi".to_vec())]);
        console.tell(Control::Write(WriteWish::Release));
        console.send(b"x");
        assert_eq!(console.unsent(), 0);
        drop(console);
        assert_eq!(server.join().unwrap(), b"c\0\x13{\"write\":\"release\"}b\0\x01x");
    }

    #[test]
    fn a_refusal_is_told_in_the_service_s_words() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _server = service(
            &socket,
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 43\r\n\r\n{\"error\":{\"message\":\"there is no node p9\"}}",
        );
        let error = SharedConsole::connect(&socket, "p9").err().unwrap();
        assert_eq!(error.to_string(), "clusterhatd refused the request: there is no node p9");
        let nobody = SharedConsole::connect(&folder.path().join("none"), "p1").err().unwrap();
        assert!(matches!(nobody, ServiceError::Unreachable { .. }));
    }
}
