//! A daemon on a simulated board, in folders of its own.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clusterhat_tests::command::clusterhat;
use clusterhat_tests::process;
use clusterhat_tests::running::until;
use rustix::process::Signal;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Answer, Request, Stream};

/// Nothing takes longer on a machine that is busy otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running daemon, killed when it is dropped.
pub(crate) struct Daemon {
    pub(crate) folder: Arc<TempDir>,
    child: Child,
    _stdout: BufReader<ChildStdout>,
    /// What its first line says.
    pub(crate) first_line: Value,
    /// The administrator's password.
    pub(crate) password: String,
}

impl Daemon {
    /// On four nodes, with HTTPS on a free port and a unix socket.
    pub(crate) fn new() -> Self {
        Self::with(&["--listen", "127.0.0.1:0"])
    }

    /// The same without HTTPS, which most tests do not need.
    pub(crate) fn on_socket() -> Self {
        Self::with(&[])
    }

    pub(crate) fn with(options: &[&str]) -> Self {
        Self::again(Arc::new(TempDir::new().expect("a folder")), options, String::new())
    }

    /// In the folders of one that has ended.
    pub(crate) fn again(folder: Arc<TempDir>, options: &[&str], password: String) -> Self {
        let mut child = Self::command(&folder, options).spawn().expect("clusterhatd runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("it prints a line");
        let first_line: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            let mut stderr = String::new();
            let _ = child.stderr.take().map(|mut pipe| pipe.read_to_string(&mut stderr));
            panic!("{error}: {line:?} {stderr}")
        });
        let password = first_line["password"].as_str().map_or(password, str::to_owned);
        Self { folder, child, _stdout: stdout, first_line, password }
    }

    /// The program with these options in these folders.
    pub(crate) fn command(folder: &TempDir, options: &[&str]) -> Command {
        let mut log = fs::OpenOptions::new();
        let log = log.create(true).append(true).open(folder.path().join("stderr"));
        let log = log.expect("a file");
        // The options may name other boards.
        let simulation: &[&str] = if options.contains(&"--sim") { &[] } else { &["--sim", "v2.5"] };
        let mut command = Command::new(env!("CARGO_BIN_EXE_clusterhatd"));
        if !options.contains(&"--socket") {
            command.arg("--socket").arg(folder.path().join("socket"));
        }
        command
            .args(simulation)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .arg("--consoles-dir")
            .arg(folder.path().join("consoles"))
            .args(options)
            .env("XDG_RUNTIME_DIR", folder.path())
            .env("SSL_CERT_FILE", folder.path().join("trusted.pem"))
            .env_remove("JOURNAL_STREAM")
            .env_remove("NOTIFY_SOCKET")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        command
    }

    /// The command `clusterhat` on the same board, beside the daemon.
    pub(crate) fn beside(&self, words: &[&str]) -> Command {
        let mut command = Command::new(clusterhat());
        command.args(["--sim", "v2.5", "--json"]).args(words);
        command.env("XDG_RUNTIME_DIR", self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What the command prints.
    pub(crate) fn run_beside(&self, words: &[&str]) -> Value {
        let output = self.beside(words).output().expect("clusterhat runs");
        serde_json::from_slice(&output.stdout).expect("it prints JSON")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A connection to the unix socket.
    pub(crate) fn socket(&self) -> UnixStream {
        let stream = UnixStream::connect(self.path("socket")).expect("the socket is there");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    /// A connection to the port of HTTPS, before TLS.
    pub(crate) fn tcp(&self) -> TcpStream {
        let url = self.first_line["url"].as_str().expect("HTTPS is served");
        let address = url.strip_prefix("https://").expect("HTTPS");
        let stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    /// A connection by TLS that trusts the daemon's certificate.
    pub(crate) fn tls(&self) -> impl Stream + use<> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(self.path("state/certificate.pem"));
        roots.add(certificate.expect("a certificate")).expect("it can be trusted");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        StreamOwned::new(connection, self.tcp())
    }

    /// Asks over the unix socket: as an administrator, unless the request says who asks.
    pub(crate) fn ask(&self, request: &Request) -> Answer {
        request.send(&mut self.socket()).unwrap_or_else(|error| panic!("{request:?}: {error}"))
    }

    /// The document at a path.
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.ask(&Request::get(path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Asks for power, and waits for the end of the task.
    pub(crate) fn power(&self, body: &Value) -> Value {
        let answer = self.ask(&Request::post("/api/v1/power", body));
        let document = answer.json();
        let Some(id) = document["task"]["id"].as_str() else { return document };
        self.finished(id)
    }

    /// A task's document, once it is over.
    pub(crate) fn finished(&self, id: &str) -> Value {
        let mut document = Value::Null;
        until("the task's end", || {
            document = self.get(&format!("/api/v1/tasks/{id}"));
            document["task"]["state"] != "running"
        });
        document
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        assert!(process::signal(self.pid(), signal));
    }

    /// Ends it by a signal. Returns its exit status, and what is needed to start it again.
    pub(crate) fn end(mut self, signal: Signal) -> (Option<i32>, Arc<TempDir>, String) {
        self.signal(signal);
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait().expect("it can be waited for") {
                Some(status) => break status,
                None => assert!(start.elapsed() < PATIENCE, "it does not end"),
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        (status.code(), Arc::clone(&self.folder), self.password.clone())
    }

    /// Waits until it has written this on standard error, which it does beside its answers. Returns all that it wrote so far.
    pub(crate) fn tells(&self, part: &str) -> String {
        until(part, || self.stderr().contains(part));
        self.stderr()
    }

    /// What it wrote on standard error so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.path("stderr")).expect("its log")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
