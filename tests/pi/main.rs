//! The packaged `clusterhat` on emulated Raspberry Pis with a stock Debian kernel. It takes the packages
//! that `packages/build` makes: the tests are ignored unless asked for, as `tests/pi/run` does.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

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

static PI: LazyLock<Mutex<Pi>> = LazyLock::new(|| Mutex::new(boot(PI_3)));

/// Boots a Pi.
fn boot(setup: Setup<'_>) -> Pi {
    let package = Package::find("clusterhat", setup.model).unwrap();
    Pi::boot(setup, &[(&package.file(PROGRAM), PROGRAM)]).unwrap()
}

/// The Pi 3, for one test at a time, with its nodes off and no configuration.
fn pi() -> MutexGuard<'static, Pi> {
    let mut pi = PI.lock().unwrap_or_else(PoisonError::into_inner);
    let cleared = pi.sh("rm -f /etc/clusterhat/*; clusterhat hub on; clusterhat off").unwrap();
    assert_eq!(cleared.status, 0, "{cleared:?}");
    pi
}
