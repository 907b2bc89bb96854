//! `hammer WORLD SIGNAL COUNT`: switches one signal of a simulated board many times through the
//! driver, and looks after each time whether it stayed so. Prints the last state.
//!
//! Each of several such processes owns one signal: what one of them writes, the others must not undo.

use std::{env, error::Error, io, sync::Arc, time::Duration};

use hat_driver::{
    Signals,
    linux::{Board, BoardReading, Cluster, Options, Output},
    power::Action,
    sim::Machine,
};

/// What is owned, by the names on the board: its bit in the state, and how it is switched.
const SIGNALS: [(&str, Signals, Owned); 8] = [
    ("P1", Signals::node(0), Owned::Node(1)),
    ("P2", Signals::node(1), Owned::Node(2)),
    ("P3", Signals::node(2), Owned::Node(3)),
    ("P4", Signals::node(3), Owned::Node(4)),
    ("LED", Signals::LED, Owned::Output(Output::Led)),
    ("HUB", Signals::HUB, Owned::Output(Output::Hub)),
    ("ALERT", Signals::ALERT, Owned::Output(Output::Alert)),
    ("WP", Signals::WRITE_PROTECT, Owned::Output(Output::WriteProtect)),
];

#[derive(Clone, Copy)]
enum Owned {
    Node(u32),
    Output(Output),
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<_> = env::args().skip(1).collect();
    let [world, name, count] = &words[..] else { return Err("hammer WORLD SIGNAL COUNT".into()) };
    let known = SIGNALS.iter().position(|(known, ..)| known == name);
    let position = known.ok_or("SIGNAL is P1 to P4, LED, HUB, ALERT or WP")?;
    let mut options = Options::default();
    options.lock_limit = Duration::from_secs(60);
    let machine = Machine::open(world)?.without_waits();
    let mut hammer = Hammer {
        cluster: Cluster::open(Arc::new(machine), options)?,
        position,
        // Any sequence does, as long as it is another one for each signal.
        random: 0x9e37_79b9_7f4a_7c15 ^ (position as u64 + 1),
        on: false,
    };
    hammer.strike(hammer.on)?;
    for number in 0..count.parse::<u32>()? {
        let on = hammer.toss();
        hammer.strike(on).and_then(|()| hammer.look()).map_err(|error| {
            io::Error::other(format!("{name}, operation {number}, {on}: {error}"))
        })?;
    }
    println!("{}", if hammer.on { "on" } else { "off" });
    Ok(())
}

struct Hammer {
    cluster: Cluster,
    position: usize,
    random: u64,
    on: bool,
}

impl Hammer {
    /// A coin (xorshift64).
    fn toss(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random & 1 == 1
    }

    fn strike(&mut self, on: bool) -> Result<(), Box<dyn Error>> {
        let before = std::mem::replace(&mut self.on, on);
        match SIGNALS[self.position].2 {
            Owned::Node(number) => {
                let action = if on { Action::On } else { Action::Off };
                let node = self.cluster.node(number).ok_or("there is no such node")?;
                self.cluster.switch(&[node], action, &mut |_| {})?;
            }
            Owned::Output(output) => {
                self.cluster.set(self.board()?, output, on, &mut |_| {})?;
            }
        }
        // The next operation of another kind, now and then.
        if before == on {
            self.cluster.init(self.board()?)?;
        }
        Ok(())
    }

    fn board(&self) -> Result<Board, Box<dyn Error>> {
        Ok(self.cluster.boards().next().ok_or("there is no board")?.0)
    }

    fn look(&mut self) -> Result<(), Box<dyn Error>> {
        let BoardReading::Hat(status) = self.cluster.status(self.board()?)? else {
            return Err("this is no HAT".into());
        };
        let signal = SIGNALS[self.position].1;
        let commanded = status.commanded.map(|on| on.contains(signal));
        let seen = status.seen.contains(signal);
        if (commanded, seen) == (Some(self.on), self.on) {
            return Ok(());
        }
        Err(format!("switched {}, commanded {commanded:?}, seen {seen}", self.on).into())
    }
}
