//! hat-driver without an operating system: its core on an emulated Cortex-M0, against an expander that is
//! made up in the program's memory.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

use clusterhat_tests::{apart, command::Output};

const TARGET: &str = "thumbv6m-none-eabi";

/// A compiler that has the core library for the target, or its source to build it from.
struct Compiler {
    cargo: PathBuf,
    rustc: PathBuf,
    builds_core: bool,
}

impl Compiler {
    /// The one in use, or else Debian's.
    fn find() -> io::Result<Self> {
        let in_use = Path::new(env!("CARGO")).parent().unwrap_or(Path::new("/"));
        for folder in [in_use, Path::new("/usr/bin")] {
            let (cargo, rustc) = (folder.join("cargo"), folder.join("rustc"));
            let Ok(output) = Command::new(&rustc).args(["--print", "sysroot"]).output() else {
                continue;
            };
            let sysroot = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
            let rustlib = Path::new(&sysroot).join("lib/rustlib");
            let builds_core = !rustlib.join(TARGET).exists();
            if cargo.exists() && (!builds_core || rustlib.join("src/rust/library/core").exists()) {
                return Ok(Self { cargo, rustc, builds_core });
            }
        }
        Err(io::Error::other("no compiler for a Cortex-M: run tests/setup --tests"))
    }

    fn run(&self, name: &str) -> io::Result<Command> {
        let mut command = apart::run(&self.cargo, name)?;
        command.env("RUSTC", &self.rustc).env_remove("RUSTUP_TOOLCHAIN");
        // Flags for this machine are none for that one, and would come before its own.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        if self.builds_core {
            // A stable compiler builds it only when asked like this.
            command.arg("-Zbuild-std=core").env("RUSTC_BOOTSTRAP", "1");
        }
        Ok(command)
    }
}

/// What one board's part of the story has to be. A running HAT's latch has the LED (0x10) and the EEPROM's
/// write protection (0x80) high, and the hub (0x20) on v2.0 alone.
fn board(version: &str, chip: &str, bytes: u8, resting: u8) -> String {
    let latch = |nodes: u8| format!("latch {:#04x}", resting | nodes);
    let lines = [
        format!("v{version} with {chip}"),
        format!("init: done; {bytes} bytes, {}, direction 0x00", latch(0)),
        format!("On: P1 P2 P3 P4; 3000 ms, 0 retries, {}", latch(0b1111)),
        format!("Off: P2 P4; 0 ms, 0 retries, {}", latch(0b0101)),
        format!("init: not needed; 0 bytes, {}, direction 0x00", latch(0b0101)),
        format!("On: P2; 0 ms, 1 retries, {}", latch(0b0111)),
        "error: P4: the pin shows off although on is commanded (a short circuit, or no supply?)"
            .to_owned(),
        "error: cannot read the direction (0x03) register".to_owned(),
    ];
    lines.map(|line| line + "\n").concat()
}

#[test]
fn the_core_runs_on_a_cortex_m0() {
    let mut command = Compiler::find().and_then(|one| one.run("bare")).expect("a compiler");
    let output = Output::of(&mut command);
    let expected = [
        // Initialising writes the latch and the direction, and an XRA1200P's pull-ups.
        board("2.5", "PCA9554", 2, 0x90),
        board("2.5", "XRA1200P", 3, 0x90),
        board("2.0", "PCA9554", 2, 0xb0),
    ];
    assert!(
        output.status == 0 && output.stdout == expected.concat(),
        "status {}\n{}\n{}",
        output.status,
        output.stdout,
        output.stderr
    );
}
