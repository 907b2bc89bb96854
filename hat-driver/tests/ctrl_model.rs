//! Any sequence of commands leaves ClusterCTRL boards as a model of them would be, and callers at the same
//! time never get each other's answers.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "common/row.rs"]
mod row;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hat_driver::Positions;
use hat_driver::ctrl::device::Save;
use hat_driver::linux::{
    BoardModel, BoardReading, Cluster, CtrlStatus, Options, Output, OutputResult, Platform,
    Resource,
};
use hat_driver::power::Action;
use hat_driver::sim::{Machine, Simulation, builtin};
use proptest::collection::vec;
use proptest::prelude::*;
use row::{Row as _, places};
use serde_json::{Value, json};

/// One command. Nodes and boards are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Power(u32, Action),
    Set(usize, Output, bool),
    UsbBoot(usize, bool),
    Order(usize, u8),
    Save(usize, Save),
    Reset(usize),
    Cycle(usize),
    Status(usize),
    /// The next call of the program.
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let output = prop::sample::select(vec![Output::Alert, Output::Led, Output::Act, Output::Fan]);
    let save = prop::sample::select(vec![
        Save::All,
        Save::Order,
        Save::UsbBoot,
        Save::Power,
        Save::Leds,
        Save::Defaults,
    ]);
    let board = 0..4_usize;
    prop_oneof![
        4 => (any::<u32>(), any::<bool>())
            .prop_map(|(nodes, on)| Step::Power(nodes, if on { Action::On } else { Action::Off })),
        6 => (board.clone(), output, any::<bool>()).prop_map(|(b, o, on)| Step::Set(b, o, on)),
        3 => (0..32_usize, any::<bool>()).prop_map(|(node, on)| Step::UsbBoot(node, on)),
        1 => (board.clone(), 1..=255_u8).prop_map(|(board, order)| Step::Order(board, order)),
        5 => (board.clone(), save).prop_map(|(board, save)| Step::Save(board, save)),
        4 => board.clone().prop_map(Step::Reset),
        1 => board.clone().prop_map(Step::Cycle),
        2 => board.prop_map(Step::Status),
        1 => Just(Step::Reopen),
    ]
}

/// What an EEPROM keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    order: u8,
    led: u8,
    act: Option<u8>,
    p: Vec<u8>,
    u: Option<Vec<u8>>,
}

/// One board.
#[derive(Clone, Debug)]
struct Board {
    now: Kept,
    eeprom: Kept,
    alert: u8,
    fan: Option<u8>,
    kind: u8,
}

impl Board {
    /// By the type register, which a Single shares with an A+6.
    fn millivolts(&self) -> &'static [u32] {
        match (self.kind, self.now.p.len()) {
            (1, _) => &[5014],
            (3, 5) => &[5014, 5014],
            (4, _) => &[5014, 12002],
            _ => &[],
        }
    }

    fn save(&mut self, what: Save) {
        let Self { now, eeprom, .. } = self;
        match what {
            Save::All => *eeprom = now.clone(),
            Save::Order => eeprom.order = now.order,
            Save::UsbBoot => eeprom.u = now.u.clone(),
            Save::Power => eeprom.p = now.p.clone(),
            Save::Leds => (eeprom.led, eeprom.act) = (now.led, now.act),
            Save::Defaults => *eeprom = factory(20, now),
        }
    }
}

/// All nodes off, USB boot on, LEDs on.
fn factory(order: u8, like: &Kept) -> Kept {
    Kept {
        order,
        led: 1,
        act: like.act.map(|_| 1),
        p: vec![0; like.p.len()],
        u: like.u.as_ref().map(|u| vec![1; u.len()]),
    }
}

/// All boards by their bus, and the HAT's nodes.
struct Boards {
    hat: Option<u8>,
    ctrls: BTreeMap<u32, Board>,
}

/// Where a node or a board of a cluster is: on the HAT, or on a bus.
type Place = Option<u32>;

impl Boards {
    fn of(world: &Simulation) -> Self {
        let board = |ctrl: &hat_driver::sim::ctrl::SimCtrl| {
            let (p, u) = (ctrl.p.clone(), ctrl.u.clone());
            let now = Kept { order: ctrl.order, led: ctrl.led, act: ctrl.act, p, u };
            let eeprom = factory(ctrl.order, &now);
            Board { eeprom, now, alert: ctrl.alert, fan: ctrl.fan, kind: ctrl.kind }
        };
        Self {
            hat: (!world.expanders.is_empty()).then_some(0),
            ctrls: world.ctrls.iter().map(|(bus, ctrl)| (*bus, board(ctrl))).collect(),
        }
    }

    /// The boards in their order.
    fn row(&self) -> Vec<Place> {
        let mut buses: Vec<_> = self.ctrls.keys().copied().collect();
        buses.sort_by_key(|bus| self.ctrls[bus].now.order);
        self.hat.iter().map(|_| None).chain(buses.into_iter().map(Some)).collect()
    }

    /// The nodes in their order: a place and a position from 0.
    fn nodes(&self) -> Vec<(Place, usize)> {
        let size = |place: &Place| place.map_or(4, |bus| self.ctrls[&bus].now.p.len());
        let row = self.row();
        row.iter().flat_map(|place| (0..size(place)).map(|n| (*place, n))).collect()
    }

    fn orders_differ(&self) -> bool {
        let mut orders: Vec<_> = self.ctrls.values().map(|board| board.now.order).collect();
        orders.sort_unstable();
        orders.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Switches a node; whether it changed.
    fn switch(&mut self, (place, position): (Place, usize), on: bool) -> bool {
        let level = match place {
            None => {
                let hat = self.hat.unwrap();
                let bit = 1 << position;
                self.hat = Some(if on { hat | bit } else { hat & !bit });
                return self.hat != Some(hat);
            }
            Some(bus) => &mut self.ctrls.get_mut(&bus).unwrap().now.p[position],
        };
        std::mem::replace(level, u8::from(on)) != u8::from(on)
    }

    fn check(&self, world: &Simulation) {
        for (bus, board) in &self.ctrls {
            let ctrl = &world.ctrls[bus];
            let (p, u) = (ctrl.p.clone(), ctrl.u.clone());
            let now = Kept { order: ctrl.order, led: ctrl.led, act: ctrl.act, p, u };
            assert_eq!(now, board.now, "bus {bus}");
            assert_eq!((ctrl.alert, ctrl.fan), (board.alert, board.fan), "bus {bus}");
        }
        if let (Some(on), Some(chip)) = (self.hat, world.expanders.values().next()) {
            // Nothing asked yet: the board is as its power came on.
            let set_up = chip.direction == 0;
            assert_eq!(if set_up { chip.latch & 0x0f } else { 0 }, on, "the HAT");
        }
    }
}

/// A machine whose locks go with it.
struct Bench(Machine);

impl Bench {
    fn open(&self) -> Cluster {
        let mut options = Options::default();
        options.delay = Duration::ZERO;
        Cluster::open(Arc::new(self.0.clone()), options).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for resource in [1, 11, 12, 13].map(Resource::Bus).into_iter().chain([Resource::PowerOn]) {
            // Some were never taken.
            let _ = self.0.lock_path(resource).and_then(fs::remove_file);
        }
    }
}

/// Runs a step; `None` where it does not fit these boards.
fn apply(model: &mut Boards, bench: &Bench, cluster: &mut Cluster, step: &Step) -> Option<()> {
    let row = model.row();
    match *step {
        Step::Power(bits, action) => {
            let nodes = model.nodes();
            let asked: Vec<_> = (0..nodes.len()).filter(|n| bits >> (n % 32) & 1 == 1).collect();
            let switched = cluster.switch(&cluster.pick(&asked), action, &mut |_| {}).unwrap();
            let changed: Vec<_> = asked
                .into_iter()
                .filter(|&node| model.switch(nodes[node], action == Action::On))
                .collect();
            assert_eq!(places(&switched.changed), changed);
        }
        Step::Set(index, output, on) => {
            let index = index % row.len();
            let bus = row[index]?;
            let board = model.ctrls.get_mut(&bus).unwrap();
            let place = match output {
                Output::Alert => Some(&mut board.alert),
                Output::Led => Some(&mut board.now.led),
                Output::Act => board.now.act.as_mut(),
                _ => board.fan.as_mut(),
            };
            let expected =
                if place.is_some() { OutputResult::Switched } else { OutputResult::Unsupported };
            if let Some(place) = place {
                *place = u8::from(on);
            }
            assert_eq!(
                cluster.set(cluster.board(index), output, on, &mut |_| {}).unwrap(),
                expected
            );
        }
        Step::UsbBoot(node, on) => {
            let nodes = model.nodes();
            let node = node % nodes.len();
            let (place, position) = nodes[node];
            let entry = place.and_then(|bus| model.ctrls.get_mut(&bus).unwrap().now.u.as_mut());
            let expected = match entry {
                None => OutputResult::Unsupported,
                Some(u) => match std::mem::replace(&mut u[position], u8::from(on)) {
                    old if old == u8::from(on) => OutputResult::Unchanged,
                    _ => OutputResult::Switched,
                },
            };
            assert_eq!(cluster.set_usb_boot(cluster.nth(node), on).unwrap(), expected);
        }
        Step::Order(index, order) => {
            let index = index % row.len();
            let bus = row[index]?;
            if model.ctrls.iter().any(|(other, board)| *other != bus && board.now.order == order) {
                return None;
            }
            model.ctrls.get_mut(&bus).unwrap().now.order = order;
            cluster.set_order(cluster.board(index), order).unwrap();
            *cluster = bench.open();
        }
        Step::Save(index, save) => {
            let index = index % row.len();
            model.ctrls.get_mut(&row[index]?).unwrap().save(save);
            cluster.save(cluster.board(index), save).unwrap();
        }
        Step::Reset(index) => {
            let index = index % row.len();
            let bus = row[index]?;
            let before = model.ctrls[&bus].clone();
            let board = model.ctrls.get_mut(&bus).unwrap();
            *board = Board {
                now: board.eeprom.clone(),
                alert: 0,
                fan: board.fan.map(|_| 0),
                ..board.clone()
            };
            if !model.orders_differ() {
                // Two boards of one order: a person's case, not a sequence's.
                model.ctrls.insert(bus, before);
                return None;
            }
            cluster.reset(cluster.board(index)).unwrap();
            *cluster = bench.open();
        }
        Step::Cycle(index) => {
            let index = index % row.len();
            // A DA and a Stack have no hub to switch.
            let has_hub = !matches!(model.ctrls[&row[index]?].kind, 0 | 4);
            let off = Duration::from_millis(300);
            let change = cluster.cycle_hub(cluster.board(index), off, &mut |_| {}).unwrap();
            assert_eq!(change == OutputResult::Switched, has_hub);
        }
        Step::Status(index) => {
            let index = index % row.len();
            check_status(model, row[index]?, cluster.status(cluster.board(index)).unwrap());
        }
        Step::Reopen => *cluster = bench.open(),
    }
    Some(())
}

fn check_status(model: &Boards, bus: u32, status: BoardReading) {
    let board = &model.ctrls[&bus];
    let set = |levels: &[u8]| -> Positions {
        (0..levels.len() as u8).filter(|n| levels[usize::from(*n)] == 1).collect()
    };
    let BoardReading::Ctrl(CtrlStatus { on, usb_boot, firmware, fan, voltages, .. }) = status
    else {
        panic!("no ClusterCTRL board")
    };
    assert_eq!(on, set(&board.now.p));
    assert_eq!(usb_boot, board.now.u.as_deref().map(set));
    assert_eq!(firmware.unwrap().to_string(), "1.8");
    assert_eq!(fan, Some(board.fan.unwrap_or(0)));
    let millivolts: Vec<_> = voltages.iter().map(|v| v.millivolts().unwrap()).collect();
    assert_eq!(millivolts, board.millivolts());
}

fn value(name: &str) -> Value {
    serde_json::from_str(&builtin::simulation(name).unwrap().to_text()).unwrap()
}

/// A HAT, a Triple and a pHAT; an A+6 and a Single; a DA, a Stack and an old board that can do little.
fn worlds() -> [Value; 3] {
    let board = |name: &str, order: u8| {
        let mut board = value(name)["chips"]["11"].clone();
        board["order"] = json!(order);
        board
    };
    let mut old = board("triple", 9);
    (old["fan"], old["act"]) = (Value::Null, Value::Null);
    [
        value("mixed"),
        json!({"chips": {"11": board("a+6", 20), "12": board("single", 3)}}),
        json!({"chips": {"11": board("da", 20), "12": board("stack", 200), "13": old}}),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn boards_are_as_the_model(world in 0..3_usize, slow in 0..4_u32, steps in vec(step(), 1..80)) {
        let mut value = worlds()[world].clone();
        for (_, chip) in value["chips"].as_object_mut().unwrap() {
            if chip["kind"] == "ctrl" {
                chip["slow"] = json!(slow);
                chip["eeprom"] = as_made(chip);
            }
        }
        let world = Simulation::parse(&value.to_string()).unwrap();
        let mut model = Boards::of(&world);
        let bench = Bench(Machine::memory(world).unwrap().without_waits());
        let mut cluster = bench.open();
        for step in &steps {
            if apply(&mut model, &bench, &mut cluster, step).is_some() {
                model.check(&bench.0.simulation());
                let sizes: Vec<_> = cluster.boards().map(|(_, info)| usize::from(info.size)).collect();
                prop_assert_eq!(sizes.iter().sum::<usize>(), model.nodes().len());
            }
        }
    }
}

/// The EEPROM of a board on which nothing was saved but its order.
fn as_made(chip: &Value) -> Value {
    let filled = |key: &str, level: u8| {
        let entries = chip[key].as_array().map(|entries| vec![level; entries.len()]);
        json!(entries)
    };
    let act = if chip["act"].is_null() { Value::Null } else { json!(1) };
    json!({"order": chip["order"], "led": 1, "act": act, "p": filled("p", 0), "u": filled("u", 1)})
}

const CALLERS: usize = 8;
const CALLS: usize = 200;

/// One caller's calls: its own node goes on and off, and what it is told is always of this board.
fn call_again_and_again(machine: &Machine, caller: usize) {
    let mut options = Options::default();
    options.delay = Duration::ZERO;
    options.lock_limit = Duration::from_secs(120);
    let mut cluster = Cluster::open(Arc::new(machine.clone()), options).unwrap();
    let mut on = false;
    for call in 0..CALLS {
        if call % 4 == 3 {
            let BoardReading::Ctrl(status) = cluster.status(cluster.board(0)).unwrap() else {
                panic!("no board")
            };
            assert_eq!(status.on.has(caller as u8), on, "caller {caller}, call {call}");
            assert_eq!(status.firmware.unwrap().to_string(), "1.8", "caller {caller}, call {call}");
            let voltages: Vec<_> = status.voltages.iter().map(|v| v.millivolts()).collect();
            assert_eq!(voltages, [Some(5014), Some(12002)], "caller {caller}, call {call}");
            assert_eq!((status.fan, status.usb_boot), (Some(0), None), "caller {caller}");
        } else {
            on = !on;
            let action = if on { Action::On } else { Action::Off };
            let switched = cluster.switch(&cluster.pick(&[caller]), action, &mut |_| {}).unwrap();
            assert_eq!(places(&switched.changed), [caller], "caller {caller}, call {call}");
        }
    }
    assert!(matches!(cluster.boards().next().unwrap().1.model, BoardModel::Ctrl { order: 20, .. }));
}

/// Without a lock they would mix up data and command registers (a defect of the vendor's tool).
#[test]
fn callers_at_once_get_their_own_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    let mut world = value("da");
    world["chips"]["11"]["maxpi"] = json!(CALLERS);
    world["chips"]["11"]["p"] = json!([0; 8].to_vec());
    world["chips"]["11"]["adc"] = json!([[1, 778], [2, 360]]);
    fs::write(&file, world.to_string()).unwrap();
    let open = || Machine::open(file.to_str().unwrap()).unwrap().without_waits();
    let machine = Bench(open());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            // A handle of its own each, as each process has.
            scope.spawn(move || call_again_and_again(&open(), caller));
        }
    });
    // 150 changes each: all nodes are off again.
    assert_eq!(machine.0.simulation().ctrls[&11].p, [0; 8]);
    let lock = machine.0.lock_path(Resource::Lines).unwrap().with_extension("transfer");
    let _ = fs::remove_file(lock);
}
