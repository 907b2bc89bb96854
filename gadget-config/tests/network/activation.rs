//! What is told to the managers, and that everything is put back where it does not come up.

use gadget_config::Manager::{self, NetworkManager, Networkd};
use gadget_config::network::{Error, Mode, activate, deactivate};

use serde_json::json;

use crate::machine::{ADDRESSES, Machine, TABLES, link};
use crate::tree::assert_same;

const NM_RELOAD: &str = "nmcli connection reload";
const NM_UPLINK: &str = "nmcli --wait 60 connection up clusterhat-uplink";
const NM_BRIDGE: &str = "nmcli --wait 60 connection up clusterhat0";
const NM_NODE: &str = "nmcli --wait 60 connection up clusterhat-nodes ifname ethpi1";
const NM_DELETE: &str = "nmcli device delete clusterhat0";
const NM_OWN: &str = "nmcli --wait 60 connection up ifname eth0";
const NM_ADD: &str = "nmcli connection add save no type ethernet con-name eth0 ifname eth0";
const NM_ADDED: &str = "nmcli --wait 60 connection up eth0";
const RELOAD: &str = "networkctl reload";
const DELETE: &str = "networkctl delete clusterhat0";
const RECONFIGURE: &str = "networkctl reconfigure eth0";
const WAIT: &str = "/usr/lib/systemd/systemd-networkd-wait-online";

/// A machine on which the programs do as they are told.
fn willing(manager: Manager, mode: Mode) -> Machine {
    let machine = Machine::stock(manager);
    machine.set_up(mode);
    for call in [
        NM_RELOAD,
        NM_UPLINK,
        NM_BRIDGE,
        NM_NODE,
        NM_DELETE,
        NM_OWN,
        NM_ADD,
        NM_ADDED,
        RELOAD,
        DELETE,
        RECONFIGURE,
        &wait("clusterhat0:routable"),
        &wait("clusterhat0:no-carrier"),
        &wait("eth0:routable"),
    ] {
        machine.tools.answer(call, "");
    }
    machine.tools.calls.borrow_mut().clear();
    machine
}

fn wait(what: &str) -> String {
    format!("{WAIT} --interface={what} --ipv4 --timeout=60")
}

/// The calls that change something.
fn told(machine: &Machine) -> Vec<String> {
    let calls = machine.tools.calls.borrow();
    calls.iter().filter(|call| !call.starts_with("ip ") && *call != TABLES).cloned().collect()
}

fn bring_up(machine: &Machine) -> Result<(), Error> {
    let settings = machine.survey().settings().unwrap().clone();
    machine.tools.calls.borrow_mut().clear();
    activate(&settings, &machine.places(), &machine.tools)
}

#[test]
fn nat_comes_up_with_the_nodes_that_are_there() {
    let machine = willing(NetworkManager, Mode::Nat);
    machine.links(&[link("eth0", "192.0.2.7/24"), link("ethpi1", "")]);
    bring_up(&machine).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_BRIDGE, NM_NODE]);
    let machine = willing(Networkd, Mode::Nat);
    bring_up(&machine).unwrap();
    assert_eq!(told(&machine), [RELOAD, &wait("clusterhat0:no-carrier")]);
}

#[test]
fn rules_that_nft_was_too_slow_for_are_asked_for_again() {
    let machine = willing(NetworkManager, Mode::Nat);
    machine.tools.answer(TABLES, "table inet filter\n");
    bring_up(&machine).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_BRIDGE, NM_BRIDGE]);
}

#[test]
fn a_failure_puts_everything_back() {
    for (manager, mode, fails, last) in [
        (NetworkManager, Mode::Nat, NM_BRIDGE.to_owned(), NM_DELETE.to_owned()),
        (NetworkManager, Mode::Bridge, NM_UPLINK.to_owned(), NM_OWN.to_owned()),
        (Networkd, Mode::Nat, wait("clusterhat0:no-carrier"), DELETE.to_owned()),
        (Networkd, Mode::Bridge, wait("clusterhat0:routable"), wait("eth0:routable")),
    ] {
        let before = Machine::stock(manager).card.tree();
        let machine = willing(manager, mode);
        machine.tools.fail(&fails, "it did not come up");
        let error = bring_up(&machine).unwrap_err();
        assert!(matches!(error, Error::PutBack { .. }), "{error}");
        assert!(error.to_string().contains("it did not come up"), "{error}");
        assert_eq!(told(&machine).last(), Some(&last));
        assert_same(&machine.card.tree(), &before);
    }
}

/// The connection that the user came through hangs on it.
#[test]
fn an_address_that_does_not_move_to_the_bridge_is_a_failure() {
    for manager in [NetworkManager, Networkd] {
        let machine = willing(manager, Mode::Bridge);
        // The uplink has its address before, and no bridge has it after.
        let error = bring_up(&machine).unwrap_err();
        assert!(matches!(error, Error::PutBack { .. }), "{error}");
        assert!(error.to_string().contains("192.0.2.7"), "{error}");
        // A bridge that has it at once.
        let machine = willing(manager, Mode::Bridge);
        machine.links(&[link("eth0", "192.0.2.7/24"), link("clusterhat0", "192.0.2.7/24")]);
        bring_up(&machine).unwrap();
    }
}

/// NetworkManager says that the bridge is up before its lease has come.
#[test]
fn an_address_may_take_its_time() {
    let machine = willing(NetworkManager, Mode::Bridge);
    let links = json!([link("eth0", ""), link("clusterhat0", "192.0.2.7/24")]);
    machine.tools.answer_later(20, ADDRESSES, links);
    bring_up(&machine).unwrap();
}

#[test]
fn what_could_not_be_put_back_is_told_with_what_to_do() {
    let machine = willing(NetworkManager, Mode::Bridge);
    machine.tools.fail(NM_UPLINK, "no");
    machine.tools.fail(NM_OWN, "no profile");
    machine.tools.fail(NM_ADDED, "never");
    let error = bring_up(&machine).unwrap_err();
    assert!(matches!(error, Error::NotPutBack { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("never") && text.contains("systemctl restart NetworkManager"), "{text}");
}

/// NetworkManager's own for a device without one is not to become one for good.
#[test]
fn an_uplink_without_a_profile_gets_one_until_the_next_boot() {
    let machine = willing(NetworkManager, Mode::Bridge);
    machine.tools.fail(NM_OWN, "no profile");
    let settings = machine.survey().settings().unwrap().clone();
    machine.tools.calls.borrow_mut().clear();
    deactivate(&settings, &machine.tools).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_DELETE, NM_OWN, NM_ADD, NM_ADDED]);
}

#[test]
fn taking_down_gives_the_uplink_back() {
    let machine = willing(Networkd, Mode::Bridge);
    let settings = machine.survey().settings().unwrap().clone();
    machine.tools.calls.borrow_mut().clear();
    deactivate(&settings, &machine.tools).unwrap();
    assert_eq!(told(&machine), [RELOAD, DELETE, RECONFIGURE, &wait("eth0:routable")]);
}
