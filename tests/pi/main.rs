//! The packaged `clusterhat` on emulated Raspberry Pis with a stock Debian kernel. Where the packages
//! have not been built (`packages/build`), the tests are left out and say so; `tests/pi/run` does all.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::{
    io::{self, Write},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use clusterhat_tests::pi::{Hat, Model, Package, Pi, Setup};

mod busy;
mod command;
mod expander;
mod interference;
mod lines;
mod nodes;
mod zero;

/// Where the package puts the command.
const PROGRAM: &str = "/usr/bin/clusterhat";

const V2_5: Option<Hat> = Some(Hat { product_ver: "0x0025" });
const V1_3: Option<Hat> = Some(Hat { product_ver: "0x0013" });

/// A Pi 3 with a v2.5 HAT and its nodes.
const PI_3: Setup<'_> =
    Setup { model: Model::Pi3, hat: V2_5, expander: true, nodes: true, parameters: "" };

static PI: LazyLock<Option<Mutex<Pi>>> = LazyLock::new(|| boot(PI_3).map(Mutex::new));

/// Boots a Pi; `None`, and a line that tells so, where the packages are not there.
fn boot(setup: Setup<'_>) -> Option<Pi> {
    let Some(package) = Package::find("clusterhat", setup.model).unwrap() else {
        // Past the test harness, which keeps what a passed test prints.
        let _ = writeln!(io::stderr(), "LEFT OUT: no package for {:?}", setup.model);
        return None;
    };
    Some(Pi::boot(setup, &[(&package.file(PROGRAM), PROGRAM)]).unwrap())
}

/// The Pi 3, for one test at a time, with its nodes off and no configuration.
fn pi() -> Option<MutexGuard<'static, Pi>> {
    let mut pi = PI.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
    let cleared = pi.sh("rm -f /etc/clusterhat/*; clusterhat hub on; clusterhat off").unwrap();
    assert_eq!(cleared.status, 0, "{cleared:?}");
    Some(pi)
}
