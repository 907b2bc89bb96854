//! A running Pi, and what a test does with it.

use std::{fs, io, net::TcpListener, path::Path, process::Command};

use super::{
    device_tree::{self, Hat},
    image::Image,
    model::Model,
    nodes::{self, Power},
    programs::Programs,
    qmp::Qmp,
    shell::Shell,
};
use crate::vm::{
    Output, Transfer,
    boot::{self, CONSOLE, Machine},
    trace,
};

/// The PCA9554 as QEMU knows it.
pub(super) const EXPANDER: &str = "hat";

/// A HAT's expander answers here.
const ADDRESS: u8 = 0x20;

const TRACING: &str = "/sys/kernel/tracing";

/// A Pi before it boots.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Which Pi.
    pub model: Model,
    /// What the HAT's EEPROM says; `None` without a HAT that has one.
    pub hat: Option<Hat>,
    /// Whether a PCA9554 is on the header's I2C bus.
    pub expander: bool,
    /// Whether Pi Zeros hang on the expander's pins and on the USB.
    pub nodes: bool,
    /// Parameters added to the kernel's.
    pub parameters: &'a str,
}

/// An emulated Pi with a stock Debian kernel. Dropping it, or the end of the test process, ends it.
#[derive(Debug)]
pub struct Pi {
    model: Model,
    shell: Shell,
    qmp: Qmp,
    // Goes before the machine that it looks at.
    _power: Option<Power>,
    machine: Machine,
}

impl Pi {
    /// Boots with these programs, which load no libraries, each at its path there.
    ///
    /// # Errors
    /// If Debian's packages cannot be had, or the Pi does not come up: the end of its serial
    /// console's log is in the error.
    pub fn boot(setup: Setup<'_>, programs: &[(&Path, &str)]) -> io::Result<Self> {
        let (tools, image) = (Programs::get()?, Image::get(setup.model)?);
        let dir = boot::run_dir()?;
        let (initramfs, tree) = (dir.join("initramfs.cpio"), dir.join("device-tree.dtb"));
        fs::write(&initramfs, image.initramfs(programs)?)?;
        device_tree::write(&tools, setup.model, &image.device_tree(), setup.hat, &tree)?;
        let mut qemu = qemu(&tools, &setup)?;
        qemu.arg("-kernel").arg(image.kernel()).arg("-initrd").arg(&initramfs);
        qemu.arg("-dtb").arg(&tree);
        let log = format!(",logfile={}", dir.join(CONSOLE).display());
        let agent = Port::listen()?;
        qemu.arg("-chardev").arg(format!("socket,id=serial,{}{log}", agent.for_chardev()?));
        qemu.args(["-serial", "chardev:serial"]);
        let monitors = [Port::listen()?, Port::listen()?];
        for monitor in &monitors {
            qemu.arg("-qmp").arg(format!("tcp:{}", monitor.0.local_addr()?));
        }
        if setup.nodes {
            nodes::add_hub(&mut qemu);
        }
        let machine = Machine::start(dir, qemu)?;
        let agent = agent.connected(&machine)?;
        let [qmp, power] = monitors.map(|port| port.connected(&machine).and_then(Qmp::new));
        let shell = Shell::new(agent).map_err(|e| machine.failure(&e.to_string()))?;
        let power = setup.nodes.then(|| Power::start(power?)).transpose()?;
        Ok(Self { model: setup.model, shell, qmp: qmp?, _power: power, machine })
    }

    /// Runs a script on the Pi to its end. A status other than 0 is no error.
    ///
    /// # Errors
    /// If the Pi does not answer.
    pub fn sh(&mut self, script: &str) -> io::Result<Output> {
        self.shell.run(script).map_err(|e| self.machine.failure(&e.to_string()))
    }

    /// The expander's pins from outside, bit n for pin n. An input reads high.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub fn pins(&mut self) -> io::Result<u8> {
        (0..8).try_fold(0, |pins, pin| {
            let high = self.qmp.pin(EXPANDER, pin)?;
            Ok(pins | u8::from(high) << pin)
        })
    }

    /// Changes a pin's latch as another program on the bus would.
    ///
    /// # Errors
    /// If QEMU does not take it.
    pub fn set_pin(&mut self, pin: usize, high: bool) -> io::Result<()> {
        self.qmp.set_pin(EXPANDER, pin, high)
    }

    /// The levels of the GPIO lines from outside, bit n for BCM n.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub fn lines(&mut self) -> io::Result<u32> {
        self.qmp.word(self.model.levels())
    }

    /// Whether a GPIO line is an output, from outside.
    ///
    /// # Errors
    /// If QEMU does not answer.
    pub fn is_output(&mut self, line: u32) -> io::Result<bool> {
        const OUTPUT: u32 = 0b001;
        let (register, lowest) = self.model.function(line);
        Ok(self.qmp.word(register)? >> lowest & 0b111 == OUTPUT)
    }

    /// Forgets the I2C transfers seen so far and records from here on.
    ///
    /// # Errors
    /// If the Pi's tracefs cannot be written.
    pub fn start_trace(&mut self) -> io::Result<()> {
        self.succeed(&format!("echo >{TRACING}/trace; echo 1 >{TRACING}/events/i2c/enable"))
            .map(drop)
    }

    /// Ends the record and gives the I2C transfers in it.
    ///
    /// # Errors
    /// If the trace cannot be read or has lost events.
    pub fn stop_trace(&mut self) -> io::Result<Vec<Transfer>> {
        let script = format!("echo 0 >{TRACING}/events/i2c/enable; cat {TRACING}/trace");
        trace::parse(&self.succeed(&script)?)
    }

    /// Runs a script that has to end with 0.
    fn succeed(&mut self, script: &str) -> io::Result<String> {
        match self.sh(script)? {
            Output { status: 0, stdout, .. } => Ok(stdout),
            output => Err(io::Error::other(format!("{script}: {output:?}"))),
        }
    }
}

/// QEMU with the Pi.
fn qemu(tools: &Programs, setup: &Setup<'_>) -> io::Result<Command> {
    // Plays 32-bit machines too.
    let mut qemu = tools.command("qemu-system-aarch64")?;
    qemu.arg("-L").arg(tools.data()).args(["-M", setup.model.machine(), "-accel", "tcg"]);
    qemu.args(["-display", "none", "-monitor", "none", "-no-reboot"]);
    // Without the limit on deferred probes the USB comes 10 s late, in wait for drivers that Debian's
    // kernel does not have.
    qemu.arg("-append").arg(format!(
        "console=ttyAMA0,115200 quiet deferred_probe_timeout=1 panic=-1 {}",
        setup.parameters
    ));
    if setup.expander {
        let place = format!("address={ADDRESS:#x},bus=i2c-bus.1");
        qemu.arg("-device").arg(format!("pca9554,id={EXPANDER},{place}"));
    }
    Ok(qemu)
}

/// A port of this process that QEMU connects one of its ends to.
struct Port(TcpListener);

impl Port {
    fn listen() -> io::Result<Self> {
        TcpListener::bind(("127.0.0.1", 0)).map(Self)
    }

    fn for_chardev(&self) -> io::Result<String> {
        let address = self.0.local_addr()?;
        Ok(format!("host={},port={}", address.ip(), address.port()))
    }

    fn connected(&self, machine: &Machine) -> io::Result<std::net::TcpStream> {
        machine.await_connection(&self.0)
    }
}
