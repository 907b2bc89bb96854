//! Starts QEMU and keeps it: the machine lives as long as its [`Machine`], and never longer than
//! the test process.

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    image,
    protocol::{CONNECTIONS_PARAMETER, PORT_PARAMETER},
    tools::{QEMU, SETPRIV, context},
};

/// A boot takes some seconds without hardware virtualisation; this is for a machine that has much
/// else to do.
const BOOT_LIMIT: Duration = Duration::from_secs(300);

/// An end takes less than a second, and with systemd some more.
const END_LIMIT: Duration = BOOT_LIMIT;

const POLL: Duration = Duration::from_millis(20);

/// What QEMU boots.
#[derive(Debug)]
pub(super) struct Boot<'a> {
    pub(super) kernel: &'a Path,
    pub(super) initramfs: Vec<u8>,
    pub(super) memory_mib: u32,
    /// QEMU's own options beyond those that every machine has.
    pub(super) options: Vec<String>,
    /// How many connections the agent makes; each carries requests on its own.
    pub(super) connections: usize,
    /// A TCP port of the guest that the host is to reach.
    pub(super) forward: Option<u16>,
}

/// A running QEMU.
#[derive(Debug)]
pub(crate) struct Machine {
    dir: PathBuf,
    process: Pid,
    forwarded: Option<u16>,
    stop: Option<Sender<()>>,
    keeper: Option<JoinHandle<()>>,
}

impl Machine {
    /// Boots and waits for the agent's connections.
    ///
    /// # Errors
    /// If QEMU is missing or ends, or the agent has not called within [`BOOT_LIMIT`]; the end of the
    /// serial console's log is in the error.
    pub(super) fn boot(boot: &Boot<'_>) -> io::Result<(Self, Vec<TcpStream>)> {
        let dir = run_dir()?;
        let initramfs = dir.join(INITRAMFS);
        fs::write(&initramfs, &boot.initramfs)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let forward = boot.forward.map(|guest| Ok::<_, io::Error>((free_port()?, guest)));
        let forward = forward.transpose()?;
        let command = qemu(boot, &dir, port, forward)?;
        let forwarded = forward.map(|(host, _)| host);
        let mut machine = Self::start(dir, command)?;
        machine.forwarded = forwarded;
        let agents: io::Result<_> =
            (0..boot.connections).map(|_| machine.await_connection(&listener)).collect();
        // QEMU has read it.
        fs::remove_file(&initramfs)?;
        Ok((machine, agents?))
    }

    /// Runs QEMU for as long as the machine is kept, which then removes its folder. The guest's
    /// console is expected to go to [`CONSOLE`] there.
    ///
    /// # Errors
    /// If QEMU cannot be run.
    pub(crate) fn start(dir: PathBuf, mut command: Command) -> io::Result<Self> {
        let log = fs::File::create(dir.join(QEMU_LOG))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let (process, stop, keeper) = keep(command)?;
        Ok(Self { dir, process, forwarded: None, stop: Some(stop), keeper: Some(keeper) })
    }

    /// The end of what the guest wrote to its serial console.
    pub(crate) fn console(&self) -> String {
        const LINES: usize = 40;
        let log = fs::read(self.dir.join(CONSOLE)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    /// The port of the host that leads to the one of the guest that the spec named.
    pub(super) fn forwarded(&self) -> Option<u16> {
        self.forwarded
    }

    /// Sends QEMU a signal.
    ///
    /// # Errors
    /// If it has gone.
    pub(super) fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.ended() {
            return Err(self.failure("the virtual machine has ended"));
        }
        Ok(kill_process(self.process, signal)?)
    }

    /// Waits until QEMU has ended by itself, as it does when the guest reboots.
    ///
    /// # Errors
    /// If it has not within [`END_LIMIT`].
    pub(super) fn await_end(&self) -> io::Result<()> {
        let limit = Instant::now() + END_LIMIT;
        while !self.ended() {
            if Instant::now() > limit {
                return Err(self.failure("the virtual machine does not end"));
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Waits until QEMU or the guest connects.
    ///
    /// # Errors
    /// If QEMU ends, or nobody has called within [`BOOT_LIMIT`]; the end of the serial console's log
    /// is in the error.
    pub(crate) fn await_connection(&self, listener: &TcpListener) -> io::Result<TcpStream> {
        listener.set_nonblocking(true)?;
        let limit = Instant::now() + BOOT_LIMIT;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(e) if e.kind() != io::ErrorKind::WouldBlock => return Err(e),
                Err(_) if self.ended() => {
                    return Err(self.failure("the virtual machine ended before it called"));
                }
                Err(_) if Instant::now() > limit => {
                    return Err(self.failure("the virtual machine has not called"));
                }
                Err(_) => thread::sleep(POLL),
            }
        }
    }

    pub(super) fn ended(&self) -> bool {
        self.keeper.as_ref().is_none_or(JoinHandle::is_finished)
    }

    pub(crate) fn failure(&self, what: &str) -> io::Error {
        let said = fs::read_to_string(self.dir.join(QEMU_LOG)).unwrap_or_default();
        io::Error::other(format!(
            "{what}; QEMU said: {said}; the serial console said:\n{}",
            self.console()
        ))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The address of the network device that the agent calls over.
const MAC: &str = "52:54:00:12:34:56";

/// The serial console's log, in the machine's folder.
pub(crate) const CONSOLE: &str = "console.log";

/// What QEMU itself says, beside it.
const QEMU_LOG: &str = "qemu.log";

/// What it boots, until it has been read.
const INITRAMFS: &str = "initramfs.cpio";

/// QEMU's command line. `setpriv` has the kernel kill QEMU when the thread that started it goes, so
/// that even a killed test process leaves no machine behind.
fn qemu(
    boot: &Boot<'_>,
    dir: &Path,
    port: u16,
    forward: Option<(u16, u16)>,
) -> io::Result<Command> {
    let mut command = SETPRIV.command()?;
    command.args(["--pdeathsig", "KILL"]).arg(QEMU.path()?);
    command.args(["-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1"]);
    command.args(["-m", &boot.memory_mib.to_string()]);
    command.args(["-nodefaults", "-display", "none", "-no-reboot"]);
    command.arg("-kernel").arg(boot.kernel).arg("-initrd").arg(dir.join(INITRAMFS));
    let connections = boot.connections;
    command.args([
        "-append",
        &format!(
            "console=ttyS0 panic=-1 quiet {LESS_WORK} {PORT_PARAMETER}={port} \
             {CONNECTIONS_PARAMETER}={connections}"
        ),
    ]);
    command.args(network(forward));
    command.args(&boot.options);
    command.arg("-serial").arg(format!("file:{}", dir.join(CONSOLE).display()));
    Ok(command)
}

/// Hardening and clock checks of Debian's kernel take a fifth of an emulated machine's boot; `no_timer_check` also keeps
/// it from a panic where the host is too busy for the timer's interrupts to come in time. QEMU translates a program's
/// code again wherever it lies: without `norandmaps` (always at the same addresses) most programs take several times as
/// long as with it.
const LESS_WORK: &str = "mitigations=off init_on_alloc=0 apparmor=0 audit=0 nokaslr tsc=reliable \
    no_timer_check norandmaps";

/// QEMU's options for a disk.
pub(super) fn drive(file: &Path, more: &str) -> [String; 2] {
    ["-drive".into(), format!("file={},format=raw,if=virtio,{more}", file.display())]
}

/// QEMU's user network, with a port of the host's that leads to one of the guest's.
fn network(forward: Option<(u16, u16)>) -> [String; 4] {
    let forward = forward.map_or_else(String::new, |(host, guest)| {
        format!(",hostfwd=tcp:127.0.0.1:{host}-:{guest}")
    });
    let device = format!("virtio-net-pci,netdev=net,romfile=,mac={MAC}");
    ["-netdev".into(), format!("user,id=net{forward}"), "-device".into(), device]
}

/// A TCP port that nobody has; the kernel is slow to give the same one to the next who asks.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Starts the command in a thread of its own, which lives until the command ends or the sender is
/// dropped: then it kills it. (The kernel counts the death of the starting *thread*, and a test's
/// thread ends with its test.)
fn keep(mut command: Command) -> io::Result<(Pid, Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel::<()>();
    let (started, start) = mpsc::channel();
    let keeper = thread::Builder::new().name("qemu".into()).spawn(move || {
        let child = command.spawn().map_err(|e| context(e, format!("cannot run {command:?}")));
        let Some(mut child) = hand_over(child, &started) else { return };
        while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
        }
        let _ = child.kill();
        let _ = child.wait();
    })?;
    let process = start.recv().map_err(io::Error::other)??;
    Ok((process, stop, keeper))
}

/// Tells the other thread whether it started and as which process, and keeps the child.
fn hand_over(child: io::Result<Child>, started: &Sender<io::Result<Pid>>) -> Option<Child> {
    let (child, result) = match child {
        Ok(child) => {
            let process = Pid::from_child(&child);
            (Some(child), Ok(process))
        }
        Err(e) => (None, Err(e)),
    };
    started.send(result).ok().and(child)
}

/// A folder for one machine's files, named for this process; those of processes that have gone are
/// removed, since a machine in a `static` is never dropped.
pub(crate) fn run_dir() -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let all = image::cache()?.join("run");
    fs::create_dir_all(&all)?;
    for entry in fs::read_dir(&all)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let of = name.split('-').next().unwrap_or_default();
        if !Path::new("/proc").join(of).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let dir = all.join(format!("{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    // A process of the same number may have been killed here.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir(&dir)?;
    Ok(dir)
}
