//! One plug of the machine, and the device that is or is not in it.

use std::{
    io::{self, Write},
    net::TcpStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::packet::{self, Packet, SUCCESS, kind};
use crate::usbip::{Descriptor, SharedTarget, control::Control};

/// A plug with a device beside it. The connection ends when the machine ends.
#[derive(Debug)]
pub struct Plug {
    descriptor: Descriptor,
    stream: Arc<Mutex<TcpStream>>,
    plugged: bool,
}

impl Plug {
    /// Greets the machine and answers it from then on.
    ///
    /// # Errors
    /// If the connection fails.
    pub fn new(
        stream: TcpStream,
        descriptor: Descriptor,
        target: SharedTarget,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let reader = stream.try_clone()?;
        let stream = Arc::new(Mutex::new(stream));
        lock(&stream).write_all(&packet::hello())?;
        let control = Control::new(descriptor.clone(), target);
        let writer = Arc::clone(&stream);
        thread::Builder::new().name("usbredir".into()).spawn(move || {
            // The end of the connection is the end of the machine.
            let _ = answer_all(reader, &writer, control);
        })?;
        Ok(Self { descriptor, stream, plugged: false })
    }

    /// Plugs the device in or out; nothing where it is so already.
    ///
    /// # Errors
    /// If the machine has gone.
    pub fn set(&mut self, plugged: bool) -> io::Result<()> {
        if self.plugged == plugged {
            return Ok(());
        }
        let Descriptor { class, vendor, product, .. } = self.descriptor;
        let packets = if plugged {
            let connect = packet::connect(class, vendor, product);
            [packet::interfaces(class), packet::endpoints(), connect].concat()
        } else {
            packet::encode(kind::DISCONNECT, 0, &[])
        };
        lock(&self.stream).write_all(&packets)?;
        self.plugged = plugged;
        Ok(())
    }
}

fn answer_all(
    mut reader: TcpStream,
    writer: &Mutex<TcpStream>,
    mut control: Control,
) -> io::Result<()> {
    loop {
        let packet = Packet::read(&mut reader)?;
        if let Some(answer) = answer(&packet, &mut control) {
            lock(writer).write_all(&answer)?;
        }
    }
}

/// One configuration of one interface with one setting: there is nothing to choose.
fn answer(packet: &Packet, control: &mut Control) -> Option<Vec<u8>> {
    const ONLY_CONFIGURATION: u8 = 1;
    match packet.kind {
        kind::SET_CONFIGURATION | kind::GET_CONFIGURATION => {
            Some(packet.answer(kind::CONFIGURATION, &[SUCCESS, ONLY_CONFIGURATION]))
        }
        kind::SET_ALTERNATE | kind::GET_ALTERNATE => {
            let interface = *packet.data.first()?;
            Some(packet.answer(kind::ALTERNATE, &[SUCCESS, interface, 0]))
        }
        kind::CONTROL => {
            let (setup, data) = packet.control()?;
            let answer = control.request(setup, data);
            Some(packet.control_answer(answer.as_deref()))
        }
        // Greetings and resets want no answer; nothing else comes.
        _ => None,
    }
}

fn lock(stream: &Mutex<TcpStream>) -> MutexGuard<'_, TcpStream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}
