//! A kill at each transfer.

use super::*;

/// What is called in a process of its own, which is then killed.
const KILLED_CALLS: &[(&[&str], Ask)] = &[
    (&["on", "LAST", "--delay", "0.1"], Ask::On(&[0, 1, 2])),
    (&["off", "LAST"], Ask::Off(&[0, 1, 2])),
    (&["usbboot", "off", "FIRST"], Ask::UsbBoot(0, false)),
    (&["board", "order", "ORDER", "77"], Ask::Order(77)),
    (&["board", "save", "ORDER"], Ask::Save(Save::All)),
    (&["board", "reset", "ORDER", "--yes"], Ask::Reset),
];

/// As a shell tells an end by SIGKILL.
const KILLED: i32 = 128 + 9;

/// The words of a call for a world's last board.
fn words(name: &str, args: &[&str]) -> Vec<String> {
    let machine = machine(&start(name), &[]);
    let cluster = open(&machine).unwrap();
    let (_, nodes) = last_board(&cluster);
    let first = nodes[0].number();
    let last = nodes[nodes.len().min(3) - 1].number();
    let order = if name == "mixed" { 30 } else { 20 };
    let word = |word: &&str| match *word {
        "LAST" => format!("p{first}..p{last}"),
        "FIRST" => format!("p{first}"),
        "ORDER" => order.to_string(),
        word => word.to_owned(),
    };
    args.iter().map(word).collect()
}

fn kill_everywhere(name: &str, calls: &[usize], sample: u32) {
    let mut kills = 0;
    for &call in calls {
        let (args, ask) = KILLED_CALLS[call];
        let words = words(name, args);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let start = start(name);
        let before = boards_of(&start);
        let whole = clusterhat_tests::command::World::new(&start);
        assert_eq!(whole.run(&words).status, 0, "{name} {words:?}");
        let end = boards_of(&whole.read());
        let mut transfer = 1;
        loop {
            // Killed after one transfer is killed before the next: each state is met once.
            let kind = ["kill-before", "kill-after"][(transfer as usize / sample as usize) % 2];
            let context = format!("{name} {words:?} {kind} {transfer}");
            let mut faulty = start.clone();
            faulty["faults"] = json!([{"transfer": transfer, "kind": kind}]);
            let world = clusterhat_tests::command::World::new(&faulty);
            let output = world.run(&words);
            if output.status != KILLED {
                assert_eq!(output.status, 0, "{context}: {output:?}");
                break;
            }
            kills += 1;
            assert_eq!(output.stdout, "", "{context}: promised before it was done");
            assert!(world.held_locks().is_empty(), "{context}");
            let mut left = world.read();
            let case = Case { ask, before: &before, end: &end, context };
            let (_, is_new) = case.check(&boards_of(&left));
            left.as_object_mut().unwrap().remove("faults");
            world.write(&left);
            // Under its old order there is none any more.
            if !(matches!(ask, Ask::Order(_)) && is_new) {
                let again = world.run(&words);
                assert_eq!(again.status, 0, "{}: then: {again:?}", case.context);
            }
            assert_eq!(boards_of(&world.read()), end, "{}: the next call", case.context);
            transfer += sample;
        }
    }
    assert!(kills > 5, "{name}: {kills}");
}

#[test]
fn a_triple_survives_a_kill_anywhere() {
    kill_everywhere("triple", &[0, 1, 2, 3, 4, 5], 1);
}

#[test]
fn an_a_plus_6_survives_a_kill_anywhere() {
    kill_everywhere("a+6", &[0, 1], 1);
}

#[test]
fn other_boards_survive_a_kill() {
    for name in ["phat", "single", "stack"] {
        kill_everywhere(name, &[0, 1], 2);
    }
    kill_everywhere("da", &[0], 3);
    kill_everywhere("mixed", &[0, 1], 2);
}
