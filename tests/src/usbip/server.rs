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

fn serve(listener: &TcpListener, plug: &Mutex<Plug>, mut control: Control) -> io::Result<()> {
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    {
        let mut plug = lock(plug);
        if matches!(*plug, Plug::Out) {
            return Ok(());
        }
        *plug = Plug::Connected(stream.try_clone()?);
    }
    let mut stream = Closing(stream);
    loop {
        let mut header = [0; HEADER];
        stream.0.read_exact(&mut header)?;
        let answer = match Command::decode(&header) {
            Some(Command::Submit(submit)) => carry_out(&mut stream.0, &submit, &mut control)?,
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
