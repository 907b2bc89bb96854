//! What is told to the managers, and that everything is put back where it does not come up.

use system_config::Manager::{self, NetworkManager, Networkd};
use system_config::changes::{Changed, undo};
use system_config::network::{
    NetworkError, NetworkMode, NetworkPlan, NetworkRequest, activate, deactivate,
};

use serde_json::json;

use crate::machine::{ADDRESSES, FILTER, Machine, RULESET, TABLES, link, request};
use crate::tree::{Tree, assert_same};

const NM_RELOAD: &str = "nmcli connection reload";
const NM_UPLINK: &str = "nmcli --wait 60 connection up clusterhat-uplink";
const NM_RESTART: &str = "nmcli --wait 0 connection up clusterhat0";
const NM_BRIDGE: &str = "nmcli --wait 60 connection up clusterhat0";
const NM_NODE: &str = "nmcli --wait 60 connection up clusterhat-nodes ifname ethpi1";
const NM_ISOLATE: &str = "bridge link set dev ethpi1 isolated on";
const NM_DELETE: &str = "nmcli device delete clusterhat0";
const NM_OWN: &str = "nmcli --wait 60 connection up ifname eth0";
const NM_ADD: &str = "nmcli connection add save no type ethernet con-name eth0 ifname eth0";
const NM_ADDED: &str = "nmcli --wait 60 connection up eth0";
const RELOAD: &str = "networkctl reload";
const DELETE: &str = "networkctl delete clusterhat0";
const RECONFIGURE: &str = "networkctl reconfigure eth0";
const WAIT: &str = "/usr/lib/systemd/systemd-networkd-wait-online";

/// A machine on which the programs do as they are told.
fn willing(manager: Manager, mode: NetworkMode) -> Machine {
    let machine = Machine::stock(manager);
    machine.set_up(mode);
    for call in [
        NM_RELOAD,
        NM_UPLINK,
        NM_BRIDGE,
        NM_RESTART,
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
    calls
        .iter()
        .filter(|call| {
            !call.starts_with("ip ")
                && *call != TABLES
                && !call.starts_with("iptables ")
                && *call != RULESET
        })
        .cloned()
        .collect()
}

fn bring_up(machine: &Machine) -> Result<(), NetworkError> {
    let mode = machine.survey().settings().unwrap().mode;
    let plan = machine.plan(&request(mode)).unwrap();
    machine.tools.calls.borrow_mut().clear();
    activate(&plan, None, &machine.sysroot(), &machine.tools)
}

#[test]
fn nat_comes_up_with_the_nodes_that_are_there() {
    let machine = willing(NetworkManager, NetworkMode::Nat);
    machine.links(&[link("eth0", "192.0.2.7/24"), link("ethpi1", "")]);
    bring_up(&machine).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_BRIDGE, NM_NODE]);
    let machine = willing(Networkd, NetworkMode::Nat);
    bring_up(&machine).unwrap();
    assert_eq!(told(&machine), [RELOAD, &wait("clusterhat0:no-carrier")]);
}

#[test]
fn ports_are_isolated_when_the_set_up_is_over() {
    let machine = willing(NetworkManager, NetworkMode::Nat);
    machine.links(&[link("eth0", "192.0.2.7/24"), link("ethpi1", "")]);
    machine.tools.answer(NM_ISOLATE, "");
    let asked = NetworkRequest { isolate: true, ..request(NetworkMode::Nat) };
    let plan = machine.plan(&asked).unwrap();
    machine.tools.calls.borrow_mut().clear();
    activate(&plan, None, &machine.sysroot(), &machine.tools).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_BRIDGE, NM_NODE, NM_ISOLATE]);
}

#[test]
fn rules_that_nft_was_too_slow_for_are_asked_for_again() {
    let machine = willing(NetworkManager, NetworkMode::Nat);
    machine.tools.answer(TABLES, "table inet filter\n");
    bring_up(&machine).unwrap();
    let (first, ups) = (&told(&machine)[0], &told(&machine)[1..]);
    assert_eq!((&**first, ups), (NM_RELOAD, &[NM_BRIDGE; 5].map(str::to_owned)[..]));
}

#[test]
fn a_failure_puts_everything_back() {
    for (manager, mode, fails, last) in [
        (NetworkManager, NetworkMode::Nat, NM_BRIDGE.to_owned(), NM_DELETE.to_owned()),
        (NetworkManager, NetworkMode::Bridge, NM_UPLINK.to_owned(), NM_OWN.to_owned()),
        (Networkd, NetworkMode::Nat, wait("clusterhat0:no-carrier"), DELETE.to_owned()),
        (Networkd, NetworkMode::Bridge, wait("clusterhat0:routable"), wait("eth0:routable")),
    ] {
        let before = Machine::stock(manager).card.tree();
        let machine = willing(manager, mode);
        machine.tools.fail(&fails, "it did not come up");
        let error = bring_up(&machine).unwrap_err();
        assert!(matches!(error, NetworkError::PutBack { .. }), "{error}");
        assert!(error.to_string().contains("it did not come up"), "{error}");
        assert_eq!(told(&machine).last(), Some(&last));
        assert_same(&machine.card.tree(), &before);
    }
}

/// What the nodes had is not lost by a try of the other mode.
#[test]
fn a_failed_bridge_gives_the_nat_back_that_was_there() {
    for (manager, fails, last) in [
        (NetworkManager, NM_UPLINK.to_owned(), NM_BRIDGE.to_owned()),
        (Networkd, wait("clusterhat0:routable"), wait("clusterhat0:no-carrier")),
    ] {
        let machine = willing(manager, NetworkMode::Nat);
        let before = machine.card.tree();
        let stock = Machine::stock(manager).card.tree();
        let survey = machine.survey();
        let plan = machine.plan(&request(NetworkMode::Bridge)).unwrap();
        plan.files.apply(&machine.sysroot()).unwrap();
        machine.tools.fail(&fails, "it did not come up");
        machine.tools.calls.borrow_mut().clear();
        let tried = activate(&plan, survey.settings(), &machine.sysroot(), &machine.tools);
        let error = tried.unwrap_err();
        assert!(matches!(error, NetworkError::PutBack { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("it did not come up") && text.contains("as it was before (nat)"),
            "{text}"
        );
        assert_eq!(told(&machine).last(), Some(&last));
        assert_same(&without_record(machine.card.tree()), &without_record(before));
        // The record still leads back to a machine without any network of nodes.
        undo(&machine.sysroot(), Changed::Refuse).unwrap();
        assert_same(&machine.card.tree(), &stock);
    }
}

/// The DHCP server that the bridge waited for in vain gives the uplink no address either.
#[test]
fn a_nat_is_given_back_without_its_uplink_and_told_so() {
    for (manager, fails, last) in [
        (NetworkManager, &[NM_UPLINK, NM_OWN, NM_ADDED][..], NM_BRIDGE.to_owned()),
        (
            Networkd,
            &[&*wait("clusterhat0:routable"), &wait("eth0:routable")],
            wait("clusterhat0:no-carrier"),
        ),
    ] {
        let machine = willing(manager, NetworkMode::Nat);
        let survey = machine.survey();
        let plan = machine.plan(&request(NetworkMode::Bridge)).unwrap();
        plan.files.apply(&machine.sysroot()).unwrap();
        for call in fails {
            machine.tools.fail(call, "no address");
        }
        machine.tools.calls.borrow_mut().clear();
        let tried = activate(&plan, survey.settings(), &machine.sysroot(), &machine.tools);
        let error = tried.unwrap_err();
        assert!(matches!(error, NetworkError::NotPutBack { .. }), "{error}");
        assert_eq!(told(&machine).last(), Some(&last));
    }
}

/// What keeps a rule from being removed does not keep the uplink from its address.
#[test]
fn the_uplink_comes_back_whatever_becomes_of_the_rules() {
    let machine = willing(Networkd, NetworkMode::Bridge);
    let with = NetworkRequest { allow_forwarding: true, ..request(NetworkMode::Bridge) };
    let settings = machine.plan(&with).unwrap().settings;
    machine.tools.fail("systemctl daemon-reload", "no systemd");
    let error = deactivate(&settings, &machine.tools).unwrap_err();
    assert!(error.to_string().contains("no systemd"), "{error}");
    assert_eq!(told(&machine).last(), Some(&wait("eth0:routable")));
}

/// It would keep the addresses of the NAT: its port is brought up, and no more.
#[test]
fn a_bridge_that_is_up_for_nat_is_started_anew_for_an_uplink() {
    let machine = willing(NetworkManager, NetworkMode::Nat);
    let survey = machine.survey();
    let plan = machine.plan(&request(NetworkMode::Bridge)).unwrap();
    plan.files.apply(&machine.sysroot()).unwrap();
    machine.links(&[link("clusterhat0", "192.0.2.7/24")]);
    machine.tools.calls.borrow_mut().clear();
    activate(&plan, survey.settings(), &machine.sysroot(), &machine.tools).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_RESTART, NM_RELOAD, NM_UPLINK]);
}

fn without_record(mut tree: Tree) -> Tree {
    tree.retain(|name, _| !name.contains("var/lib/clusterhat"));
    tree
}

/// The unit is started, so that it follows those who make rules from now on; whoever sets up without goes
/// back to none.
#[test]
fn forwarding_is_allowed_at_once_and_no_longer_when_it_is_not_asked_for() {
    let machine = Machine::stock(Networkd);
    let with = NetworkRequest { allow_forwarding: true, ..request(NetworkMode::Nat) };
    let plan = machine.plan(&with).unwrap();
    plan.files.apply(&machine.sysroot()).unwrap();
    machine.tools.answer_others("");
    let bring_up = |plan: &NetworkPlan, earlier| {
        machine.tools.calls.borrow_mut().clear();
        activate(plan, earlier, &machine.sysroot(), &machine.tools).unwrap();
        told(&machine)
    };
    let online = wait("clusterhat0:no-carrier");
    let (again, firewalld) = ("systemctl daemon-reload", "firewall-cmd --reload");
    let start = "systemctl restart clusterhat-forwarding.service";
    let stop = "systemctl stop clusterhat-forwarding.service";
    assert_eq!(bring_up(&plan, None), [RELOAD, &online, again, firewalld, start]);
    let ours = "-A FORWARD -i clusterhat0 -m comment --comment clusterhat -j ACCEPT";
    machine.tools.answer(FILTER, format!("-P FORWARD DROP\n{ours}\n-A FORWARD -j X\n"));
    let rule =
        json!({"family": "inet", "table": "t", "chain": "c", "handle": 7, "comment": "clusterhat"});
    machine.tools.answer(RULESET, json!({"nftables": [{"rule": rule}]}));
    let calls = || {
        let calls = machine.tools.calls.borrow();
        let gone = |call: &&String| call.contains(" -D ") || call.starts_with("nft delete");
        calls.iter().filter(gone).cloned().collect::<Vec<_>>()
    };
    let removed = [
        "iptables -w -D FORWARD -i clusterhat0 -m comment --comment clusterhat -j ACCEPT",
        "nft delete rule inet t c handle 7",
    ];
    let without = machine.plan(&request(NetworkMode::Nat)).unwrap();
    let told = bring_up(&without, Some(&plan.settings));
    assert_eq!(told[..3], [stop, again, firewalld]);
    assert_eq!(calls(), removed);
    machine.tools.calls.borrow_mut().clear();
    deactivate(&plan.settings, &machine.tools).unwrap();
    assert_eq!(calls(), removed);
}

/// The connection that the user came through hangs on it.
#[test]
fn an_address_that_does_not_move_to_the_bridge_is_a_failure() {
    for manager in [NetworkManager, Networkd] {
        let machine = willing(manager, NetworkMode::Bridge);
        // The uplink has its address before, and no bridge has it after.
        let error = bring_up(&machine).unwrap_err();
        assert!(matches!(error, NetworkError::PutBack { .. }), "{error}");
        assert!(error.to_string().contains("192.0.2.7"), "{error}");
        // A bridge that has it at once.
        let machine = willing(manager, NetworkMode::Bridge);
        machine.links(&[link("eth0", "192.0.2.7/24"), link("clusterhat0", "192.0.2.7/24")]);
        bring_up(&machine).unwrap();
    }
}

/// NetworkManager says that the bridge is up before its lease has come.
#[test]
fn an_address_may_take_its_time() {
    let machine = willing(NetworkManager, NetworkMode::Bridge);
    let links = json!([link("eth0", ""), link("clusterhat0", "192.0.2.7/24")]);
    machine.tools.answer_later(20, ADDRESSES, links);
    bring_up(&machine).unwrap();
}

#[test]
fn what_could_not_be_put_back_is_told_with_what_to_do() {
    let machine = willing(NetworkManager, NetworkMode::Bridge);
    machine.tools.fail(NM_UPLINK, "no");
    machine.tools.fail(NM_OWN, "no profile");
    machine.tools.fail(NM_ADDED, "never");
    let error = bring_up(&machine).unwrap_err();
    assert!(matches!(error, NetworkError::NotPutBack { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("never") && text.contains("systemctl restart NetworkManager"), "{text}");
}

/// NetworkManager's own for a device without one is not to become one for good.
#[test]
fn an_uplink_without_a_profile_gets_one_until_the_next_boot() {
    let machine = willing(NetworkManager, NetworkMode::Bridge);
    machine.tools.fail(NM_OWN, "no profile");
    let settings = machine.survey().settings().unwrap().clone();
    machine.tools.calls.borrow_mut().clear();
    deactivate(&settings, &machine.tools).unwrap();
    assert_eq!(told(&machine), [NM_RELOAD, NM_DELETE, NM_OWN, NM_ADD, NM_ADDED]);
}

#[test]
fn taking_down_gives_the_uplink_back() {
    let machine = willing(Networkd, NetworkMode::Bridge);
    let settings = machine.survey().settings().unwrap().clone();
    machine.tools.calls.borrow_mut().clear();
    deactivate(&settings, &machine.tools).unwrap();
    assert_eq!(told(&machine), [RELOAD, DELETE, RECONFIGURE, &wait("eth0:routable")]);
}
