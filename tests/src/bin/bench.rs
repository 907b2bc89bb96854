//! Measures the `clusterhat` command against its limits, and fails if one is missed.
//!
//! `cargo run --release -p clusterhat-tests --bin bench`
//!
//! Transfers are counted by the kernel of the virtual machine. Its processor is emulated: how much
//! slower it is, a `status` of a simulated board tells, which runs in the guest and on the host.

use std::{
    env,
    error::Error,
    fmt, io,
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use clusterhat_tests::{
    chips::{ADDRESS, CtrlBoard, Expanders},
    usbip::Descriptor,
    vm::{Output, Plugged, Vm, built},
};
use hat_driver::sim::chip::Kind;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Runs of which the median counts.
const RUNS: usize = 20;

/// What the command itself may take for a `status`, the bus not counted.
const TIME_LIMIT: Duration = Duration::from_millis(5);

/// A command that runs in the guest as on the host.
const SIMULATED: &[&str] = &["--sim", "v2.5", "status"];

const MEMORY_LIMIT_KB: u64 = 8 * 1024;

/// A board in a known state, ready to be plugged into the guest.
#[derive(Clone, Copy)]
enum Board {
    /// A v2.5 Cluster HAT.
    Hat(fn() -> Expanders),
    /// A ClusterCTRL board by its USB product ID.
    Ctrl { product: u16, order: u8 },
}

const TRIPLE: Board = Board::Ctrl { product: 0x0014, order: 20 };
const A_PLUS_6: Board = Board::Ctrl { product: 0x0013, order: 20 };
const PHAT: Board = Board::Ctrl { product: 0x0012, order: 30 };

/// What the guest's driver has to be told, as the shipped udev rule tells it.
const NEW_ID: &str = "/sys/bus/usb/drivers/i2c-tiny-usb/new_id";

/// A command whose transfers are counted.
struct Counted {
    what: &'static str,
    boards: &'static [Board],
    words: &'static [&'static str],
    limit: u64,
    /// What the vendor's tool needs for the same.
    vendor: u64,
}

const COUNTED: [Counted; 6] = [
    Counted {
        what: "status",
        boards: &[Board::Hat(|| Expanders::running(0b0101))],
        words: &["status"],
        limit: 4,
        vendor: 9,
    },
    Counted {
        what: "on of three nodes",
        boards: &[Board::Hat(|| Expanders::running(0b0000))],
        words: &["on", "p1", "p2", "p3"],
        limit: 6,
        vendor: 14,
    },
    Counted {
        what: "off of all nodes",
        boards: &[Board::Hat(|| Expanders::running(0b1111))],
        words: &["off"],
        limit: 4,
        vendor: 17,
    },
    Counted {
        what: "init of a fresh board",
        boards: &[Board::Hat(|| Expanders::new(Kind::Xra1200p, &[ADDRESS]))],
        words: &["init"],
        limit: 12,
        vendor: 27,
    },
    Counted {
        what: "status of a Triple",
        boards: &[TRIPLE],
        words: &["status"],
        limit: 20,
        vendor: 36,
    },
    Counted {
        what: "status of an A+6 and a pHAT",
        boards: &[A_PLUS_6, PHAT],
        words: &["status"],
        limit: 60,
        vendor: 80,
    },
];

fn main() -> Result<ExitCode> {
    build()?;
    let program = built("clusterhat")?;
    let vm = Vm::boot(&[(&program, "/usr/bin/clusterhat")])?;
    vm.run(&["mkdir", "-p", "/etc/clusterhat", "/run/lock"])?;
    let mut rows = Vec::new();
    for counted in &COUNTED {
        rows.push(transfers(&vm, counted)?);
    }
    rows.extend(times(&vm, &program)?);
    rows.push(memory(&vm)?);
    print(&rows);
    Ok(if rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The command and the guest's agent, in the profile of this program.
fn build() -> Result<()> {
    let program = env::current_exe()?;
    let folder = program.parent().ok_or("this program is in no folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "clusterhat-cli", "--package", "clusterhat-tests"])
        .args(["--bin", "clusterhat", "--bin", "guest-agent", "--profile", profile])
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(folder))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo build ended with {status}").into()) }
}

/// Plugs boards in and describes to the command those that it cannot find by itself.
fn plug(vm: &Vm, boards: &[Board]) -> io::Result<Vec<Plugged>> {
    let (mut plugged, mut configuration) = (Vec::new(), String::new());
    for &board in boards {
        plugged.push(match board {
            Board::Hat(expanders) => {
                let hat = vm.plug(Descriptor::default(), expanders().shared().1)?;
                let bus = hat.bus;
                configuration += &format!(
                    "[[board]]\nbus = {bus}\naddress = {ADDRESS:#04x}\nrevision = \"2.5\"\n"
                );
                hat
            }
            Board::Ctrl { product, order } => {
                let board = CtrlBoard::new(product, order);
                vm.write_file(NEW_ID, &format!("3171 {product:04x}"))?;
                vm.plug(board.descriptor(), Arc::new(Mutex::new(board)))?
            }
        });
    }
    vm.write_file("/etc/clusterhat/clusterhat.toml", &configuration)?;
    Ok(plugged)
}

/// Runs a program in the guest, which must succeed.
fn run(vm: &Vm, argv: &[&str]) -> Result<Output> {
    match vm.run(argv)? {
        output if output.status == 0 => Ok(output),
        output => Err(format!("{}: {output:?}", argv.join(" ")).into()),
    }
}

fn transfers(vm: &Vm, counted: &Counted) -> Result<Row> {
    let _plugged = plug(vm, counted.boards)?;
    vm.start_trace()?;
    run(vm, &[&["clusterhat"], counted.words].concat())?;
    let measured = Amount::Transfers(vm.stop_trace()?.len() as u64);
    let limit = Some(Amount::Transfers(counted.limit));
    let vendor = Some(Amount::Transfers(counted.vendor));
    Ok(Row { what: counted.what.into(), measured, limit, vendor })
}

/// A `status` in the guest, the same converted to the host's speed, and what both rest on.
fn times(vm: &Vm, program: &Path) -> Result<[Row; 4]> {
    let _plugged = plug(vm, COUNTED[0].boards)?;
    let host = median(repeat(|| host_time(program))?);
    let guest = median(repeat(|| guest_time(vm, &[&["clusterhat"], SIMULATED].concat()))?);
    let any = median(repeat(|| guest_time(vm, &["true"]))?);
    vm.start_trace()?;
    let own = median(repeat(|| guest_time(vm, &["clusterhat", "status"]))?);
    vm.stop_trace()?;
    let slower = guest.as_secs_f64() / host.as_secs_f64();
    let row = |what: &str, time, limit: Option<Duration>| Row {
        what: what.to_owned(),
        measured: Amount::Time(time),
        limit: limit.map(Amount::Time),
        vendor: None,
    };
    Ok([
        row("status in the guest, without its bus", own, Some(TIME_LIMIT)),
        row(&format!("  if it were not {slower:.0} times slower"), own.div_f64(slower), None),
        row("`true` in the guest", any, None),
        row("status on the host, simulated board", host, None),
    ])
}

fn repeat(mut measure: impl FnMut() -> Result<Duration>) -> Result<Vec<Duration>> {
    (0..RUNS).map(|_| measure()).collect()
}

/// From start to end, without the transfers that the trace has of it.
fn guest_time(vm: &Vm, argv: &[&str]) -> Result<Duration> {
    vm.clear_trace()?;
    let wall = Duration::from_micros(run(vm, argv)?.wall_us);
    let bus: Duration = vm.transfers()?.iter().map(|transfer| transfer.took).sum();
    Ok(wall.saturating_sub(bus))
}

fn host_time(program: &Path) -> Result<Duration> {
    let start = Instant::now();
    let status = Command::new(program).args(SIMULATED).stdout(Stdio::null()).status()?;
    let time = start.elapsed();
    if status.success() {
        return Ok(time);
    }
    Err(format!("clusterhat {} ended with {status}", SIMULATED.join(" ")).into())
}

/// The kernel's mark of the most memory that a `status` ever had, read while it rests before the
/// next.
fn memory(vm: &Vm) -> Result<Row> {
    let _plugged = plug(vm, COUNTED[0].boards)?;
    let script = "clusterhat status --watch=60 >/tmp/status &
        while [ ! -s /tmp/status ]; do usleep 10000; done
        grep VmHWM /proc/$!/status; kill $!";
    let said = run(vm, &["sh", "-c", script])?.stdout;
    let kb = said.split_whitespace().nth(1).and_then(|number| number.parse().ok());
    let kb = kb.ok_or_else(|| format!("no VmHWM: kB in {said:?}"))?;
    Ok(Row {
        what: "memory of a status".into(),
        measured: Amount::Memory(kb),
        limit: Some(Amount::Memory(MEMORY_LIMIT_KB)),
        vendor: None,
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// One measurement.
struct Row {
    what: String,
    measured: Amount,
    /// At most this; absent = for information.
    limit: Option<Amount>,
    vendor: Option<Amount>,
}

impl Row {
    fn holds(&self) -> bool {
        self.limit.is_none_or(|limit| self.measured <= limit)
    }
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Amount {
    Transfers(u64),
    Time(Duration),
    Memory(u64),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfers(count) => f.pad(&format!("{count} transfers")),
            Self::Time(time) => f.pad(&format!("{:.2} ms", time.as_secs_f64() * 1e3)),
            Self::Memory(kb) => f.pad(&format!("{kb} kB")),
        }
    }
}

fn print(rows: &[Row]) {
    let text = |amount: Option<Amount>| amount.map_or("-".into(), |amount| amount.to_string());
    println!("{:40} {:>12} {:>12} {:>13}", "", "measured", "limit", "vendor's tool");
    for row in rows {
        let (limit, vendor) = (text(row.limit), text(row.vendor));
        let missed = if row.holds() { "" } else { "  MISSED" };
        println!("{:40} {:>12} {limit:>12} {vendor:>13}{missed}", row.what, row.measured);
    }
}
