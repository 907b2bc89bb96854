//! A node's serial ports, with pseudo-terminals in the place of the USB's.

use std::fs;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::Path;

use clusterhat::ports::{self, Port, PortError};
use clusterhat::{Cluster, Controller, Options};
use hat_driver::linux::lock::Holder;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, ioctl_tiocnxcl, tcgetattr};

/// A controller with a HAT of four nodes that does not answer: ports need no board.
fn controller(root: &Path) -> Cluster {
    fs::create_dir_all(root.join("etc/clusterhat")).expect("it works");
    fs::create_dir_all(root.join("dev")).expect("it works");
    let board = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";
    fs::write(root.join("etc/clusterhat/clusterhat.toml"), board).expect("it works");
    let options =
        Options { root: Some(root.to_owned()), without_boards: true, ..Options::default() };
    Controller::new(&options).expect("it works").open().expect("it works")
}

/// The node's end of a port that the controller sees under a name.
fn plug_in(root: &Path, name: &str) -> File {
    let node = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("it works");
    grantpt(&node).expect("it works");
    unlockpt(&node).expect("it works");
    let path = ptsname(&node, Vec::new()).expect("it works").into_string().expect("it works");
    symlink(path, root.join("dev").join(name)).expect("it works");
    node.into()
}

fn open(cluster: &Cluster, number: u32, port: Port) -> Result<OwnedFd, PortError> {
    ports::open(cluster, cluster.driver().node(number).expect("it works"), port)
}

fn read(file: &mut File) -> Vec<u8> {
    poll(&mut [PollFd::new(file, PollFlags::IN)], None).expect("it works");
    let mut buffer = [0; 64];
    let length = file.read(&mut buffer).expect("it works");
    buffer[..length].to_vec()
}

#[test]
fn bytes_pass_unchanged_and_nothing_is_echoed() {
    let root = tempfile::tempdir().unwrap();
    let cluster = controller(root.path());
    let mut node = plug_in(root.path(), "ttypi2");
    let port = open(&cluster, 2, Port::Console).unwrap();
    assert!(!tcgetattr(&port).unwrap().local_modes.contains(LocalModes::ECHO));
    let mut port = File::from(port);
    node.write_all(b"login: \r\n\x03\x11").unwrap();
    assert_eq!(read(&mut port), b"login: \r\n\x03\x11");
    port.write_all(b"pi\n\x04").unwrap();
    assert_eq!(read(&mut node), b"pi\n\x04");
}

#[test]
fn a_port_that_somebody_has_names_the_process() {
    let root = tempfile::tempdir().unwrap();
    let cluster = controller(root.path());
    let _node = plug_in(root.path(), "ttypi1a");
    let first = open(&cluster, 1, Port::Agent).unwrap();
    let error = open(&cluster, 1, Port::Agent).unwrap_err();
    let PortError::Busy { path, holder } = &error else { panic!("{error}") };
    assert!(path.ends_with("dev/ttypi1a"));
    assert_eq!(holder.as_ref().unwrap().pid, std::process::id());
    let text = format!("ttypi1a is in use by process {} (", std::process::id());
    assert!(error.to_string().contains(&text), "{error}");
    // A serial port is in exclusive mode until it is closed. A pseudo-terminal's other end keeps it so.
    ioctl_tiocnxcl(&first).unwrap();
    drop(first);
    open(&cluster, 1, Port::Agent).unwrap();
}

#[test]
fn a_device_that_is_not_there_or_no_terminal_is_told() {
    let root = tempfile::tempdir().unwrap();
    let cluster = controller(root.path());
    let error = open(&cluster, 3, Port::Console).unwrap_err();
    assert!(matches!(error, PortError::Absent { .. }), "{error}");
    fs::write(root.path().join("dev/ttypi3"), "").unwrap();
    let error = open(&cluster, 3, Port::Console).unwrap_err();
    assert!(matches!(error, PortError::Io { .. }), "{error}");
    assert_eq!(fs::read(root.path().join("dev/ttypi3")).unwrap(), b"", "nothing is written to it");
}

/// Who has it open without any lock, as another terminal program has it.
#[test]
fn whoever_has_a_device_open_is_found() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("dev")).unwrap();
    let node = plug_in(root.path(), "ttypi4");
    let device = root.path().join("dev/ttypi4");
    assert_eq!(Holder::with_open(&device), None);
    let terminal = File::open(&device).unwrap();
    assert_eq!(Holder::with_open(&device).unwrap().pid, std::process::id());
    drop((terminal, node));
    assert_eq!(Holder::with_open(&root.path().join("dev")), None, "no device");
}
