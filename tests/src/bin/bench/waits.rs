//! How long after the kernel's event `clusterhat wait` ends, beside a program that does nothing but listen to netlink. The
//! machine's processor is emulated: both take much longer than on a Pi.

use std::time::Duration;

use clusterhat_tests::{
    chips::Expanders,
    table::{Amount, Row},
    vm::Vm,
};

use crate::{
    Result,
    boards::{Board, plug},
    setups::{self, Ends, Function, Maker},
};

const ROUNDS: usize = 100;

/// So much later than the bare listener.
const LIMIT: Duration = Duration::from_millis(50);

/// For all rounds, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(1200);

/// A node that is on.
const BOARD: Board = Board::Hat(|| Expanders::running(0b0001));

/// Measures it with a node's carrier, which follows the other end of its cable.
pub(crate) fn rows(vm: &Vm) -> Result<Vec<Row>> {
    setups::clear(vm)?;
    let _plugged = plug(vm, &[BOARD])?;
    let Ends { controller, node } = setups::make(vm, Function::Ncm, Maker::Ours)?;
    // The name that the shipped udev rule gives it.
    vm.sh(&format!(
        "ip link set {controller} name ethpi1; ip link set ethpi1 up; ip link set {node} up"
    ))?;
    vm.until("[ $(cat /sys/class/net/ethpi1/carrier) = 1 ]")?;
    let rounds = ROUNDS.to_string();
    let ran = vm.run_within(PATIENCE, &["guest-listener", "ethpi1", &node, &rounds])?;
    if ran.status != 0 {
        return Err(format!("guest-listener: {ran:?}").into());
    }
    let said = ran.stdout;
    let [ours, bares] = [0, 1].map(|column| times(&said, column));
    let (ours, bares) = (ours?, bares?);
    let row = |what: &str, at: usize, limit: Option<Duration>| Row {
        what: format!("event to the end of wait: {what}"),
        measured: Amount::Time(ours[at]),
        limit: limit.map(|limit| Amount::Time(bares[at] + limit)),
        beside: Some(Amount::Time(bares[at])),
    };
    Ok(vec![
        row("median", ROUNDS / 2, Some(LIMIT)),
        row("99th percentile", ROUNDS * 99 / 100 - 1, Some(LIMIT)),
        row("most", ROUNDS - 1, None),
    ])
}

/// A column of microseconds, sorted.
fn times(said: &str, column: usize) -> Result<Vec<Duration>> {
    let time = |line: &str| {
        let word = line.split(' ').nth(column).ok_or_else(|| format!("no time in {line:?}"))?;
        Ok(Duration::from_micros(word.parse()?))
    };
    let mut times = said.lines().map(time).collect::<Result<Vec<_>>>()?;
    times.sort_unstable();
    if times.len() == ROUNDS {
        Ok(times)
    } else {
        Err(format!("not {ROUNDS} rounds: {said}").into())
    }
}
