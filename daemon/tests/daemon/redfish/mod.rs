//! Redfish, as a client of the program has it.

mod access;
mod events;
mod nodes;
mod password_change;
mod tls;

use std::os::unix::net::UnixStream;
use std::sync::Arc;

use clusterhat_tests::running::until;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::rig::Daemon;

/// A daemon that Redfish is asked of.
struct Service {
    daemon: Daemon,
    options: Vec<&'static str>,
}

impl Service {
    /// With four nodes on a HAT.
    fn new() -> Self {
        Self::on("v2.5")
    }

    /// With these boards.
    fn on(simulation: &'static str) -> Self {
        let options = vec!["--sim", simulation];
        Self { daemon: Daemon::with(&options), options }
    }

    /// Kills it, and starts another one with what it left.
    fn restarted(self) -> Self {
        let Self { daemon, options } = self;
        let (_, folder, password) = daemon.end(Signal::KILL);
        Self { daemon: Daemon::again(Arc::clone(&folder), &options, password), options }
    }

    /// As the kernel knows us.
    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        self.ask_with(method, path, &[], body)
    }

    fn ask_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        self.daemon.ask(&request(method, path, headers, body))
    }

    /// Asks, and leaves the answer to be read.
    fn send(&self, path: &str, headers: &[(&str, &str)]) -> UnixStream {
        use std::io::Write as _;
        let mut stream = self.daemon.socket();
        let text = request("GET", path, headers, None).text();
        stream.write_all(text.as_bytes()).expect("it listens");
        stream
    }

    /// A resource that is there.
    fn get(&self, path: &str) -> Value {
        self.daemon.get(path)
    }

    /// Reads a resource until it is as wanted.
    fn wait_for(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut found = Value::Null;
        until(path, || {
            found = self.get(path);
            is_so(&found)
        });
        found
    }

    /// Waits for the end of the task that an answer names, where it does.
    fn settle(&self, answer: &Answer) {
        assert!(matches!(answer.status, 202 | 204), "{answer:?}");
        if answer.status == 202 {
            let monitor = answer.header("location");
            while self.ask("GET", monitor, None).status == 202 {}
            assert_eq!(self.ask("GET", monitor, None).status, 204);
        }
    }
}

impl Answer {
    /// A header that is there.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// The keys of an error's messages.
    fn messages(&self) -> Vec<String> {
        let json = self.json();
        let messages = json["error"]["@Message.ExtendedInfo"].as_array().expect("messages");
        let ids = messages.iter().map(|message| message["MessageId"].as_str().expect("an ID"));
        ids.map(|id| id.rsplit('.').next().expect("a key").to_owned()).collect()
    }
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Request {
    let mut request = Request::new(method, path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match body {
        Some(body) => request.header("content-type", "application/json").body(body),
        None => request,
    }
}

/// The body of a reset.
fn reset(kind: &str) -> String {
    json!({"ResetType": kind}).to_string()
}
