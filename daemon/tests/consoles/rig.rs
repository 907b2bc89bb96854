//! A daemon on a unix socket, with its nodes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clusterhat::consoles::{Control, Heard, Notice, SharedConsole, WriteWish};
use clusterhat_tests::command::{Output, World, clusterhat};
use clusterhat_tests::running::Running;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

/// Nothing here takes this long on any machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Nodes, in a simulation or at devices, and a folder for the daemon.
pub(crate) struct Site {
    pub(crate) world: World,
    /// Where devices are; absent = the nodes are simulated.
    root: Option<PathBuf>,
}

impl Site {
    /// Four simulated nodes, the first two of them on.
    pub(crate) fn simulated() -> Self {
        let site = Self { world: World::builtin("v2.5"), root: None };
        assert_eq!(site.run(&["on", "p1", "p2", "--delay", "0"]).status, 0);
        site
    }

    /// A controller whose nodes' ports are in a folder `dev`.
    pub(crate) fn with_devices() -> Self {
        let world = World::builtin("v2.5");
        let root = world.folder().join("root");
        for folder in ["etc/clusterhat", "dev"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let board = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";
        std::fs::write(root.join("etc/clusterhat/clusterhat.toml"), board).unwrap();
        Self { world, root: Some(root) }
    }

    /// A pseudo-terminal for a node's port; the node's end.
    pub(crate) fn plug_in(&self, name: &str) -> File {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let terminal = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        symlink(terminal, self.root.as_deref().unwrap().join("dev").join(name)).unwrap();
        master.into()
    }

    /// Takes a node's port away. Its link goes first: the number of a pseudo-terminal that is gone is given to the next one.
    pub(crate) fn unplug(&self, name: &str, node: File) {
        std::fs::remove_file(self.root.as_deref().unwrap().join("dev").join(name)).unwrap();
        drop(node);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.world.folder().join(name)
    }

    fn place(&self, command: &mut Command) {
        match &self.root {
            Some(root) => command.arg("--root").arg(root),
            None => command.arg("--sim").arg(self.world.path()),
        };
    }

    /// The command beside the daemon.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.world.program(clusterhat());
        self.place(&mut command);
        command.args(arguments).env("CLUSTERHAT_SOCKET", self.path("socket"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(arguments))
    }

    /// Starts the daemon, and waits until it serves.
    pub(crate) fn daemon(&self) -> Running {
        let mut command = self.world.program(Path::new(env!("CARGO_BIN_EXE_clusterhatd")));
        self.place(&mut command);
        command.arg("--socket").arg(self.path("socket"));
        command.arg("--state-dir").arg(self.path("state"));
        command.arg("--consoles-dir").arg(self.path("consoles"));
        command.stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("\"schema\":1"), "{line}");
        Running::of(child)
    }

    /// Asks the daemon; its status, and its document.
    pub(crate) fn get(&self, path: &str, headers: &str) -> (u16, Value) {
        let (status, body) = self.get_text(path, headers);
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    /// The text at a path, with its status.
    pub(crate) fn get_text(&self, path: &str, headers: &str) -> (u16, String) {
        let mut stream = UnixStream::connect(self.path("socket")).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: pi\r\n{headers}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    /// A node's console at the daemon, with what the node said before.
    pub(crate) fn console(&self, node: &str) -> Reader {
        let console = SharedConsole::connect_since_opened(&self.path("socket"), node).unwrap();
        Reader { console, notices: Vec::new(), text: String::new() }
    }
}

/// A reader with all that it was sent.
pub(crate) struct Reader {
    pub(crate) console: SharedConsole,
    pub(crate) notices: Vec<Notice>,
    pub(crate) text: String,
}

impl Reader {
    /// Reads until it is so.
    pub(crate) fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + LIMIT;
        while !so(self) {
            assert!(Instant::now() < end, "{what}: {:?} {:?}", self.notices, self.text);
            let mut fds = [PollFd::new(&self.console, PollFlags::IN)];
            poll(&mut fds, Some(&Timespec { tv_sec: 1, tv_nsec: 0 })).unwrap();
            for heard in self.console.read().expect("the daemon is there") {
                match heard {
                    Heard::Notice(notice) => self.notices.push(notice),
                    Heard::Bytes(bytes) => self.text.push_str(&String::from_utf8_lossy(&bytes)),
                }
            }
        }
    }

    pub(crate) fn until_text(&mut self, text: &str) {
        self.until(text, |reader| reader.text.contains(text));
    }

    /// Waits until the node shows its console.
    pub(crate) fn until_open(&mut self) {
        let is_port = |notice: &&Notice| matches!(notice, Notice::Port { .. });
        let open = Notice::Port { open: true, error: None };
        self.until("an open port", |reader| {
            reader.notices.iter().rev().find(is_port) == Some(&open)
        });
    }

    pub(crate) fn until_notice(&mut self, notice: &Notice) {
        self.until(&format!("{notice:?}"), |reader| reader.notices.last() == Some(notice));
    }

    /// Becomes the writer.
    pub(crate) fn write(&mut self, wish: WriteWish) {
        self.console.tell(Control::Write(wish));
        let is_writer =
            |reader: &Self| matches!(reader.notices.last(), Some(Notice::Writer { you: true, .. }));
        self.until("the turn", is_writer);
    }
}
