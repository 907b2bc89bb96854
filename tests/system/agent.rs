//! A node's agent and the controller's command, over the kernel's serial ports.

use clusterhat_tests::vm::Vm;

use crate::{
    guest::{run, sh, until},
    power::{NCM, await_node},
    system,
};

/// An agent of node 1. The machine is the controller, too: what would power it off ends the agent, as systemd does, and
/// takes the node's gadget away some seconds later, as the end of a kernel does.
pub(crate) const AGENT: &str = r#"mkdir -p /run/rig
cat >/run/rig/systemctl <<'END'
#!/bin/sh
case "$*" in
*poweroff)
    (kill $(cat /run/rig/agent)
     sleep 5
     clusterhat is-on p1 && touch /run/rig/had-power
     guest-node off 1) </dev/null >/dev/null 2>&1 & ;;
*list-jobs*) echo '1 poweroff.target start waiting' ;;
*) exec /usr/bin/systemctl "$@" ;;
esac
END
chmod +x /run/rig/systemctl
echo 'id = 1' >/etc/clusterhat/node.toml
second=$(ls -d /sys/kernel/config/usb_gadget/node1/functions/acm.* | tail -n 1)
port=/dev/ttyGS$(cat "$second/port_num")
echo "$port" >/run/rig/port
PATH=/run/rig:$PATH clusterhat-node agent --port "$port" </dev/null >/run/rig/told 2>&1 &
echo $! >/run/rig/agent"#;

const FOLLOWERS: &str = "clusterhat status p1 --watch --json </dev/null >/run/rig/watched 2>&1 &
echo $! >/run/rig/watch
(clusterhat wait p1 --for halted --timeout 100; echo $? >/run/rig/code; mv /run/rig/code /run/rig/halted) </dev/null >/dev/null 2>&1 &";

pub(crate) const NO_AGENT: &str = "rm -rf /run/rig /etc/clusterhat/node.toml; clusterhat off";

/// Waits until it has opened its port.
pub(crate) fn await_agent(vm: &Vm) {
    until(vm, "ls -l /proc/$(cat /run/rig/agent)/fd | grep -qwF $(cat /run/rig/port)");
}

fn is_on(vm: &Vm) -> bool {
    run(vm, "clusterhat is-on p1").status == 0
}

#[test]
fn a_node_that_is_shut_down_loses_its_power_once_it_has_halted() {
    let mut system = system();
    sh(&system, "clusterhat off; clusterhat on p1");
    await_node(&system, 1, &NCM);
    assert_eq!(run(&system, "clusterhat wait p1 --for agent --timeout 1").status, 3);
    // Nobody can ask it anything yet.
    let refused = run(&system, "clusterhat shutdown p1 --timeout 5");
    assert!(matches!(refused.status, 1 | 3), "{refused:?}");
    assert!(is_on(&system), "{refused:?}");

    sh(&system, AGENT);
    await_agent(&system);
    assert_eq!(run(&system, "clusterhat wait p1 --for agent --timeout 60").status, 0);
    sh(&system, FOLLOWERS);
    // Two that follow the node share its port, and neither keeps it from who shuts the node down.
    until(&system, "grep -qs '\"state\":\"agent\"' /run/rig/watched");
    let told = run(&system, "clusterhat shutdown p1 --timeout 90");
    assert_eq!(told.status, 0, "{told:?} {}", sh(&system, "cat /run/rig/told"));
    until(&system, "[ -e /run/rig/halted ]");
    assert_eq!(sh(&system, "cat /run/rig/halted").trim(), "0");
    sh(&system, "kill $(cat /run/rig/watch); grep -q '\"state\":\"halted\"' /run/rig/watched");
    sh(&system, "[ -e /run/rig/had-power ]");
    assert!(!is_on(&system));
    assert_eq!(system.plane().unwrap().on().unwrap(), 0);
    sh(&system, NO_AGENT);
}
