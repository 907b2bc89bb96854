//! A running guest, and what a test does with it.

use std::{
    env, fmt, io,
    net::TcpStream,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::process::Signal;

use super::{
    agent::Agent,
    boot::{self, Boot, Machine},
    image,
    plug::{Device, Plugged},
    protocol::{AGENT, Output, Request, Response, Run},
    spec::{Devices, Spec},
    tools::context,
    trace::{self, Transfer},
};
use crate::usbip::{Descriptor, Server, SharedTarget};

const TRACING: &str = "/sys/kernel/tracing";

/// A virtual machine with a stock Debian kernel. Dropping it, or the end of the test process, ends
/// it.
pub struct Vm {
    agent: SharedAgent,
    machine: Machine,
}

/// The one connection to the guest; requests wait for each other.
pub(super) type SharedAgent = Arc<Mutex<Agent>>;

impl Vm {
    /// Boots with these files in the guest, each at its path there, with the shared libraries they
    /// load.
    ///
    /// # Errors
    /// If a program is missing (its Debian package is named), or the guest does not come up: the
    /// end of its serial console's log is in the error.
    pub fn boot(payload: &[(&Path, &str)]) -> io::Result<Self> {
        Self::boot_spec(&Spec { payload, ..Spec::default() })
    }

    /// The same with systemd-udevd, which has Debian's rules and those of the payload, and no I2C
    /// driver loaded.
    ///
    /// # Errors
    /// As [`Self::boot`].
    pub fn boot_with_udev(payload: &[(&Path, &str)]) -> io::Result<Self> {
        Self::boot_spec(&Spec { payload, devices: Devices::Udev, ..Spec::default() })
    }

    /// Boots what the spec says.
    ///
    /// # Errors
    /// As [`Self::boot`].
    pub fn boot_spec(spec: &Spec<'_>) -> io::Result<Self> {
        let agent = built("guest-agent")?;
        let base = image::base()?;
        let mut initramfs = base.archives(spec.devices, spec.programs)?;
        initramfs.extend(base.payload(&[spec.payload, &[(&agent, AGENT)]].concat())?);
        let (machine, agents) = Machine::boot(&Boot {
            kernel: &base.kernel,
            initramfs,
            memory_mib: 512,
            options: spec
                .disk
                .map_or_else(Vec::new, |disk| boot::drive(disk, "cache=unsafe").into()),
            connections: 1,
            forward: spec.forward,
        })?;
        let agent = agents.into_iter().next();
        Self::new(machine, agent.ok_or_else(|| io::Error::other("no agent has called"))?)
    }

    /// A machine whose agent has called.
    pub(super) fn new(machine: Machine, agent: TcpStream) -> io::Result<Self> {
        Ok(Self { agent: Arc::new(Mutex::new(Agent::new(agent))), machine })
    }

    /// Waits until the machine has ended by itself.
    pub(super) fn await_end(&self) -> io::Result<()> {
        self.machine.await_end()
    }

    /// Whether the machine has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.machine.ended()
    }

    /// The port of the host that leads to the guest's port that [`Spec::forward`] named.
    #[must_use]
    pub fn forwarded(&self) -> Option<u16> {
        self.machine.forwarded()
    }

    /// Stops the machine as it stands: it hangs. Connections through a forwarded port stay.
    ///
    /// # Errors
    /// If it has ended.
    pub fn freeze(&self) -> io::Result<()> {
        self.machine.signal(Signal::STOP)
    }

    /// Lets a frozen machine go on.
    ///
    /// # Errors
    /// If it has ended.
    pub fn thaw(&self) -> io::Result<()> {
        self.machine.signal(Signal::CONT)
    }

    /// Cuts its power, if it has not ended by itself. What it said on its console is still there.
    ///
    /// # Errors
    /// If it does not end.
    pub fn cut_power(&self) -> io::Result<()> {
        // It may end by itself at this moment.
        let _ = self.machine.signal(Signal::KILL);
        self.machine.await_end()
    }

    /// Ends the machine from within, as its kernel does at a reboot. Dropping it is cutting its power.
    ///
    /// # Errors
    /// If it does not end.
    pub fn shut_down(self) -> io::Result<()> {
        // The agent's answer may come or not: it ends, too.
        let _ = self.run(&["reboot", "-f"]);
        self.machine.await_end()
    }

    /// Runs a program to its end. A status other than 0 is no error.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run(&self, argv: &[&str]) -> io::Result<Output> {
        self.run_with(argv, &[])
    }

    /// Runs a program to its end, which may take that long: more than the two minutes of all others.
    ///
    /// # Errors
    /// If it cannot be started, or has not ended by then.
    pub fn run_within(&self, limit: Duration, argv: &[&str]) -> io::Result<Output> {
        let argv = argv.iter().map(|arg| (*arg).to_owned()).collect();
        let request = Request::Run(Run { argv, ..Run::default() });
        ran(self.in_guest(&request, lock(&self.agent).ask_within(limit, &request))?)
    }

    /// Runs a program with variables added to its environment.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run_with(&self, argv: &[&str], env: &[(&str, &str)]) -> io::Result<Output> {
        self.run_request(Run {
            argv: argv.iter().map(|arg| (*arg).to_owned()).collect(),
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            stdin: String::new(),
        })
    }

    /// Runs a program as described, with standard input.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run_request(&self, run: Run) -> io::Result<Output> {
        ran(self.ask(&Request::Run(run))?)
    }

    /// A text file of the guest.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read_file(&self, path: &str) -> io::Result<String> {
        match self.ask(&Request::Read { path: path.to_owned() })? {
            Response::Text(text) => Ok(text),
            other => Err(unexpected(&other)),
        }
    }

    /// Writes a text file of the guest, or an attribute below `/sys`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_file(&self, path: &str, text: &str) -> io::Result<()> {
        match self.ask(&Request::Write { path: path.to_owned(), text: text.to_owned() })? {
            Response::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Plugs in a USB device that the i2c-tiny-usb driver knows (by itself or by `new_id`) and
    /// waits for its bus.
    ///
    /// # Errors
    /// If the guest does not take the device, or its driver makes no bus of it.
    pub fn plug(&self, descriptor: Descriptor, target: SharedTarget) -> io::Result<Plugged> {
        Plugged::new(self.plug_device(descriptor, target)?)
    }

    /// Plugs in any USB device and waits until the guest has recognised it.
    ///
    /// # Errors
    /// If the guest does not take the device.
    pub fn plug_device(&self, descriptor: Descriptor, target: SharedTarget) -> io::Result<Device> {
        let (speed, returns) = (descriptor.speed as u8, descriptor.returns);
        let server = Server::start(descriptor, target)?;
        match self.ask(&Request::Attach { port: server.port(), speed, returns })? {
            Response::Attached(attached) => {
                Ok(Device::new(server, attached, Arc::clone(&self.agent)))
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Forgets the I2C transfers seen so far and records from here on.
    ///
    /// # Errors
    /// If the guest's tracefs cannot be written.
    pub fn start_trace(&self) -> io::Result<()> {
        self.clear_trace()?;
        self.write_file(&format!("{TRACING}/events/i2c/enable"), "1")
    }

    /// Forgets the I2C transfers seen so far.
    ///
    /// # Errors
    /// If the guest's tracefs cannot be written.
    pub fn clear_trace(&self) -> io::Result<()> {
        self.write_file(&format!("{TRACING}/trace"), "")
    }

    /// The I2C transfers since the record was started or cleared.
    ///
    /// # Errors
    /// If the trace cannot be read or has lost events.
    pub fn transfers(&self) -> io::Result<Vec<Transfer>> {
        trace::parse(&self.read_file(&format!("{TRACING}/trace"))?)
    }

    /// Ends the record and gives the I2C transfers in it.
    ///
    /// # Errors
    /// If the trace cannot be read or has lost events.
    pub fn stop_trace(&self) -> io::Result<Vec<Transfer>> {
        self.write_file(&format!("{TRACING}/events/i2c/enable"), "0")?;
        self.transfers()
    }

    /// The end of the guest's serial console: what the kernel complained of, if anything.
    #[must_use]
    pub fn console(&self) -> String {
        self.machine.console()
    }

    fn ask(&self, request: &Request) -> io::Result<Response> {
        self.in_guest(request, lock(&self.agent).ask(request))
    }

    fn in_guest(&self, request: &Request, answer: io::Result<Response>) -> io::Result<Response> {
        answer.map_err(|e| {
            // A kernel that panics says so there.
            let has_gone = e.kind() == io::ErrorKind::UnexpectedEof;
            let e = if has_gone { self.machine.failure(&e.to_string()) } else { e };
            context(e, format!("in the virtual machine, {request:?}"))
        })
    }
}

impl fmt::Debug for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm").field("machine", &self.machine).finish_non_exhaustive()
    }
}

/// A program of this workspace, built by the same cargo call as the running test or an earlier one.
///
/// # Errors
/// If it is not there: it names the cargo call.
pub fn built(name: &str) -> io::Result<PathBuf> {
    // target/debug/deps/vm-0123456789abcdef, or target/release/bench
    let running = env::current_exe()?;
    let dir = running.parent().unwrap_or(&running);
    let dir = if dir.ends_with("deps") { dir.parent().unwrap_or(dir) } else { dir };
    let program = dir.join(name);
    if program.is_file() {
        return Ok(program);
    }
    let what = format!("{} is missing: run cargo build --bin {name} first", program.display());
    Err(io::Error::new(io::ErrorKind::NotFound, what))
}

/// A test that failed while it held the connection has left it between two requests.
pub(super) fn lock(agent: &SharedAgent) -> MutexGuard<'_, Agent> {
    agent.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ran(response: Response) -> io::Result<Output> {
    match response {
        Response::Ran(output) => Ok(output),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn unexpected(response: &Response) -> io::Error {
    io::Error::other(format!("the guest's agent answered another question: {response:?}"))
}
