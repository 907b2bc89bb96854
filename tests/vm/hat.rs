//! Cluster HATs on adapters of the guest, and calls of the command there.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    usbip::Descriptor,
    vm::{Output, Plugged, Vm},
};
use hat_driver::sim::chip::SimExpander;
use serde_json::Value;

/// Where the command lies in the guest.
pub(crate) const PROGRAM: &str = "/usr/bin/clusterhat";

const CONFIGURATION: &str = "/etc/clusterhat/clusterhat.toml";

/// An adapter with expanders behind it. Dropping it unplugs it.
pub(crate) struct Hat {
    /// N of `/dev/i2c-N`.
    pub(crate) bus: u8,
    pub(crate) plugged: Plugged,
    expanders: Arc<Mutex<Expanders>>,
    messages: Arc<AtomicU32>,
}

impl Hat {
    /// Plugs an adapter in.
    pub(crate) fn plug(vm: &Vm, expanders: Expanders) -> io::Result<Self> {
        let messages = Arc::clone(&expanders.messages);
        let (expanders, target) = expanders.shared();
        let plugged = vm.plug(Descriptor::default(), target)?;
        Ok(Self { bus: plugged.bus, plugged, expanders, messages })
    }

    /// Plugs an adapter in and makes the first chip on it the only configured board: a v2.5.
    pub(crate) fn only(vm: &Vm, expanders: Expanders) -> io::Result<Self> {
        let hat = Self::plug(vm, expanders)?;
        configure(vm, &[(hat.bus, ADDRESS)])?;
        Ok(hat)
    }

    /// What sits on the bus, to look at and to change.
    pub(crate) fn expanders(&self) -> MutexGuard<'_, Expanders> {
        self.expanders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many messages came so far. Does not wait for the one under way.
    pub(crate) fn messages(&self) -> u32 {
        self.messages.load(Ordering::SeqCst)
    }

    /// A copy of the chip at [`ADDRESS`].
    pub(crate) fn chip(&self) -> SimExpander {
        self.expanders().chips[&ADDRESS].clone()
    }

    /// The pins of the chip at [`ADDRESS`].
    pub(crate) fn pins(&self) -> u8 {
        self.chip().pins()
    }

    /// The board as messages name it.
    pub(crate) fn label(&self) -> String {
        format!("board hat1 (v2.5, i2c-{} 0x20)", self.bus)
    }
}

/// Configures these v2.5 boards, by bus and address.
pub(crate) fn configure(vm: &Vm, boards: &[(u8, u8)]) -> io::Result<()> {
    let board = |(bus, address): &(u8, u8)| {
        format!("[[board]]\nbus = {bus}\naddress = {address:#04x}\nrevision = \"2.5\"\n")
    };
    vm.write_file(CONFIGURATION, &boards.iter().map(board).collect::<String>())
}

/// Runs the command.
pub(crate) fn clusterhat(vm: &Vm, words: &str) -> io::Result<Output> {
    vm.run(&argv(words))
}

/// Runs the command, which must succeed without a word on standard error.
#[track_caller]
pub(crate) fn succeeds(vm: &Vm, words: &str) -> String {
    match clusterhat(vm, words) {
        Ok(Output { status: 0, stdout, stderr, .. }) if stderr.is_empty() => stdout,
        other => panic!("clusterhat {words}: {other:?}"),
    }
}

/// Runs the command, which must fail with this exit status; gives the error's line, which comes last.
#[track_caller]
pub(crate) fn fails(vm: &Vm, words: &str, exit_status: i32) -> String {
    match clusterhat(vm, words) {
        Ok(Output { status, stderr, .. }) if status == exit_status => {
            stderr.lines().last().unwrap_or_default().to_owned()
        }
        other => panic!("clusterhat {words}: {other:?}"),
    }
}

/// Runs the command with `--json`, which must succeed; gives the document.
#[track_caller]
pub(crate) fn document(vm: &Vm, words: &str) -> Value {
    let text = succeeds(vm, &format!("--json {words}"));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("clusterhat {words}: {e}: {text}"))
}

/// A call of the command that runs on while the test does something else. One at a time.
pub(crate) struct Background(());

const STATUS: &str = "/tmp/background.status";
const STDOUT: &str = "/tmp/background.stdout";
const STDERR: &str = "/tmp/background.stderr";

impl Background {
    pub(crate) fn start(vm: &Vm, words: &str) -> io::Result<Self> {
        let script = format!(
            "rm -f {STATUS}; (clusterhat {words}; echo $? >{STATUS}) >{STDOUT} 2>{STDERR} </dev/null &"
        );
        vm.run(&["sh", "-c", &script])?;
        Ok(Self(()))
    }

    /// Waits for its end.
    pub(crate) fn join(self, vm: &Vm) -> io::Result<Output> {
        let script = format!("while [ ! -s {STATUS} ]; do usleep 10000; done; cat {STATUS}");
        let waited = vm.run(&["sh", "-c", &script])?;
        Ok(Output {
            status: waited.stdout.trim().parse().map_err(io::Error::other)?,
            stdout: vm.read_file(STDOUT)?,
            stderr: vm.read_file(STDERR)?,
            wall_us: waited.wall_us,
        })
    }
}

fn argv(words: &str) -> Vec<&str> {
    std::iter::once("clusterhat").chain(words.split_whitespace()).collect()
}
