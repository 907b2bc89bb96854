//! Boards that cannot be opened, and handles that do not belong to any: the rest of the row works on.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "common/machine.rs"]
mod machine;
#[path = "common/row.rs"]
mod row;
#[path = "common/troubled.rs"]
mod troubled;

use std::sync::Arc;
use std::time::Duration;

use hat_driver::Positions;
use hat_driver::ctrl::device::Save;
use hat_driver::linux::{
    AnyBus, AnyLine, Board, BoardChange, BoardOptions, BoardReading, Cluster, ClusterError, Host,
    Node, Options, Output, Platform, PowerEvent, Switched, chain,
};
use hat_driver::power::Action;
use hat_driver::sim::{Machine, Simulation, builtin};
use row::{Row as _, places};
use rustix::io::Errno;
use troubled::{Troubled, names, on};

#[test]
fn a_cluster_and_what_it_hands_out_go_to_other_threads() {
    fn goes<T: Send>() {}
    fn is_shared<T: Send + Sync + ?Sized>() {}
    goes::<Cluster>();
    goes::<(AnyBus, AnyLine)>();
    goes::<(ClusterError, PowerEvent, Switched, BoardReading, BoardChange, Options)>();
    is_shared::<dyn Platform>();
    is_shared::<(Host, Machine)>();
    let mut cluster = Troubled::mixed().open().unwrap();
    let on = std::thread::spawn(move || {
        on(&mut cluster, &[0]).map(|switched| places(&switched.changed))
    });
    assert_eq!(on.join().unwrap().unwrap(), [0]);
}

/// What is wrong with the pHAT, and a part of what its error says.
fn troubles() -> [(&'static str, Troubled, &'static str); 4] {
    let refused = |errno| Troubled { refused: Some((12, errno)), ..Troubled::mixed() };
    let deaf = Troubled::mixed();
    deaf.change(|world| world.ctrls.get_mut(&12).unwrap().busy = u32::MAX);
    [
        ("deaf", deaf, "nothing acknowledges"),
        ("closed", refused(Errno::ACCESS), "ermission denied"),
        ("busy", refused(Errno::BUSY), "simulated i2c-12"),
        ("unbound", Troubled { unbound: vec![12], ..Troubled::mixed() }, "no driver is bound"),
    ]
}

#[test]
fn a_board_that_does_not_tell_its_order_makes_only_those_after_it_uncertain() {
    for (trouble, machine, why) in troubles() {
        let mut cluster = machine.open().unwrap();
        assert_eq!(names(&cluster), ["hat1", "ctrl20", "ctrl@1-12.2"], "{trouble}");
        assert_eq!(
            [0, 1, 2].map(|board| cluster.is_certain(cluster.board(board))),
            [true, false, true]
        );
        let text = chain(&cluster.check_open(cluster.board(2)).unwrap_err());
        assert!(text.contains(why) && text.contains("1-12.2"), "{trouble}: {text}");
        assert!([0, 1].iter().all(|&board| cluster.check_open(cluster.board(board)).is_ok()));

        // The HAT's nodes come first, whatever the rest is.
        let nodes: Vec<_> = (0..cluster.nodes().count()).collect();
        let error = on(&mut cluster, &nodes).unwrap_err();
        assert_eq!(machine.power(), (0x0f, vec![vec![0; 3], vec![0; 2]]), "{trouble}");
        assert!(matches!(error.cause(), ClusterError::Uncertain { .. }), "{trouble}: {error:?}");
        let text = chain(&error);
        for part in
            ["nodes 5 6 7: the numbering is uncertain", "1-12.2", "; switched on: nodes 1 2 3 4"]
        {
            assert!(text.contains(part), "{trouble}: no {part:?} in {text}");
        }
        // What asks for no number works, and so does whoever looks.
        cluster.set(cluster.board(1), Output::Alert, true, &mut |_| {}).unwrap();
        assert!(cluster.status(cluster.board(1)).is_ok());
        assert!(
            matches!(cluster.status(cluster.board(2)), Err(ClusterError::NotOpened { .. })),
            "{trouble}"
        );
    }
}

#[test]
fn nothing_comes_before_the_first_order() {
    let machine = Troubled { unbound: vec![12], ..Troubled::mixed() };
    machine.change(|world| world.ctrls.get_mut(&11).unwrap().order = 1);
    let mut cluster = machine.open().unwrap();
    assert!(cluster.is_certain(cluster.board(1)));
    assert_eq!(on(&mut cluster, &[4]).unwrap().changed, cluster.pick(&[4]));
}

#[test]
fn boards_of_one_order_keep_the_numbers_of_those_after_them_certain() {
    let machine = Troubled::mixed();
    machine.change(|world| {
        let mut twin = world.ctrls[&12].clone();
        twin.order = 20;
        let last = world.ctrls.insert(12, twin).unwrap();
        world.ctrls.insert(13, last);
    });
    let mut cluster = machine.open().unwrap();
    assert_eq!(names(&cluster), ["hat1", "ctrl20", "ctrl20", "ctrl30"]);
    let nodes: Vec<_> = (0..cluster.nodes().count()).collect();
    let error = on(&mut cluster, &nodes).unwrap_err();
    assert_eq!(machine.power(), (0x0f, vec![vec![0; 3], vec![0; 2], vec![1; 2]]));
    let text = chain(&error);
    for part in ["nodes 5 6 7: the ClusterCTRL boards on i2c-11 and i2c-12 have the same", "8 9"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
}

#[test]
fn a_hat_whose_bus_is_missing_keeps_its_numbers() {
    let machine = Troubled::of(builtin::simulation("two-hats").unwrap());
    let mut options = Options::default();
    for (name, bus, size) in [("lower", 7, 3), ("upper", 1, 4)] {
        let mut board = BoardOptions::default();
        (board.name, board.bus, board.size) = (Some(name.to_owned()), Some(bus), Some(size));
        board.revision = hat_driver::revisions::Version::parse("2.5");
        options.boards.push(board);
    }
    let mut cluster = Cluster::open(Arc::new(machine.clone()), options.clone()).unwrap();
    assert_eq!(
        (cluster.nodes().count(), cluster.node_at(cluster.board(1), 0)),
        (7, cluster.node(4))
    );
    let error = on(&mut cluster, &[2, 3]).unwrap_err();
    assert_eq!(machine.power().0, 0x01, "p4 is the upper board's first");
    assert_eq!(*error.done().unwrap().nodes, *cluster.pick(&[3]));
    let text = chain(&error);
    assert!(text.starts_with("node 3: board lower"), "{text}");
    cluster.init(cluster.board(1)).unwrap();
    assert!(matches!(cluster.init(cluster.board(0)), Err(ClusterError::NotOpened { .. })));

    let plan = |nodes: &[usize]| {
        let (board, nodes) = (cluster.board(0), cluster.pick(nodes));
        cluster.plan(board, &nodes, Positions::NONE, Action::On, Duration::ZERO)
    };
    assert!(matches!(plan(&[2]), Err(ClusterError::NotOpened { .. })));
    assert_eq!(plan(&[3]).unwrap().0, [], "not of this board");

    // Alone it leaves nothing to work with, and that is said.
    options.boards.pop();
    let machine: Arc<dyn Platform> = Arc::new(machine);
    let error = Cluster::open(Arc::clone(&machine), options.clone()).err().unwrap();
    assert!(matches!(error, ClusterError::Open { .. }), "{error:?}");
    let cluster = Cluster::find(machine, options).unwrap();
    assert!(cluster.check_open(cluster.board(0)).is_err());
}

#[test]
fn a_hat_of_an_unknown_revision_leaves_the_other_boards_alone() {
    let mut raw: serde_json::Value =
        serde_json::from_str(&builtin::simulation("mixed").unwrap().to_text()).unwrap();
    raw["hat"]["product_ver"] = "0x0027".into();
    let machine = Troubled::of(Simulation::parse(&raw.to_string()).unwrap());
    let mut cluster = machine.open().unwrap();
    assert_eq!(
        on(&mut cluster, &[4]).unwrap().changed,
        cluster.pick(&[4]),
        "the HAT has four nodes all the same"
    );
    let text = chain(&on(&mut cluster, &[0]).unwrap_err());
    assert!(text.contains("node 1") && text.contains("2.7"), "{text}");
}

/// Refused by each call, with nothing switched.
fn refuses(cluster: &mut Cluster, node: Node, board: Board) {
    let off = Duration::from_millis(100);
    let all = cluster.pick(&[0, 1]);
    let no_board = |result: Result<(), ClusterError>| match result {
        Err(ClusterError::NoSuchBoard { board: refused }) => assert_eq!(refused, board),
        other => panic!("{other:?}"),
    };
    no_board(cluster.info(board).map(drop));
    no_board(cluster.check_open(board));
    no_board(cluster.check_ready(board, Positions::NONE));
    no_board(cluster.status(board).map(drop));
    no_board(cluster.init(board).map(drop));
    no_board(cluster.set(board, Output::Alert, true, &mut |_| {}).map(drop));
    no_board(cluster.cycle_hub(board, off, &mut |_| {}).map(drop));
    no_board(cluster.set_order(board, 9).map(drop));
    no_board(cluster.save(board, Save::Order).map(drop));
    no_board(cluster.reset(board).map(drop));
    no_board(cluster.off_beyond(board).map(drop));
    no_board(cluster.starts_from(board, Positions::one(0), Action::On).map(drop));
    no_board(cluster.plan(board, &all, Positions::NONE, Action::On, off).map(drop));
    assert!(!cluster.is_certain(board));
    assert_eq!(cluster.node_at(board, 0), None);

    let no_node = |result: Result<(), ClusterError>| match result {
        Err(ClusterError::NoSuchNode { node: refused }) => assert_eq!(refused, node),
        other => panic!("{other:?}"),
    };
    let with = [all[0], node];
    no_node(cluster.switch(&with, Action::On, &mut |_| {}).map(drop));
    no_node(cluster.cycle(&with, off, &mut |_| {}).map(drop));
    no_node(cluster.plan(all[0].board(), &with, Positions::NONE, Action::On, off).map(drop));
    no_node(cluster.absent(&with).map(drop));
    no_node(cluster.set_usb_boot(node, true).map(drop));
    no_node(cluster.usb_path(node).map(drop));
    let since = cluster.asks_so_far();
    no_node(cluster.switch_since(&with, Action::Off, &since, &mut |_| {}).map(drop));
    no_node(cluster.keep_off(&with, &since).map(drop));
    no_node(cluster.end_since(&with, &since, &mut |_| {}).map(drop));
    no_node(cluster.cycle_since(&with, off, &since, &mut |_| {}).map(drop));
    no_node(cluster.ask(&with, Action::On).map(drop));
    no_node(cluster.take_back(&with));
    no_node(cluster.wanted_since(&with, &since).map(drop));
    no_node(cluster.is_asked_since(node, &since).map(drop));
    no_node(cluster.is_going_down(node).map(drop));
    no_node(cluster.is_halt_awaited(node).map(drop));
    no_node(cluster.is_hidden(node).map(drop));
    no_node(cluster.has_ended_since(node, &since).map(drop));
    no_node(cluster.set_going_down(node, true));
    no_node(cluster.set_going_down_since(node, &since));
    assert!(
        !cluster.status(cluster.board(0)).unwrap().seen().has(0),
        "nothing was switched beside it"
    );
}

#[test]
fn handles_that_do_not_belong_are_errors() {
    let machine = Troubled::mixed();
    let mut cluster = machine.open().unwrap();
    // Of another cluster, though of the same boards.
    let others = machine.open().unwrap();
    refuses(&mut cluster, others.nth(5), others.board(1));

    // Of a board that has gone, and of a node that has another number since.
    let (gone, moved) = (cluster.nth(4), cluster.nth(7));
    machine.change(|world| drop(world.ctrls.remove(&11)));
    cluster.rescan().unwrap();
    refuses(&mut cluster, gone, gone.board());
    assert_eq!(cluster.node_at(moved.board(), moved.position()), Some(cluster.nth(4)));
    let error = cluster.switch(&[moved], Action::On, &mut |_| {}).unwrap_err();
    assert!(matches!(error, ClusterError::NoSuchNode { node } if node == moved), "{error:?}");

    // What a HAT has not.
    let hat = cluster.board(0);
    for result in [cluster.set_order(hat, 9), cluster.save(hat, Save::All), cluster.reset(hat)] {
        assert!(matches!(result, Err(ClusterError::NotCtrl { .. })), "{result:?}");
    }
}
