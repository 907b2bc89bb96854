//! Runs in the virtual machine: a program that knows nothing but a socket for the kernel's notifications of links.
//!
//! - `guest-listener INTERFACE` ends as soon as the interface has a carrier.
//! - `guest-listener INTERFACE NODE ROUNDS` does so again and again, with `clusterhat wait` beside it and then with the former. Prints
//!   for each round by how many microseconds the two ended later than it had heard of the carrier, which follows the device NODE
//!   at the other end of the cable.

use std::{
    env,
    error::Error,
    fs,
    os::fd::AsFd,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SocketFlags, SocketType, bind, netlink::SocketAddrNetlink, recv,
        socket_with,
    },
    process::{Pid, PidfdFlags, pidfd_open},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// `RTMGRP_LINK` (rtnetlink(7)).
const LINKS: u32 = 1;
const RTM_NEWLINK: u16 = 16;
const IFF_LOWER_UP: u32 = 1 << 16;

/// Where the type of a message stands in `struct nlmsghdr`, and the flags in the `struct ifinfomsg` behind that.
const KIND_AT: usize = 4;
const FLAGS_AT: usize = 16 + 8;

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let words: Vec<_> = env::args().skip(1).collect();
    match &words[..] {
        [interface] => Listener::new(interface)?.until(true),
        [interface, node, rounds] => compare(interface, node, rounds.parse()?),
        _ => Err("guest-listener INTERFACE [NODE ROUNDS]".into()),
    }
}

fn compare(interface: &str, node: &str, rounds: u32) -> Result<()> {
    let mut listener = Listener::new(interface)?;
    let limit = PATIENCE.as_secs().to_string();
    for _ in 0..rounds {
        let mut wait = Command::new("clusterhat");
        wait.args(["wait", "p1", "--for", "link", "--timeout", &limit]);
        let mut bare = Command::new(env::current_exe()?);
        bare.arg(interface);
        let [ours, bares] = [wait, bare].map(|command| listener.later(node, command));
        println!("{} {}", ours?.as_micros(), bares?.as_micros());
    }
    Ok(())
}

fn set(device: &str, word: &str) -> Result<()> {
    let status = Command::new("ip").args(["link", "set", device, word]).status()?;
    if status.success() { Ok(()) } else { Err(format!("ip ended with {status}").into()) }
}

/// Waits until it waits for the kernel, by what the kernel says that it sleeps in.
fn until_it_waits(child: &Child) -> Result<()> {
    let limit = Instant::now() + PATIENCE;
    while !fs::read_to_string(format!("/proc/{}/wchan", child.id()))?.contains("poll") {
        if Instant::now() > limit {
            return Err("the command does not wait".into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Knows nothing but its socket.
struct Listener {
    socket: rustix::fd::OwnedFd,
    /// As messages have the interface's name.
    name: Vec<u8>,
}

impl Listener {
    fn new(interface: &str) -> Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // NETLINK_ROUTE is the family's default.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, LINKS))?;
        Ok(Self { socket, name: [interface.as_bytes(), &[0]].concat() })
    }

    /// Waits until the carrier is there, or is not.
    fn until(&mut self, carrier: bool) -> Result<()> {
        while self.heard_carrier()? != Some(carrier) {
            self.wait(&[])?;
        }
        Ok(())
    }

    /// By how much later than this listener hears of the carrier a command ends that waits for it.
    fn later(&mut self, node: &str, mut command: Command) -> Result<Duration> {
        set(node, "down")?;
        self.until(false)?;
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        until_it_waits(&child)?;
        let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
        set(node, "up")?;
        let mut heard = None;
        loop {
            let has_ended = self.wait(&[process.as_fd()])?;
            let now = Instant::now();
            if heard.is_none() && self.heard_carrier()? == Some(true) {
                heard = Some(now);
            }
            if has_ended {
                let status = child.wait()?;
                let heard = heard.filter(|_| status.success());
                return match heard {
                    Some(heard) => Ok(now - heard),
                    None => Err(format!("the command ended with {status} and no event").into()),
                };
            }
        }
    }

    /// Waits for a message, or for one of these, and tells whether it is one of these.
    fn wait(&self, others: &[rustix::fd::BorrowedFd<'_>]) -> Result<bool> {
        let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN)];
        fds.extend(others.iter().map(|other| PollFd::from_borrowed_fd(*other, PollFlags::IN)));
        if poll(&mut fds, Some(&Timespec::try_from(PATIENCE)?))? == 0 {
            return Err("nothing happens".into());
        }
        Ok(fds[1..].iter().any(|fd| !fd.revents().is_empty()))
    }

    /// What the last of the messages that are there says of the interface's carrier, if one is about it.
    fn heard_carrier(&mut self) -> Result<Option<bool>> {
        let (mut heard, mut buffer) = (None, vec![0; 1 << 15]);
        loop {
            let message = match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((_, length)) => buffer.get(..length).ok_or("a message was cut")?,
                Err(Errno::AGAIN) => return Ok(heard),
                Err(error) => return Err(error.into()),
            };
            heard = self.carrier(message).or(heard);
        }
    }

    fn carrier(&self, message: &[u8]) -> Option<bool> {
        let kind = message.get(KIND_AT..KIND_AT + 2)?.try_into().ok().map(u16::from_ne_bytes)?;
        let flags = message.get(FLAGS_AT..FLAGS_AT + 4)?.try_into().ok().map(u32::from_ne_bytes)?;
        let is_it = message.windows(self.name.len()).any(|part| part == self.name);
        (is_it && kind == RTM_NEWLINK).then_some(flags & IFF_LOWER_UP != 0)
    }
}
