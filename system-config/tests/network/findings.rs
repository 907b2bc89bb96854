//! What breaks it is found before anything is written, and named with its fix.

use std::fs;

use serde_json::json;
use system_config::Manager::{self, NetworkManager, Networkd};
use system_config::network::{self, NetworkError, NetworkMode, NetworkRequest, Survey, allow};

use crate::machine::{ADDRESSES, Machine, ROUTES, RULESET, TABLES, link, request};
use crate::tree::assert_same;

/// The only blocking problem.
#[track_caller]
fn blocked(machine: &Machine, request: &NetworkRequest) -> (&'static str, String) {
    let before = machine.card.tree();
    let error = machine.plan(request).unwrap_err();
    assert_same(&machine.card.tree(), &before);
    let NetworkError::Blocked(findings) = error else { panic!("{error}") };
    assert_eq!(findings.len(), 1, "{findings:?}");
    (findings[0].kind, findings[0].to_string())
}

/// Of a cluster with a name.
fn warned(machine: &Machine, mode: NetworkMode) -> Vec<(&'static str, String)> {
    told(machine, &NetworkRequest { cluster: Some("rack-1".parse().unwrap()), ..request(mode) })
}

fn told(machine: &Machine, request: &NetworkRequest) -> Vec<(&'static str, String)> {
    let plan = machine.plan(request).unwrap();
    plan.findings.iter().map(|finding| (finding.kind, finding.to_string())).collect()
}

#[test]
fn a_stock_system_has_nothing_in_the_way() {
    for manager in [NetworkManager, Networkd] {
        for mode in [NetworkMode::Nat, NetworkMode::Bridge] {
            assert_eq!(warned(&Machine::stock(manager), mode), []);
        }
    }
}

/// Two clusters with the vendor's addresses on one network take each other's frames away.
#[test]
fn a_bridge_without_a_cluster_s_name_is_offered_one() {
    for manager in [NetworkManager, Networkd] {
        let machine = Machine::stock(manager);
        let found = told(&machine, &request(NetworkMode::Bridge));
        assert_eq!((found.len(), found[0].0), (1, "shared-macs"));
        assert!(found[0].1.contains("cluster = \"NAME\""), "no machine ID yet: {found:?}");
        let id = "c1a57e4a000000000000000000000001";
        machine.card.write("root/etc/machine-id", format!("{id}\n"));
        let text = told(&machine, &request(NetworkMode::Bridge)).remove(0).1;
        let offered = text.split('"').nth(1).unwrap();
        assert!(!id.contains(offered), "{text}");
        let named = NetworkRequest {
            cluster: Some(offered.parse().unwrap()),
            ..request(NetworkMode::Bridge)
        };
        assert_eq!(machine.plan(&named).unwrap().findings, []);
        assert_eq!(told(&machine, &request(NetworkMode::Nat)), [], "nobody else is there");
    }
}

#[test]
fn an_address_of_somebody_else() {
    let machine = Machine::stock(NetworkManager);
    machine.links(&[link("eth0", "192.0.2.7/24"), link("eth1", "172.19.181.9/16")]);
    let (kind, text) = blocked(&machine, &request(NetworkMode::Nat));
    assert_eq!(kind, "address-clash");
    assert!(text.contains("172.19.181.0/24") && text.contains("172.19.181.9/16 of eth1"), "{text}");
    assert!(text.contains("another subnet"), "{text}");
    let other =
        NetworkRequest { subnet: "10.181.0.0/24".parse().unwrap(), ..request(NetworkMode::Nat) };
    assert!(machine.plan(&other).is_ok());
    // Nobody has an address of the nodes' network there.
    assert!(machine.plan(&request(NetworkMode::Bridge)).is_ok());
}

#[test]
fn a_route_to_somebody_else() {
    let machine = Machine::stock(Networkd);
    let routes =
        json!([{"dst": "default", "dev": "eth0"}, {"dst": "172.16.0.0/12", "dev": "tun0"}]);
    machine.tools.answer(ROUTES, routes);
    let (kind, text) = blocked(&machine, &request(NetworkMode::Nat));
    assert_eq!(kind, "address-clash");
    assert!(text.contains("172.16.0.0/12 of tun0"), "{text}");
}

#[test]
fn the_bridge_of_the_vendors_image() {
    for manager in [NetworkManager, Networkd] {
        let machine = Machine::stock(manager);
        machine.card.write("root/etc/network/interfaces.d/clusterctrl", "auto br0\n");
        for mode in [NetworkMode::Nat, NetworkMode::Bridge] {
            let (kind, text) = blocked(&machine, &request(mode));
            assert_eq!(kind, "vendors-bridge");
            assert!(text.contains("interfaces.d/clusterctrl") && text.contains("reboot"), "{text}");
        }
    }
}

#[test]
fn our_own_bridge_is_no_clash() {
    let machine = Machine::stock(NetworkManager);
    machine.links(&[link("eth0", "192.0.2.7/24"), link("clusterhat0", "172.19.181.254/24")]);
    assert_eq!(warned(&machine, NetworkMode::Nat), []);
}

#[test]
fn programs_that_networkmanager_needs() {
    for (program, package) in [("dnsmasq", "dnsmasq-base"), ("nft", "nftables")] {
        let machine = Machine::stock(NetworkManager);
        fs::remove_file(machine.card.path(&format!("root/usr/sbin/{program}"))).unwrap();
        let (kind, text) = blocked(&machine, &request(NetworkMode::Nat));
        assert_eq!(kind, "missing-program");
        assert!(text.contains(&format!("apt install {package}")), "{text}");
        assert!(machine.plan(&request(NetworkMode::Bridge)).is_ok());
    }
    let machine = Machine::stock(Networkd);
    fs::remove_file(machine.card.path("root/usr/sbin/dnsmasq")).unwrap();
    assert!(machine.plan(&request(NetworkMode::Nat)).is_ok());
}

/// NetworkManager gives nft one second, and goes on without; both managers' rules go when all are flushed. What lets
/// nodes through the filter has them made anew, with all ports of the bridge.
#[test]
fn a_bridge_without_masquerading() {
    let nm = [
        "nmcli connection reload",
        "nmcli --wait 60 connection up clusterhat0",
        "nmcli --wait 60 connection up clusterhat-nodes ifname ethpi1",
    ];
    let restart = "systemctl restart systemd-networkd.service";
    for (manager, calls, table) in [
        (NetworkManager, &nm[..], "table ip nm-shared-clusterhat0"),
        (Networkd, &[restart], "table ip io.systemd.nat"),
    ] {
        let machine = Machine::stock(manager);
        machine.tools.answer(TABLES, "table inet filter\n");
        assert_eq!(warned(&machine, NetworkMode::Nat), [], "no bridge yet");
        let bridge = link("clusterhat0", "172.19.181.254/24");
        machine.links(&[link("eth0", "192.0.2.7/24"), bridge, link("ethpi1", "")]);
        let found = warned(&machine, NetworkMode::Nat);
        assert_eq!(found[0].0, "no-masquerade");
        assert_eq!(warned(&machine, NetworkMode::Bridge), [], "nobody masquerades");
        machine.set_up(NetworkMode::Nat);
        calls.iter().for_each(|call| machine.tools.answer(call, ""));
        let survey = machine.survey();
        machine.tools.answer(TABLES, table);
        machine.tools.calls.borrow_mut().clear();
        allow(&survey, &machine.tools).unwrap();
        let made = |call: &&String| calls.contains(&call.as_str());
        assert_eq!(machine.tools.calls.borrow().iter().filter(made).count(), calls.len());
        assert_eq!(warned(&machine, NetworkMode::Nat), []);
        machine.tools.calls.borrow_mut().clear();
        allow(&machine.survey(), &machine.tools).unwrap();
        assert_eq!(machine.tools.calls.borrow().iter().filter(made).count(), 0);
    }
}

#[test]
fn an_uplink_that_can_be_no_port() {
    let machine = Machine::stock(NetworkManager);
    machine.card.write("root/sys/class/net/eth0/phy80211/name", "phy0\n");
    let (kind, text) = blocked(&machine, &request(NetworkMode::Bridge));
    assert_eq!(kind, "wireless-uplink");
    assert!(text.contains("eth0") && text.contains("use NAT"), "{text}");
    assert!(machine.plan(&request(NetworkMode::Nat)).is_ok());

    let machine = Machine::stock(NetworkManager);
    let mut virtual_link = link("eth0", "192.0.2.7/24");
    virtual_link["linkinfo"] = json!({"info_kind": "vlan"});
    machine.links(&[virtual_link]);
    assert_eq!(blocked(&machine, &request(NetworkMode::Bridge)).0, "virtual-uplink");
}

#[test]
fn the_connection_that_the_user_came_through() {
    let machine = Machine::stock(NetworkManager);
    machine.card.write("root/proc/self/environ", "SSH_CONNECTION=192.0.2.99 5 192.0.2.7 22\0");
    let found = warned(&machine, NetworkMode::Bridge);
    assert_eq!(found[0].0, "your-connection");
    assert!(found[0].1.contains("eth0") && found[0].1.contains("is undone"), "{found:?}");
    assert_eq!(warned(&machine, NetworkMode::Nat), [], "nothing moves there");
}

#[test]
fn hosts_that_cloud_init_writes_anew() {
    let machine = Machine::stock(NetworkManager);
    machine.card.write(
        "root/etc/hosts",
        "# Your system has configured 'manage_etc_hosts' as True.\n127.0.0.1 localhost\n",
    );
    assert_eq!(warned(&machine, NetworkMode::Nat)[0].0, "cloud-init-hosts");
}

#[test]
fn interfaces_and_managers_that_are_not_there() {
    let machine = Machine::stock(NetworkManager);
    let asked = |uplink: Option<&str>, manager: Option<Manager>, mode| {
        let request =
            NetworkRequest { uplink: uplink.map(str::to_owned), manager, ..request(mode) };
        let error = machine.plan(&request).unwrap_err();
        assert!(error.is_usage(), "{error}");
        error.to_string()
    };
    let text = asked(Some("eth7"), None, NetworkMode::Bridge);
    assert!(text.contains("eth7") && text.contains("lo eth0"), "{text}");
    machine.links(&[link("eth0", "192.0.2.7/24"), link("eth1", "198.51.100.7/24")]);
    let text = asked(Some("eth1"), None, NetworkMode::Nat);
    assert!(text.contains("through eth0"), "{text}");
    let text = asked(None, Some(Networkd), NetworkMode::Nat);
    assert!(text.contains("systemctl enable --now systemd-networkd.service"), "{text}");
    machine.tools.answer(ROUTES, "");
    let text = asked(None, None, NetworkMode::Bridge);
    assert!(text.contains("no default route"), "{text}");
}

/// Every node has its number as a name, which would lead to the node from then on.
#[test]
fn a_controller_that_is_called_as_a_node() {
    for own in ["p1", "P3.example.org"] {
        let machine = Machine::stock(NetworkManager);
        machine.card.write("root/etc/hostname", format!("{own}\n"));
        let error = machine.plan(&request(NetworkMode::Nat)).unwrap_err();
        assert!(error.is_usage(), "{error}");
        let label = own[..2].to_lowercase();
        let parts = [&*format!("node {label} has the name {label}"), "give the controller another"];
        assert!(parts.iter().all(|part| error.to_string().contains(part)), "{error}");
        machine.plan(&request(NetworkMode::Bridge)).unwrap();
    }
    let machine = Machine::stock(NetworkManager);
    machine.card.write("root/etc/hostname", "p9\n");
    machine.plan(&request(NetworkMode::Nat)).unwrap();
}

/// Below a root there is no list of interfaces: `*` made every interface a port.
#[test]
fn names_that_no_uplink_can_have() {
    for manager in [NetworkManager, Networkd] {
        let machine = Machine::stock(manager);
        for survey in [machine.survey(), Survey::take(&machine.sysroot(), None).unwrap()] {
            for (name, why) in [
                ("", "is empty"),
                (".", "cannot be called"),
                ("..", "cannot be called"),
                ("../..", "cannot be called"),
                ("*", "cannot be called"),
                ("eth[01]", "cannot be called"),
                ("!eth0", "cannot be called"),
                ("eth 0", "cannot be called"),
                ("eth0:1", "cannot be called"),
                ("e\n\"x", "cannot be called"),
                ("eth0\nfoo=bar", "cannot be called"),
                ("abcdefghijklmnop", "at most 15 bytes"),
                ("lo", "loopback"),
                ("clusterhat0", "bridge"),
                ("ethpi1", "of a node"),
                ("ethupi252", "of a node"),
            ] {
                for mode in [NetworkMode::Nat, NetworkMode::Bridge] {
                    let asked = NetworkRequest { uplink: Some(name.to_owned()), ..request(mode) };
                    let error = network::plan(&asked, &survey).unwrap_err();
                    assert!(error.is_usage() && error.to_string().contains(why), "{error}");
                }
            }
        }
        let survey = Survey::take(&machine.sysroot(), None).unwrap();
        for name in ["eth0", "enx00112233445", "eth0.5", "usb_0-1"] {
            let asked =
                NetworkRequest { uplink: Some(name.to_owned()), ..request(NetworkMode::Bridge) };
            network::plan(&asked, &survey).unwrap();
        }
    }
}

#[test]
fn settings_that_cannot_move_to_a_bridge() {
    for (manager, path, text, word) in [
        (
            NetworkManager,
            "etc/NetworkManager/system-connections/lan.nmconnection",
            "[connection]\nid=lan\n[802-1x]\neap=tls;\n[ipv4]\nmethod=auto\n",
            "802-1x",
        ),
        (
            NetworkManager,
            "etc/NetworkManager/system-connections/lan.nmconnection",
            "[connection]\nid=lan\nmaster=bond0\nslave-type=bond\n",
            "master",
        ),
        (Networkd, "etc/systemd/network/20-lan.network", "[Network]\nBond=bond0\n", "Bond="),
        (Networkd, "etc/systemd/network/00-a.network", "[Network]\nDHCP=yes\n", "comes before"),
    ] {
        let machine = Machine::stock(manager);
        machine.uplink_file("eth0", path, text);
        let error = machine.plan(&request(NetworkMode::Bridge)).unwrap_err().to_string();
        assert!(error.contains(path) && error.contains(word), "{error}");
    }
}

#[test]
fn a_program_that_fails_is_named_with_what_it_said() {
    let machine = Machine::stock(NetworkManager);
    machine.tools.fail(ADDRESSES, "RTNETLINK answers: Operation not permitted\n");
    let error = system_config::network::Survey::take(&machine.sysroot(), Some(&machine.tools));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("ip -details") && text.contains("not permitted"), "{text}");
}

/// Rules that cannot be understood are not taken for none.
#[test]
fn what_nft_prints_and_is_no_ruleset_is_told_as_unread() {
    for text in
        ["", "null", "{}", "{\"nftables\": [", "{\"nftables\": null}", "NetworkError: syntax"]
    {
        let machine = Machine::stock(NetworkManager);
        machine.set_up(NetworkMode::Nat);
        machine.tools.answer(RULESET, text);
        let status = network::status(&[], &machine.survey(), &machine.tools).unwrap().unwrap();
        let kinds: Vec<_> = status.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, ["filter-unread"], "{text:?}");
    }
}

/// Seen: the controller's own name led to a node from then on.
#[test]
fn a_node_with_the_controller_s_name_is_refused() {
    let machine = Machine::stock(NetworkManager);
    machine.card.write("root/etc/hostname", "DB.example.org\n");
    let nat = request(NetworkMode::Nat);
    let error = machine.plan(&nat).unwrap_err();
    assert!(error.is_usage());
    assert_eq!(
        error.to_string(),
        "node p3 has the name db, which is this controller's own (etc/hostname): change one of them"
    );
    machine.card.write("root/etc/hostname", "db2\n");
    machine.plan(&nat).unwrap();
}
