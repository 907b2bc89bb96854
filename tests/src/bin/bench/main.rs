//! Measures the `clusterhat` command against its limits, and fails if one is missed.
//!
//! `cargo run --release -p clusterhat-tests --bin bench`
//!
//! Transfers are counted by the kernel of the virtual machine, instructions by valgrind.
//!
//! The links are compared with what the kernel sets up by itself, side by side in the same machine.

use std::{
    env,
    error::Error,
    process::{Command, ExitCode},
};

use clusterhat_tests::table;
use clusterhat_tests::vm::{Output, Programs, Spec, Vm, built};

mod address;
mod boards;
mod link_table;
mod links;
mod own;
mod setups;
mod transfers;
mod waits;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<ExitCode> {
    build()?;
    let program = built("clusterhat")?;
    let node = built("clusterhat-node")?;
    let listener = built("guest-listener")?;
    let payload = [
        (&*program, "/usr/bin/clusterhat"),
        (&*node, "/usr/bin/clusterhat-node"),
        (&*listener, "/usr/bin/guest-listener"),
    ];
    let programs = [Programs::Iperf3];
    let vm = Vm::boot_spec(&Spec { payload: &payload, programs: &programs, ..Spec::default() })?;
    vm.run(&["mkdir", "-p", "/etc/clusterhat", "/run/lock"])?;
    let mut rows = transfers::rows(&vm)?;
    rows.push(own::instructions(&program)?);
    rows.push(own::memory(&vm)?);
    setups::prepare(&vm)?;
    rows.extend(address::rows(&vm)?);
    table::print(&rows, "vendor's tool");
    let waits = waits::rows(&vm)?;
    println!();
    table::print(&waits, "bare listener");
    let links = links::compare(&vm)?;
    println!();
    link_table::print(&links);
    let holds = rows.iter().chain(&waits).all(table::Row::holds)
        && links.iter().all(link_table::Link::holds);
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The commands and the guest's agent, in the profile of this program.
fn build() -> Result<()> {
    let program = env::current_exe()?;
    let folder = program.parent().ok_or("this program is in no folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "clusterhat-cli", "--package", "clusterhat-tests"])
        .args(["--package", "clusterhat-node"])
        .args(["--bin", "clusterhat", "--bin", "clusterhat-node", "--bin", "guest-agent"])
        .args(["--bin", "guest-listener"])
        .args(["--profile", profile])
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(folder))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("cargo build ended with {status}").into()) }
}

/// Runs a program in the guest, which must succeed.
fn run(vm: &Vm, argv: &[&str]) -> Result<Output> {
    match vm.run(argv)? {
        output if output.status == 0 => Ok(output),
        output => Err(format!("{}: {output:?}", argv.join(" ")).into()),
    }
}
