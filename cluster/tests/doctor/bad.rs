//! For each check something that is wrong: it is found, with what it is about and its fix.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;

use clusterhat::doctor::{DoctorFinding, Severity, checks};
use clusterhat::life::BOOT_LIMIT;
use clusterhat::report::DoctorReport;
use hat_driver::linux::Moment;
use serde_json::json;
use system_config::network::NetworkMode;

use crate::controller::{Healthy, JOURNAL};

/// A healthy controller with something wrong, which a check is to find.
struct Case {
    check: &'static str,
    breaks: fn(&mut Healthy),
    /// What the finding tells.
    told: &'static str,
    /// What its fix tells.
    fix: &'static str,
}

const fn case(
    check: &'static str,
    breaks: fn(&mut Healthy),
    told: &'static str,
    fix: &'static str,
) -> Case {
    Case { check, breaks, told, fix }
}

const CASES: &[Case] = &[
    case(
        "configuration",
        |h| h.board(|w| w["clusterhat_toml"] = json!("dealy = 2\n")),
        "dealy",
        "correct",
    ),
    case(
        "configuration",
        |h| h.board(|w| w["clusterhat_toml"] = json!("delay = -1\n")),
        "delay",
        "correct",
    ),
    case(
        "no-board",
        |h| h.board(|w| w["hat"] = json!(null)),
        "i2c-1 0x20",
        "add [[board]] with bus = 1, address = 0x20",
    ),
    case(
        "board",
        |h| h.board(|w| w["hat"]["product_ver"] = json!("0x002f")),
        "unknown revision 2.15",
        "",
    ),
    case(
        "board",
        |h| {
            h.board(|w| {
                w["chips"]["1"]["stuck"] = json!([0, null, null, null, null, null, null, null])
            })
        },
        "does not show",
        "cycling",
    ),
    // Seen: "nothing found", since another check would have told of a bus that is off.
    case(
        "board",
        |h| {
            h.board(|w| {
                w["clusterhat_toml"] =
                    json!("[[board]]\nbus = 3\naddress = 0x20\nrevision = \"2.5\"\n")
            })
        },
        "i2c-3",
        "seated",
    ),
    case(
        "not-initialised",
        |h| h.board(|w| w["chips"]["1"]["r"] = json!([0, 255, 0, 255, 255])),
        "not initialised",
        "initialise",
    ),
    case(
        "hub-off",
        |h| h.board(|w| w["chips"]["1"]["r"] = json!([0xb0, 0xb0, 0, 0, 0x7f])),
        "hub",
        "switch the hub on",
    ),
    case(
        "i2c-off",
        |h| h.write("boot/firmware/config.txt", "dtparam=audio=on\n[pi4]\notg_mode=1\n"),
        "at the next boot",
        "set the controller up",
    ),
    case(
        "i2c-off",
        |h| {
            h.remove("dev/i2c-1");
            h.remove("sys/bus/i2c/devices/i2c-1/name");
            std::fs::remove_dir(h.path("sys/bus/i2c/devices/i2c-1")).expect("empty");
        },
        "running system has none",
        "reboot",
    ),
    case("i2c-dev", |h| h.remove("dev/i2c-1"), "not loaded", "modprobe -a i2c-dev"),
    case(
        "i2c-dev",
        |h| h.remove("usr/lib/modules-load.d/clusterhat.conf"),
        "no list",
        "set the controller up",
    ),
    case(
        "groups",
        |h| h.write("etc/group", "i2c:x:994:pi\ngpio:x:986:\nclusterhat:x:900:pi\n"),
        "pi is not in the group gpio",
        "set the controller up",
    ),
    case(
        "groups",
        |h| h.write("etc/group", "i2c:x:994:pi\ngpio:x:986:pi\n"),
        "no group clusterhat",
        "groupadd --system clusterhat",
    ),
    case(
        "record",
        |h| std::fs::create_dir(h.world.lock("record")).expect("not there yet"),
        "record",
        "remove that file",
    ),
    case(
        "desired-state",
        |h| {
            let record = h.world.folder().join(".world.json.desired");
            std::fs::write(record, "{").expect("a file");
        },
        "does not hold the nodes' desired state",
        "correct or remove that file",
    ),
    case(
        "init-unit",
        |h| h.remove("etc/systemd/system/multi-user.target.wants/clusterhat-init.service"),
        "not enabled",
        "set the controller up",
    ),
    case(
        "init-unit",
        |h| h.remove("usr/lib/systemd/system/clusterhat-init.service"),
        "not installed",
        "install",
    ),
    case(
        "init-unit",
        |h| {
            symlink("/dev/null", h.path("etc/systemd/system/clusterhat-init.service")).expect("new")
        },
        "masked",
        "unmask",
    ),
    case(
        "vendor-services",
        |h| h.enable("clusterctrl-init.service"),
        "clusterctrl-init.service",
        "set the controller up",
    ),
    case(
        "vendor-services",
        |h| h.write("etc/udev/rules.d/90-clusterctrl.rules", "#\n"),
        "/etc/udev/rules.d/90-clusterctrl.rules",
        "set the controller up",
    ),
    case(
        "vendor-services",
        |h| h.write("etc/rc.local", "/sbin/clusterhat init\n"),
        "rc.local",
        "remove that line",
    ),
    case(
        "node-rules",
        |h| h.remove("usr/lib/udev/rules.d/60-clusterhat-node.rules"),
        "60-clusterhat-node.rules",
        "install",
    ),
    case(
        "node-rules",
        |h| h.write("etc/udev/rules.d/60-clusterhat-node.rules", ""),
        "hides",
        "remove such a file",
    ),
    case(
        "modem-manager",
        |h| {
            h.remove("usr/lib/udev/rules.d/60-clusterhat-node.rules");
            h.enable("ModemManager.service");
        },
        "ModemManager",
        "disable --now ModemManager",
    ),
    case(
        "usb-role",
        |h| {
            h.write(
                "boot/firmware/config.txt",
                "dtparam=i2c_arm=on\ndtoverlay=dwc2,dr_mode=peripheral\n",
            )
        },
        "device",
        "remove that line",
    ),
    case(
        "usb-role",
        |h| h.write("boot/firmware/config.txt", "dtparam=i2c_arm=on\n"),
        "otg_mode=1",
        "set the controller up",
    ),
    case(
        "usb-storage",
        |h| h.plug("1-1.2.3", "0a5c:2764", None, &[("08", Some("usb-storage"))]),
        "p3 (USB 1-1.2.3)",
        "usb-storage.quirks=0a5c:2764:i",
    ),
    case(
        "boot-rom",
        |h| h.plug("1-1.2.3", "0a5c:2763", None, &[("ff", None)]),
        "p3 (USB 1-1.2.3)",
        "FAT",
    ),
    case(
        "node-driver",
        |h| h.plug("1-1.2.3", "3171:0021", Some("3"), &[("02", None)]),
        "p3 (USB 1-1.2.3)",
        "modprobe -a cdc_ncm",
    ),
    case(
        "equal-ids",
        |h| h.plug("1-1.2.3", "3171:0021", Some("1"), &[]),
        "1-1.2.1 and 1-1.2.3",
        "prepare the card in p3 as node 3",
    ),
    case(
        "wrong-place",
        |h| h.plug("1-1.2.3", "3171:0021", Some("4"), &[]),
        "identifies itself as p4",
        "prepare the card in p3 as node 3",
    ),
    case(
        "foreign-gadget",
        |h| h.plug("1-1.2.3", "0525:a4a2", Some("x"), &[]),
        "p3 (USB 1-1.2.3)",
        "prepare the card in p3",
    ),
    case(
        "foreign-gadget",
        |h| h.plug("1-1.2.3", "3171:0021", Some("\u{1b}[2J"), &[]),
        "\\u{1b}[2J",
        "prepare the card in p3",
    ),
    case("foreign-gadget", |h| h.plug("1-1.2.3", "046d:c077", None, &[]), "046d:c077", "elsewhere"),
    case(
        "chaos",
        |h| {
            let note = h.world.folder().join(".world.json.lock.chaos");
            std::fs::write(note, r#"{"version":1,"nodes":[2]}"#).expect("new");
        },
        "left p2 without power",
        "switch these nodes on",
    ),
    case(
        "agent-silent",
        |h| h.board(|w| w["nodes"] = json!({"p1": {"hangs": true}})),
        "no agent answers on p1",
        "look at its console",
    ),
    case("not-started", never_appeared, "p1 has power, and never appeared", "check its card"),
    case(
        "under-voltage",
        |h| h.board(|w| w["throttled"] = json!(0x5_0005)),
        "under-voltage",
        "stronger supply",
    ),
    case(
        "under-voltage-since-boot",
        |h| h.board(|w| w["throttled"] = json!(0x5_0000)),
        "has reported",
        "stronger supply",
    ),
    case(
        "address-clash",
        |h| {
            h.links(&[json!({"ifname": "wlan0", "addr_info": [{"local": "172.19.181.9", "prefixlen": 24}]})])
        },
        "wlan0",
        "another subnet",
    ),
    case(
        "packet-filter",
        |h| h.tools.answer("iptables -S", "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n"),
        "drops",
        "allow it",
    ),
    case("br-netfilter", bridged, "br_netfilter", "bridge-nf-call-iptables=0"),
    case(
        "network",
        |h| h.tools.answer("nft list tables", ""),
        "NetworkManager",
        "allow it until the next boot, or permanently",
    ),
];

/// p1 has had power for longer than a start may take.
fn never_appeared(healthy: &mut Healthy) {
    healthy.options.without_waits = false;
    let Moment { boot, uptime } = Moment::now();
    let on = uptime.saturating_sub(BOOT_LIMIT).as_nanos() as u64;
    healthy.board(|world| {
        world["nodes"] = json!({"p1": {"stays": "powered"}});
        world["lives"] = json!({"boot": boot, "nodes": {"1:0x20/1": {"on": on}}});
    });
}

fn bridged(healthy: &mut Healthy) {
    healthy.set_up_network(NetworkMode::Bridge);
    healthy.write("proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
}

fn of<'a>(report: &'a DoctorReport, check: &str) -> Vec<&'a DoctorFinding> {
    report.findings.iter().filter(|finding| finding.kind == check).collect()
}

#[test]
fn what_is_wrong_is_found() {
    for Case { check, breaks, told, fix } in CASES {
        let mut broken = Healthy::new();
        breaks(&mut broken);
        let report = broken.examine();
        let found = of(&report, check);
        assert!(!found.is_empty(), "{check}: {told}: nothing found: {report:#?}");
        let fits =
            |one: &&&DoctorFinding| one.what.contains(told) && one.fix.to_string().contains(fix);
        assert!(found.iter().any(|one| fits(&one)), "{check}: {found:#?}");
    }
}

/// The checks that are not in [`CASES`] are in these tests.
#[test]
fn every_check_has_a_case() {
    let elsewhere = ["kernel-driver", "pi4-3v3", "permission", "agent-version", "agent-port"];
    let cases: BTreeSet<_> = CASES.iter().map(|case| case.check).chain(elsewhere).collect();
    assert_eq!(checks().map(|check| check.name).collect::<BTreeSet<_>>(), cases);
}

#[test]
fn a_kernel_driver_on_the_chip() {
    assert_eq!(of(&Healthy::new().on_a_pi(|_| {}), "kernel-driver"), [] as [&DoctorFinding; 0]);
    let held = Healthy::new().on_a_pi(|pi| {
        let device = pi.path("sys/bus/i2c/devices/1-0020");
        std::fs::create_dir_all(&device).expect("it can be made");
        symlink("../../../bus/i2c/drivers/pca953x", device.join("driver")).expect("new");
    });
    let found = of(&held, "kernel-driver");
    assert_eq!(found.len(), 1, "{held:#?}");
    assert!(found[0].what.contains("pca953x") && found[0].what.contains("i2c-1 0x20"), "{found:?}");
    assert!(found[0].fix.to_string().contains("/sys/bus/i2c/drivers/pca953x/unbind"), "{found:?}");
}

#[test]
fn a_pi_4_whose_reboot_cuts_3v3() {
    // What cannot be known is a note; what is set wrong has to be done.
    let report = Healthy::new().on_a_pi(|_| {});
    assert_eq!(of(&report, "pi4-3v3").first().map(|one| one.severity), Some(Severity::Note));
    for (settings, severity) in [
        ("BOOT_UART=0\nPOWER_OFF_ON_HALT=1\n", Severity::Warning),
        ("WAKE_ON_GPIO=0\n", Severity::Warning),
        ("WAKE_ON_GPIO=1\nPOWER_OFF_ON_HALT=0\n", Severity::Note),
    ] {
        let report =
            Healthy::new().on_a_pi(|pi| pi.tools.answer("vcgencmd bootloader_config", settings));
        assert_eq!(of(&report, "pi4-3v3")[0].severity, severity, "{settings}");
    }
    let later = |pi: &Healthy| pi.write("proc/device-tree/hat/product_ver", "0x0025\0");
    let pi_3 = |pi: &Healthy| {
        pi.write("proc/device-tree/system/linux,revision", 0x00a0_2082_u32.to_be_bytes());
    };
    for change in [later as fn(&Healthy), pi_3] {
        let report = Healthy::new().on_a_pi(change);
        assert!(report.passed.contains(&"pi4-3v3"), "{report:#?}");
    }
}

/// The kernel's driver has cleared the firmware's flag since; the log keeps it.
#[test]
fn under_voltage_that_only_the_log_has_kept() {
    let report = Healthy::new().on_a_pi(|pi| {
        let log = "Booting\nhwmon hwmon1: Undervoltage detected!\nVoltage normalised\nhwmon hwmon1: Undervoltage detected!\n";
        pi.tools.answer(JOURNAL, log);
    });
    let found = of(&report, "under-voltage-since-boot");
    assert!(found.iter().any(|one| one.what.ends_with("2 times since boot")), "{report:#?}");
}

/// Two things that are wrong only together.
#[test]
fn br_netfilter_matters_where_the_filter_drops() {
    let severity = |broken: &Healthy| of(&broken.examine(), "br-netfilter")[0].severity;
    let mut broken = Healthy::new();
    bridged(&mut broken);
    assert_eq!(severity(&broken), Severity::Note);
    broken.tools.answer("iptables -S", "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n");
    assert_eq!(severity(&broken), Severity::Warning);
}

/// Who asks for one node is told of that one.
#[test]
fn nodes_that_were_not_asked_for_are_left_out() {
    let mut broken = Healthy::new();
    broken.plug("1-1.2.3", "0a5c:2763", None, &[("ff", None)]);
    for (nodes, count) in [(["p3"], 1), (["p4"], 0)] {
        broken.nodes = clusterhat::NodeSet::parse(&nodes).expect("a set");
        assert_eq!(of(&broken.examine(), "boot-rom").len(), count, "{nodes:?}");
    }
}

#[test]
fn the_worst_comes_first() {
    let mut broken = Healthy::new();
    bridged(&mut broken);
    broken.board(|world| world["throttled"] = json!(1));
    broken.write("etc/rc.local", "/sbin/clusterhat init\n");
    let report = broken.examine();
    let severities: Vec<_> = report.findings.iter().map(|one| one.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Warning, Severity::Note], "{report:#?}");
}

/// What somebody has switched on since is not off any more.
#[test]
fn a_node_that_chaos_left_and_somebody_switched_on_is_none() {
    let healthy = Healthy::new();
    let note = healthy.world.folder().join(".world.json.lock.chaos");
    std::fs::write(note, r#"{"version":1,"nodes":[1]}"#).expect("new");
    assert!(healthy.examine().passed.contains(&"chaos"));
}
