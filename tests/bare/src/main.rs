//! hat-driver's core on a Cortex-M0: switches the nodes of a board that exists in the program's memory, tells
//! of it over semihosting, and ends with a status.
#![no_std]
#![no_main]

mod chip;
mod story;

use core::fmt::Write as _;
use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hio;

#[entry]
fn main() -> ! {
    let told = hio::hstdout().is_ok_and(|mut out| match story::tell(&mut out) {
        Ok(()) => true,
        Err(trouble) => {
            // Where this cannot be written either, the status tells.
            let _ = writeln!(out, "failed: {trouble}");
            false
        }
    });
    end(told)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Ok(mut out) = hio::hstdout() {
        let _ = writeln!(out, "{info}");
    }
    end(false)
}

/// Ends the emulator.
fn end(success: bool) -> ! {
    debug::exit(if success { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {
        cortex_m::asm::wfi();
    }
}
