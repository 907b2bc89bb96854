//! A running machine.

use std::{
    fmt, io,
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{
    super::{
        agent::Agent,
        boot::{self, Boot, Machine},
        disk,
        guest::Vm,
        plug::Plugged,
    },
    payload,
    plane::Plane,
    root,
};
use hat_driver::sim::chip::SimExpander;

use crate::{
    chips::{Expanders, HELD},
    usbip::{Descriptor, SharedTarget},
};

/// Who manages the machine's networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// NetworkManager, as on Raspberry Pi OS.
    NetworkManager,
    /// systemd-networkd, and NetworkManager is not there.
    Networkd,
}

/// What the board's configuration has to say, as no EEPROM does. The bus is 1 as on a Raspberry Pi.
const CONFIGURATION: &str = "[[board]]\nbus = 1\naddress = 0x20\nrevision = \"2.5\"\n";

/// A boot takes half a minute; this is for a machine that has much else to do.
const START_LIMIT: Duration = Duration::from_secs(300);

/// How large the machine's own disk may grow. The file is sparse.
const DISK_BYTES: u64 = 1 << 30;

/// A machine with systemd. Dropping it, or the end of the test process, ends it.
pub struct System {
    // In the order of their end: the nodes, the bus, the machine.
    plane: Option<Plane>,
    bus: Option<Plugged>,
    vm: Option<Vm>,
    expanders: Arc<Mutex<Expanders>>,
    disk: PathBuf,
    payload: Vec<u8>,
}

impl System {
    /// Boots a machine of its own with these programs, and waits until systemd has started all.
    ///
    /// # Errors
    /// If something to boot with is missing (its Debian package is named), or the machine does not
    /// come up.
    pub fn boot(
        network: Network,
        programs: &[(&Path, &str)],
        expanders: Expanders,
    ) -> io::Result<Self> {
        let manager = match network {
            Network::NetworkManager => "NetworkManager",
            Network::Networkd => "networkd",
        };
        let texts = [
            ("/etc/clusterhat-rig-network", manager),
            ("/etc/clusterhat/clusterhat.toml", CONFIGURATION),
        ];
        let payload = payload::archive(programs, &texts)?;
        let disk = boot::run_dir()?.join("own.disk");
        let expanders = Arc::new(Mutex::new(expanders));
        let mut system = Self { plane: None, bus: None, vm: None, expanders, disk, payload };
        system.boot_as_installed()?;
        Ok(system)
    }

    /// Ends the machine, and boots it as it was installed, with these expanders: for what comes after a test that
    /// failed.
    ///
    /// # Errors
    /// If the machine does not come up.
    pub fn renew(&mut self, expanders: Expanders) -> io::Result<()> {
        self.take_out();
        self.expanders = Arc::new(Mutex::new(expanders));
        self.boot_as_installed()
    }

    fn boot_as_installed(&mut self) -> io::Result<()> {
        disk::make(&self.disk, DISK_BYTES)?;
        self.start()
    }

    /// Reboots as an administrator does. The HAT keeps its power, and so do the nodes that it feeds.
    ///
    /// # Errors
    /// If the machine does not end or does not come up again.
    pub fn reboot(&mut self) -> io::Result<()> {
        // The nodes' gadgets share the machine's kernel: they go with it and come back with it.
        self.plane.take();
        // The agent is stopped like everything else, maybe before it can answer.
        let _ = self.run(&["systemctl", "reboot", "--no-block"]);
        self.await_end()?;
        self.take_out();
        self.start()
    }

    /// Forgets a machine that has ended.
    fn take_out(&mut self) {
        self.plane.take();
        self.bus.take();
        self.vm.take();
    }

    /// Powers it off as an administrator does. The HAT keeps its power.
    ///
    /// # Errors
    /// If the machine does not end.
    pub fn power_off(&mut self) -> io::Result<()> {
        // The agent is stopped like everything else, maybe before it can answer.
        let _ = self.run(&["systemctl", "poweroff", "--no-block"]);
        self.await_end()?;
        self.take_out();
        Ok(())
    }

    /// Cuts the power of the machine, of the HAT and of its nodes.
    ///
    /// # Errors
    /// If the machine is off.
    pub fn lose_power(&mut self) -> io::Result<()> {
        self.vm.as_ref().ok_or_else(is_off)?.cut_power()?;
        self.take_out();
        for chip in self.expanders().chips.values_mut() {
            *chip = SimExpander::new(chip.kind, HELD);
        }
        Ok(())
    }

    /// Gives a machine that is off its power back, and waits until this is so of the HAT's bus, which may be before the
    /// system has started all; nobody feeds the nodes.
    ///
    /// # Errors
    /// If the machine does not come up, or it does not come to be so.
    pub fn start_until(&mut self, is_so: impl Fn(&Expanders) -> bool) -> io::Result<()> {
        self.boot_machine()?;
        let limit = Instant::now() + START_LIMIT;
        while !is_so(&self.expanders()) {
            if Instant::now() > limit {
                let said = self.run(&["journalctl", "-b", "--no-pager", "-u", "clusterhat-*"])?;
                return Err(io::Error::other(format!("the board stays: {}", said.stdout)));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Gives a machine that is off its power back, and waits until systemd has started all.
    ///
    /// # Errors
    /// If the machine does not come up.
    pub fn start(&mut self) -> io::Result<()> {
        let nodes = self.boot_machine()?;
        self.await_started()?;
        self.plane = Some(Plane::start(nodes, Arc::clone(&self.expanders))?);
        Ok(())
    }

    /// The HAT's expander, to look at and to change.
    pub fn expanders(&self) -> MutexGuard<'_, Expanders> {
        self.expanders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unplugs the nodes and puts others in, made by `clusterhat-node up` with these words.
    ///
    /// # Errors
    /// If a node cannot be unplugged.
    pub fn remake_nodes(&mut self, words: &[&str]) -> io::Result<()> {
        self.plane()?.remake(words)
    }

    /// The nodes' power supply.
    ///
    /// # Errors
    /// If a node could not be switched.
    pub fn plane(&mut self) -> io::Result<&mut Plane> {
        self.plane.as_mut().ok_or_else(is_off)
    }

    /// Boots and plugs the bus in. Gives the connection of what feeds the nodes.
    fn boot_machine(&mut self) -> io::Result<Agent> {
        let root = root::root()?;
        let mut initramfs = root.initramfs()?;
        initramfs.extend(&self.payload);
        let (kernel, options) = (&*root.kernel, self.options(&root.disk));
        let boot =
            Boot { kernel, initramfs, memory_mib: 1024, options, connections: 2, forward: None };
        let (machine, agents) = Machine::boot(&boot)?;
        let [test, nodes] = <[_; 2]>::try_from(agents)
            .map_err(|_| io::Error::other("the agent has not called twice"))?;
        let vm = Vm::new(machine, test)?;
        self.bus =
            Some(vm.plug(Descriptor::default(), Arc::clone(&self.expanders) as SharedTarget)?);
        self.vm = Some(vm);
        Ok(Agent::new(nodes))
    }

    /// Two disks, and a cable between two network devices of the machine: its uplink and the outside
    /// world's end.
    fn options(&self, disk: &Path) -> Vec<String> {
        let end = |name: &str, mac: u8| {
            let device = format!("virtio-net-pci,netdev={name},romfile=,mac=52:54:00:12:34:{mac}");
            let cable = format!("hubport,id={name},hubid=1");
            ["-netdev".into(), cable, "-device".into(), device]
        };
        let disks = [boot::drive(disk, "readonly=on"), boot::drive(&self.disk, "cache=unsafe")];
        disks.into_iter().flatten().chain(end("uplink", 57)).chain(end("lan", 58)).collect()
    }

    /// Waits until systemd has carried out all that a boot is.
    fn await_started(&self) -> io::Result<()> {
        let state =
            self.run_within(START_LIMIT, &["systemctl", "is-system-running", "--wait"])?.stdout;
        if matches!(state.trim(), "running" | "degraded") {
            return Ok(());
        }
        let jobs = self.run(&["systemctl", "--no-pager", "list-jobs"])?.stdout;
        Err(io::Error::other(format!("systemd is {state}: {jobs}")))
    }
}

fn is_off() -> io::Error {
    io::Error::other("the machine is off")
}

impl Deref for System {
    type Target = Vm;

    fn deref(&self) -> &Vm {
        self.vm.as_ref().expect("between two boots nobody can ask")
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("vm", &self.vm).finish_non_exhaustive()
    }
}
