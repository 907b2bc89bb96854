//! Lines of ours that are no longer where we wrote them: somebody moved them, or a node's and a controller's set-up of
//! one card overlap.

use std::fs;

use system_config::card::{self, CardRequest};
use system_config::changes::{Changed, Edited, Sysroot, plan_undo, undo};
use system_config::controller::ControllerRequest;

use crate::tree::{Card, assert_same};
use crate::{plan, stock, sysroot};

const CONFIG: &str = "boot/config.txt";

fn node_sysroot(card: &Card) -> Sysroot {
    card::sysroot(Some(&card.path("root")), Some(&card.path("boot"))).unwrap()
}

fn set_up_node(card: &Card) {
    let plan = card.plan(CardRequest::new(3.try_into().unwrap())).unwrap();
    plan.apply(&node_sysroot(card)).unwrap();
}

fn set_up_controller(card: &Card, serial_console: bool) {
    let request = ControllerRequest { serial_console, ..ControllerRequest::default() };
    plan(card, &request).apply(&sysroot(card)).unwrap();
}

/// These lines in front of all others.
fn to_the_top(card: &Card, lines: &[&str]) {
    let text = card.read(CONFIG);
    let (first, others) = text.rsplit_once(lines[0]).unwrap();
    let rest = others.strip_prefix("\n").unwrap();
    let moved = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let rest = lines[1..]
        .iter()
        .fold(rest.to_owned(), |rest, line| rest.replacen(&format!("{line}\n"), "", 1));
    card.write(CONFIG, format!("{moved}{first}{rest}"));
}

/// A port in device mode without a gadget: the node would be unreachable, and was said to be as before.
#[test]
fn lines_that_somebody_moved_are_taken_back() {
    let card = stock("trixie");
    let cmdline = card.read("boot/cmdline.txt").replace("console=serial0,115200 ", "");
    card.write(
        "boot/cmdline.txt",
        cmdline.replace("rootwait", "rootwait modules-load=dwc2,g_ether"),
    );
    let before = card.tree();
    set_up_node(&card);
    to_the_top(&card, &["dtoverlay=dwc2", "dtparam=dr_mode=peripheral"]);
    undo(&node_sysroot(&card), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);

    set_up_controller(&card, false);
    to_the_top(&card, &["[pi4]", "otg_mode=1", "[all]"]);
    undo(&sysroot(&card), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);

    set_up_controller(&card, true);
    let cmdline = card.read("boot/cmdline.txt");
    let (console, rest) = cmdline.split_once(' ').unwrap();
    assert_eq!(console, "console=serial0,115200");
    card.write("boot/cmdline.txt", rest.replace(" rootwait", &format!(" {console} rootwait")));
    undo(&sysroot(&card), Changed::Refuse).unwrap();
    assert_same(&card.tree(), &before);
}

#[test]
fn one_line_of_several_that_somebody_moved_is_named() {
    let card = stock("trixie");
    let before = card.tree();
    set_up_node(&card);
    to_the_top(&card, &["dtoverlay=dwc2"]);
    let undone = undo(&node_sysroot(&card), Changed::Leave).unwrap();
    assert_eq!(undone.edited, [Edited { path: card.path(CONFIG), lines: vec![1] }]);
    undo(&node_sysroot(&card), Changed::Overwrite).unwrap();
    assert_same(&card.tree(), &before);

    set_up_controller(&card, false);
    to_the_top(&card, &["dtparam=i2c_arm=on"]);
    let undone = undo(&sysroot(&card), Changed::Leave).unwrap();
    assert_eq!(undone.edited, [Edited { path: card.path(CONFIG), lines: vec![1] }]);
    undo(&sysroot(&card), Changed::Overwrite).unwrap();
    assert_same(&card.tree(), &before);
}

/// N and C set up as a node and as a controller, n and c undo it.
fn orders() -> Vec<String> {
    let mut orders = vec![String::new()];
    let mut done = Vec::new();
    while let Some(order) = orders.pop() {
        let is_set_up = |up, down| order.rfind(up) > order.rfind(down);
        let next =
            [('N', 'n'), ('C', 'c')].map(|(up, down)| if is_set_up(up, down) { down } else { up });
        if order.len() < 6 {
            orders.extend(next.map(|step| format!("{order}{step}")));
        }
        if !is_set_up('N', 'n') && !is_set_up('C', 'c') {
            done.push(order);
        }
    }
    done
}

#[test]
fn set_ups_that_overlap_leave_nothing() {
    let card = stock("trixie");
    fs::create_dir(card.path("root/var/lib/clusterhat")).unwrap();
    let before = card.tree();
    let orders = orders();
    assert!(orders.contains(&"NCnNcn".to_owned()));
    for order in orders {
        for step in order.chars() {
            match step {
                'N' => set_up_node(&card),
                'C' => set_up_controller(&card, true),
                'n' => drop(undo(&node_sysroot(&card), Changed::Refuse).unwrap()),
                _ => drop(undo(&sysroot(&card), Changed::Refuse).unwrap()),
            }
        }
        assert!(card.tree() == before, "{order}: {}", card.read(CONFIG));
    }
}

/// Seen: a line for every board was for a Pi 4 only, and the other set-up's lines did nothing.
#[test]
fn a_filter_stays_for_lines_that_came_later() {
    let card = stock("trixie");
    let others = "arm_boost=1\n[pi4]\nhdmi_enable_4kp60=1\n";
    card.write(CONFIG, others);
    set_up_node(&card);
    let config = card.read(CONFIG) + "enable_uart=1\n";
    card.write(CONFIG, config);
    let planned = plan_undo(&node_sysroot(&card), Changed::Refuse).unwrap();
    let undone = undo(&node_sysroot(&card), Changed::Refuse).unwrap();
    assert_eq!(card.read(CONFIG), format!("{others}[all]\nenable_uart=1\n"));
    assert_eq!(planned.notes(), undone.notes);
    assert!(undone.notes[0].contains("boot/config.txt: [all] stays"), "{:?}", undone.notes);

    card.write(CONFIG, others);
    set_up_controller(&card, false);
    set_up_node(&card);
    undo(&sysroot(&card), Changed::Refuse).unwrap();
    assert_eq!(card.plan(CardRequest::new(3.try_into().unwrap())).unwrap().changes().len(), 0);
    undo(&node_sysroot(&card), Changed::Refuse).unwrap();

    card.write(CONFIG, others);
    set_up_node(&card);
    set_up_controller(&card, false);
    undo(&node_sysroot(&card), Changed::Refuse).unwrap();
    assert_eq!(plan(&card, &ControllerRequest::default()).changes().len(), 0);
    let undone = undo(&sysroot(&card), Changed::Refuse).unwrap();
    assert_eq!((card.read(CONFIG), undone.notes), (format!("{others}[all]\n"), vec![]));
}
