//! Sockets for the kernel's notifications (netlink(7)).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto,
    socket_with,
};

/// The kernel's own events; 2 would be those that udev passes on.
const KERNEL_EVENTS: u32 = 1;
/// `RTMGRP_LINK` and `RTMGRP_NEIGH` (rtnetlink(7)).
const LINKS_AND_NEIGHBOURS: u32 = 1 | 4;

/// `NETLINK_ROUTE` is 0, the protocol that a family has by default.
const ROUTE: Option<Protocol> = None;

/// The kernel's port.
const KERNEL: SocketAddrNetlink = SocketAddrNetlink::new(0, 0);

/// A socket that never blocks.
pub(super) struct Socket(OwnedFd);

/// The result of [`Socket::receive`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received<'a> {
    /// A message of the kernel.
    Message(&'a [u8]),
    /// The socket's buffer overflowed: messages were lost.
    Overrun,
    /// No message is waiting.
    Nothing,
}

impl Socket {
    /// Receives uevents: devices added and removed (`NETLINK_KOBJECT_UEVENT`).
    pub(super) fn uevents() -> io::Result<Self> {
        Self::open(Some(KOBJECT_UEVENT), KERNEL_EVENTS)
    }

    /// Receives changes of links and neighbours (`NETLINK_ROUTE`).
    pub(super) fn route_events() -> io::Result<Self> {
        Self::open(ROUTE, LINKS_AND_NEIGHBOURS)
    }

    /// For requests about links and neighbours.
    pub(super) fn route() -> io::Result<Self> {
        Self::open(ROUTE, 0)
    }

    fn open(protocol: Option<Protocol>, groups: u32) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Self(socket))
    }

    /// Sends a request to the kernel.
    pub(super) fn send(&self, message: &[u8]) -> io::Result<()> {
        sendto(&self.0, message, SendFlags::empty(), &KERNEL)?;
        Ok(())
    }

    /// The next message of the kernel, without blocking. Messages of other processes, which can send to the socket too, are ignored.
    pub(super) fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Received<'a>> {
        loop {
            // With `TRUNC` the length is that of the whole message.
            match recvfrom(&self.0, &mut *buffer, RecvFlags::TRUNC) {
                Ok((_, length, from)) => {
                    let from = from.and_then(|from| SocketAddrNetlink::try_from(from).ok());
                    if from.is_none_or(|from| from.pid() != KERNEL.pid()) {
                        continue;
                    }
                    let Some(message) = buffer.get(..length) else { return Ok(Received::Overrun) };
                    return Ok(Received::Message(message));
                }
                Err(Errno::AGAIN) => return Ok(Received::Nothing),
                Err(Errno::NOBUFS) => return Ok(Received::Overrun),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::getsockname;

    use super::*;

    /// `RTM_GETLINK` for all, with a header alone.
    const GET_LINKS: [u8; 20] = [20, 0, 0, 0, 18, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn only_the_kernel_is_heard() {
        let (socket, other) = (Socket::route().unwrap(), Socket::route().unwrap());
        let own = SocketAddrNetlink::try_from(getsockname(&socket).unwrap()).unwrap();
        let mut buffer = [0; 1 << 15];
        // Without rights the kernel refuses it at once.
        let sent = sendto(&other.0, b"forged", SendFlags::empty(), &own);
        assert!(matches!(sent, Ok(_) | Err(Errno::PERM | Errno::CONNREFUSED)), "{sent:?}");
        assert_eq!(socket.receive(&mut buffer).unwrap(), Received::Nothing);
        socket.send(&GET_LINKS).unwrap();
        assert!(matches!(socket.receive(&mut buffer).unwrap(), Received::Message(_)));
    }

    #[test]
    fn a_message_that_does_not_fit_is_an_overrun() {
        let socket = Socket::route().unwrap();
        socket.send(&GET_LINKS).unwrap();
        assert_eq!(socket.receive(&mut [0; 16]).unwrap(), Received::Overrun);
    }
}
