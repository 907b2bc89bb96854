//! Where HTTPS is served: what a reload changes of it, and what is told of that.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clusterhat_tests::running::until;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::Request;
use crate::rig::Daemon;

/// A daemon that reads a file.
struct Configured {
    daemon: Daemon,
    file: PathBuf,
}

impl Configured {
    fn at(listen: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("clusterhat.toml");
        std::fs::write(&file, table(listen)).expect("it can be written");
        let options = ["--config", file.to_str().expect("text")];
        Self { daemon: Daemon::again(folder.clone(), &options, String::new()), file }
    }

    /// Where it said that it is, at its start.
    fn address(&self) -> SocketAddr {
        let url = self.daemon.first_line["url"].as_str().expect("a URL");
        url.strip_prefix("https://").expect("HTTPS").parse().expect("an address")
    }

    /// Reads this instead; returns once it told so.
    fn reload(&self, text: &str) -> String {
        let before = self.daemon.stderr().len();
        std::fs::write(&self.file, text).expect("it can be written");
        self.daemon.signal(Signal::HUP);
        let mut told = String::new();
        until("what came of it", || {
            told = self.daemon.stderr()[before..].to_owned();
            told.contains("configuration") && told.ends_with('\n')
        });
        told
    }

    fn shown(&self) -> Value {
        self.daemon.get("/redfish/v1/Managers/controller/NetworkProtocol")["HTTPS"].clone()
    }
}

fn table(listen: &str) -> String {
    format!("[daemon]\nlisten = \"{listen}\"\n")
}

/// Seen: all but the address had changed, and yet was said to be as before; and the port that could not be had was shown.
#[test]
fn an_address_that_cannot_be_had_is_not_shown() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let configured = Configured::at("127.0.0.1:0");
    let address = configured.address();
    let served = json!({"ProtocolEnabled": true, "Port": address.port()});
    assert_eq!(configured.shown(), served);
    let told = configured.reload(&table(&taken));
    let expected = format!(
        "configuration reloaded, but HTTPS is still served at {address}: cannot serve HTTPS at {taken}"
    );
    assert!(told.contains(&expected), "{told}");
    assert_eq!(configured.shown(), served);
    let nodes = Request::get("/api/v1/nodes").basic("admin", &configured.daemon.password);
    assert_eq!(nodes.send(&mut configured.daemon.tls()).unwrap().status, 200);
    configured.reload("");
    assert_eq!(configured.shown(), json!({"ProtocolEnabled": false, "Port": null}));
    assert!(TcpStream::connect(address).is_err());
    let told = configured.reload(&table(&taken));
    assert!(told.contains("but HTTPS is not served: cannot serve HTTPS at"), "{told}");
    // Once it is free, the same is asked for again.
    drop(other);
    let told = configured.reload(&table(&taken));
    assert!(told.contains("clusterhatd: configuration reloaded\n"), "{told}");
    assert!(TcpStream::connect(&taken).is_ok());
}

/// Seen: the new address could not be had, since the old one held its port.
#[test]
fn a_port_is_opened_to_others_and_closed_to_them_without_a_moment_of_refusal() {
    let configured = Configured::at("127.0.0.1:0");
    let near = configured.address();
    let far = SocketAddr::new("127.0.0.2".parse().unwrap(), near.port());
    let (stop, stopped) = channel::<()>();
    std::thread::scope(|scope| {
        // Dropped where this ends, or fails.
        let stop = stop;
        let connecting = scope.spawn(move || {
            let mut refused = Vec::new();
            // With a pause, so that no port is wanting for so many connections.
            let pause = Duration::from_micros(200);
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                // One that comes just as a socket is closed may go with it: seen once in some hundred moves.
                let connect = || TcpStream::connect(near).err().map(|error| error.kind());
                refused.extend(connect().and_then(|_| connect()));
            }
            refused
        });
        for (ip, is_open) in [("0.0.0.0", true), ("127.0.0.1", false)] {
            let told = configured.reload(&table(&format!("{ip}:{}", near.port())));
            assert!(told.contains("clusterhatd: configuration reloaded\n"), "{told}");
            assert_eq!(TcpStream::connect(far).is_ok(), is_open, "{ip}");
            assert_eq!(configured.shown()["Port"], near.port());
        }
        drop(stop);
        assert_eq!(connecting.join().unwrap(), []);
    });
}

#[test]
fn two_daemons_do_not_share_a_port() {
    let first = Daemon::new();
    let url = first.first_line["url"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for ip in ["127.0.0.1", "0.0.0.0"] {
        let port = url.rsplit_once(':').unwrap().1;
        let address = format!("{ip}:{port}");
        let mut child = Daemon::command(&folder, &["--listen", &address]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if !line.is_empty() {
            child.kill().unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(1), "it serves: {line}");
        let told = std::fs::read_to_string(folder.path().join("stderr")).unwrap();
        assert!(told.contains(&format!("cannot serve HTTPS at {address}")), "{told}");
    }
}
