//! The server: one device, on one loopback port, for the one host controller that connects.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use super::{
    Descriptor, SharedTarget,
    control::Control,
    wire::{self, Command, HEADER, STALLED, Submit},
};

/// Longer than any control transfer can be: its length is a 16-bit number.
const LONGEST: u32 = 0xffff;

/// A device that waits to be plugged in, or is. Dropping it is unplugging it.
pub struct Server {
    port: u16,
    plug: Arc<Mutex<Plug>>,
    thread: Option<JoinHandle<()>>,
}

/// How far the device has come.
enum Plug {
    Waiting,
    Connected(TcpStream),
    Out,
}

impl Server {
    /// Listens on a loopback port; whoever connects is a host controller that has imported the
    /// device already, as the kernel's `vhci_hcd` expects of the socket it is given.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(descriptor: Descriptor, target: SharedTarget) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let plug = Arc::new(Mutex::new(Plug::Waiting));
        let control = Control::new(descriptor, target);
        let thread = thread::Builder::new().name("usbip".into()).spawn({
            let plug = Arc::clone(&plug);
            move || {
                // An end of the connection, from whichever side, is the end of the device.
                let _ = serve(&listener, &plug, control);
            }
        })?;
        Ok(Self { port, plug, thread: Some(thread) })
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn unplug(&self) -> io::Result<()> {
        match std::mem::replace(&mut *lock(&self.plug), Plug::Out) {
            Plug::Connected(stream) => stream.shutdown(Shutdown::Both),
            // Wakes the thread that waits for a connection.
            Plug::Waiting => TcpStream::connect(("127.0.0.1", self.port)).map(drop),
            Plug::Out => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A host that is gone already has closed the connection itself.
        let _ = self.unplug();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("port", &self.port).finish_non_exhaustive()
    }
}

/// What tells the guest that the device is in, and may be handed to its kernel.
const HELLO: [u8; 1] = [1];

/// A device that has left comes back when the guest connects again.
fn serve(listener: &TcpListener, plug: &Mutex<Plug>, mut control: Control) -> io::Result<()> {
    loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        {
            let mut plug = lock(plug);
            if matches!(*plug, Plug::Out) {
                return Ok(());
            }
            *plug = Plug::Connected(stream.try_clone()?);
        }
        stream.write_all(&HELLO)?;
        converse(&mut Closing(stream), &mut control)?;
        let mut plug = lock(plug);
        if matches!(*plug, Plug::Out) {
            return Ok(());
        }
        *plug = Plug::Waiting;
    }
}

/// Answers until the device leaves the USB: then nothing answers any more.
fn converse(stream: &mut Closing, control: &mut Control) -> io::Result<()> {
    loop {
        let mut header = [0; HEADER];
        stream.0.read_exact(&mut header)?;
        if control.has_left() {
            return Ok(());
        }
        let answer = match Command::decode(&header) {
            Some(Command::Submit(submit)) => carry_out(&mut stream.0, &submit, control)?,
            Some(Command::Unlink { sequence }) => wire::unlinked(sequence),
            None => return Err(io::Error::new(io::ErrorKind::InvalidData, "not a USB/IP command")),
        };
        stream.0.write_all(&answer)?;
    }
}

fn carry_out(
    stream: &mut TcpStream,
    submit: &Submit,
    control: &mut Control,
) -> io::Result<Vec<u8>> {
    if submit.length > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a transfer longer than a control transfer can be",
        ));
    }
    let mut data = vec![0; if submit.to_host { 0 } else { submit.length as usize }];
    stream.read_exact(&mut data)?;
    let answer = if submit.endpoint == 0 { control.request(submit.setup, &data) } else { None };
    Ok(match answer {
        Some(answer) if submit.to_host => {
            wire::submitted(submit.sequence, 0, answer.len(), &answer)
        }
        Some(_) => wire::submitted(submit.sequence, 0, data.len(), &[]),
        None => wire::submitted(submit.sequence, STALLED, 0, &[]),
    })
}

/// Ends the connection even if the target panics: the guest then sees the device go instead of
/// waiting for it.
struct Closing(TcpStream);

impl Drop for Closing {
    fn drop(&mut self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

fn lock(plug: &Mutex<Plug>) -> MutexGuard<'_, Plug> {
    plug.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chips::CtrlBoard;

    /// An I2C message to the board, or a question for its outcome; what comes back behind the header.
    fn submit(stream: &mut TcpStream, setup: [u8; 8], data: &[u8]) -> io::Result<Vec<u8>> {
        let is_read = setup[0] & 0x80 != 0;
        let length = u32::from(u16::from_le_bytes([setup[6], setup[7]]));
        let mut bytes = vec![0; HEADER];
        bytes[3] = 1;
        bytes[15] = u8::from(is_read);
        bytes[24..28].copy_from_slice(&length.to_be_bytes());
        bytes[40..].copy_from_slice(&setup);
        bytes.extend_from_slice(data);
        stream.write_all(&bytes)?;
        stream.read_exact(&mut bytes[..HEADER])?;
        let mut answer = vec![0; if is_read { length as usize } else { 0 }];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    }

    fn plug_in(server: &Server) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        let mut hello = [0];
        stream.read_exact(&mut hello).unwrap();
        assert_eq!(hello, HELLO);
        stream
    }

    const STATUS: [u8; 8] = [0xc1, 3, 0, 0, 0, 0, 1, 0];
    const WRITE: [u8; 8] = [0x41, 7, 0, 0, 0x20, 0, 2, 0];

    #[test]
    fn a_board_that_restarts_answers_no_more_and_comes_back() {
        let board = Arc::new(Mutex::new(CtrlBoard::new(0x0014, 20)));
        let descriptor = board.lock().unwrap().descriptor();
        let server = Server::start(descriptor, Arc::clone(&board) as SharedTarget).unwrap();
        for restarts in 1..=2 {
            let mut stream = plug_in(&server);
            assert_eq!(submit(&mut stream, STATUS, &[]).unwrap().len(), 1);
            // The write arrives, and nobody hears of it.
            assert!(submit(&mut stream, WRITE, &[0x0d, 0x0e]).unwrap().is_empty());
            submit(&mut stream, STATUS, &[]).unwrap_err();
            assert_eq!(board.lock().unwrap().state.returns, restarts);
        }
        let mut stream = plug_in(&server);
        drop(server);
        submit(&mut stream, STATUS, &[]).unwrap_err();
    }
}
