//! Every generated configuration against its golden file.

use std::path::{Path, PathBuf};

use clusterhat_tests::golden;
use system_config::Manager::{self, NetworkManager, Networkd};
use system_config::network::{self, NetworkError, NetworkMode, NetworkRequest, Survey};

use crate::machine::{Machine, request};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/network/cases").join(name)
}

/// What `--dry-run` shows, which is all of every file.
#[track_caller]
fn check(name: &str, machine: &Machine, request: &NetworkRequest) {
    let plan = machine.plan(request).unwrap();
    let found = machine.shown(&plan.files.diff());
    golden::assert(&file(name), found);
    plan.files.apply(&machine.sysroot()).unwrap();
    let again = machine.plan(request).unwrap();
    assert_eq!(again.files.diff(), "", "a second time there is nothing to do");
    assert_eq!(machine.survey().settings(), Some(&plan.settings));
}

fn stock(manager: Manager) -> Machine {
    Machine::stock(manager)
}

#[test]
fn nat_by_networkmanager() {
    check("nat-networkmanager.diff", &stock(NetworkManager), &request(NetworkMode::Nat));
}

#[test]
fn nat_by_networkd() {
    check("nat-networkd.diff", &stock(Networkd), &request(NetworkMode::Nat));
}

#[test]
fn another_network_and_a_cluster_s_own_addresses() {
    for (name, manager) in [
        ("nat-networkmanager-subnet-cluster.diff", NetworkManager),
        ("nat-networkd-subnet-cluster.diff", Networkd),
    ] {
        let request = NetworkRequest {
            subnet: "10.181.0.0/16".parse().unwrap(),
            cluster: Some("rack-1".parse().unwrap()),
            ..request(NetworkMode::Nat)
        };
        check(name, &stock(manager), &request);
    }
}

/// With firewalld, which has to be told in its own files where NetworkManager does not do so.
#[test]
fn nodes_apart_from_each_other_and_let_through_the_filter() {
    for (name, manager) in [
        ("nat-networkmanager-isolate-allow.diff", NetworkManager),
        ("nat-networkd-isolate-allow.diff", Networkd),
    ] {
        let machine = stock(manager);
        machine.card.write("root/usr/sbin/firewalld", "");
        let request =
            NetworkRequest { isolate: true, allow_forwarding: true, ..request(NetworkMode::Nat) };
        check(name, &machine, &request);
    }
}

#[test]
fn bridge_takes_over_what_the_uplink_has_from_networkmanager() {
    let machine = stock(NetworkManager);
    machine.uplink_file(
        "eth0",
        "run/NetworkManager/system-connections/wired:1.nmconnection",
        "[connection]\nid=wired\nuuid=1\ntype=ethernet\n\n[ipv4]\naddress1=192.0.2.7/24,192.0.2.1\n\
         dns=192.0.2.1;\nmethod=manual\n\n[ipv6]\nmethod=auto\n\n[proxy]\n",
    );
    check("bridge-networkmanager.diff", &machine, &request(NetworkMode::Bridge));
}

#[test]
fn bridge_takes_over_what_the_uplink_has_from_networkd() {
    let machine = stock(Networkd);
    machine.uplink_file(
        "eth0",
        "etc/systemd/network/20-wired.network",
        "[Match]\nName=e*\n\n[Link]\nMTUBytes=1400\n\n[Network]\nAddress=192.0.2.7/24\nDNS=192.0.2.1\n\n\
         [Route]\nGateway=192.0.2.1\n",
    );
    check("bridge-networkd.diff", &machine, &request(NetworkMode::Bridge));
}

/// networkd's client names itself by the interface, and the server gives another name another address.
#[test]
fn bridge_keeps_the_lease_of_networkd() {
    let machine = stock(Networkd);
    let text = "[Match]\nName=en*\n\n[Network]\nDHCP=yes\n";
    machine.uplink_file("eth0", "etc/systemd/network/80-wired.network", text);
    machine.card.write(
        "root/run/systemd/netif/leases/2",
        "ADDRESS=192.0.2.7\nCLIENTID=ff0badcafe00020000ab11d258482fc7eee651\n",
    );
    check("bridge-networkd-lease.diff", &machine, &request(NetworkMode::Bridge));
}

#[test]
fn a_system_that_does_not_run_has_no_addresses_to_take_over() {
    for (name, manager) in [
        ("bridge-networkmanager-offline.diff", NetworkManager),
        ("bridge-networkd-offline.diff", Networkd),
    ] {
        let machine = stock(manager);
        let survey = Survey::take(&machine.sysroot(), None).unwrap();
        let asked =
            NetworkRequest { uplink: Some("eth0".to_owned()), ..request(NetworkMode::Bridge) };
        let plan = network::plan(&asked, &survey).unwrap();
        golden::assert(&file(name), machine.shown(&plan.files.diff()));
        // Seen: the controller was at another address after its first boot.
        assert!(!plan.findings.iter().any(|one| one.kind == "address-stays"));
        let path = match manager == Networkd {
            true => "root/etc/systemd/network/10-eth0.network",
            false => "root/etc/NetworkManager/system-connections/office.nmconnection",
        };
        machine.card.write(
            path,
            "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.5/24\n[ipv4]\naddress1=192.0.2.5/24\n",
        );
        let survey_then = Survey::take(&machine.sysroot(), None).unwrap();
        let findings = network::plan(&asked, &survey_then).unwrap().findings;
        let told = findings.iter().find(|one| one.kind == "address-stays").unwrap().to_string();
        let path = machine.card.path(path);
        assert!(told.starts_with(&format!("{} sets a fixed", path.display())), "{told}");
        let error = network::plan(&request(NetworkMode::Bridge), &survey).unwrap_err();
        assert!(matches!(error, NetworkError::NoUplink), "{error}");
    }
}
