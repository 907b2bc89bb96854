//! What the controller sees, and that network and serial ports carry something.

use clusterhat_tests::{cable::NodeDevice, vm::Vm};
use serde_json::Value;

use crate::{
    guest::{UDCS, document, find, sh, up},
    vm,
};

/// The node's own network device goes into a namespace, as the machine is both ends. The
/// controller's end comes up first: of an ECM carrier that was there before, cdc_ether (6.1) at times
/// misses the notification, until the node's end goes down and up.
fn ping(vm: &Vm, device: &NodeDevice<'_>, node: &str) {
    let host = device.network().unwrap();
    let script = format!(
        "unshare -n sleep 1000 </dev/null >/dev/null 2>&1 &
         pid=$!; echo $pid >>/tmp/pids
         while [ $(readlink /proc/$pid/ns/net) = $(readlink /proc/self/ns/net) ]; do usleep 20000; done
         ip link set {node} netns $pid
         ip addr add 172.19.181.254/24 dev {host}
         ip link set {host} up
         nsenter -t $pid -n ip addr add 172.19.181.3/24 dev {node}
         nsenter -t $pid -n ip link set {node} up
         for i in $(seq 20); do ping -c 1 -W 1 172.19.181.3 >/dev/null && break; done
         ping -c 5 -W 2 -s 1400 172.19.181.3"
    );
    let said = sh(vm, &script);
    assert!(said.contains("5 packets received"), "{said}");
}

/// Every value of a byte, 16 times, and it comes out as it went in.
fn carries(vm: &Vm, from: &str, to: &str) {
    let script = format!(
        "exec 3<>{to}; stty raw -echo <&3
         exec 4<>{from}; stty raw -echo <&4
         i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %03o $i)\"; i=$((i+1)); done >/tmp/bytes
         rm -f /tmp/sent; for i in $(seq 16); do cat /tmp/bytes >>/tmp/sent; done
         timeout 20 head -c 4096 <&3 >/tmp/got & reader=$!
         cat /tmp/sent >&4
         wait $reader
         cmp /tmp/sent /tmp/got"
    );
    sh(vm, &script);
}

fn works(vm: &Vm, device: &NodeDevice<'_>) {
    for (interface, node) in [(2, "/dev/ttyGS0"), (4, "/dev/ttyGS1")] {
        let host = device.tty(interface).unwrap();
        carries(vm, &host, node);
        carries(vm, node, &host);
    }
    let node = document(vm, "status")["network"].as_str().unwrap().to_owned();
    ping(vm, device, &node);
}

/// The vendor's numbers, as the controller's kernel reads them from the wire.
fn looks(device: &NodeDevice<'_>, product_id: &str, product: &str) {
    for (attribute, expected) in [
        ("idVendor", "3171"),
        ("idProduct", product_id),
        ("bcdDevice", "0100"),
        ("version", "2.00"),
        ("bDeviceClass", "ef"),
        ("bDeviceSubClass", "02"),
        ("bDeviceProtocol", "01"),
        ("manufacturer", "8086 Consultancy"),
        ("product", product),
        ("serial", "3"),
        ("bMaxPower", "250mA"),
        ("bmAttributes", "80"),
        ("speed", "480"),
    ] {
        assert_eq!(device.attribute(attribute).unwrap(), expected, "{attribute}");
    }
    assert_eq!(
        device.interfaces().unwrap(),
        6,
        "Ethernet, console and admin console have two each"
    );
    for interface in [2, 4] {
        assert_eq!(device.driver(interface).unwrap(), "cdc_acm");
    }
}

fn addresses(vm: &Vm, device: &NodeDevice<'_>, host: &str, node: &str) {
    let address = |name: &str| vm.read_file(&format!("/sys/class/net/{name}/address")).unwrap();
    assert_eq!(address(&device.network().unwrap()).trim(), host);
    let network = document(vm, "status")["network"].as_str().unwrap().to_owned();
    assert_eq!(address(&network).trim(), node);
}

#[test]
fn ncm() {
    let vm = vm();
    assert_eq!(up(&vm, "--id 3"), "made");
    let device = find(&vm, "3");
    looks(&device, "0021", "ClusterCTRL");
    assert_eq!(device.driver(0).unwrap(), "cdc_ncm");
    addresses(&vm, &device, "00:22:82:ff:fe:03", "00:22:82:ff:ff:03");
    works(&vm, &device);
}

#[test]
fn ecm_is_what_usbboot_has() {
    let vm = vm();
    sh(&vm, "modprobe usb_f_ecm");
    assert_eq!(up(&vm, "--id 3 --boot usbboot"), "made");
    let device = find(&vm, "3");
    looks(&device, "0022", "ClusterCTRL-usbboot");
    assert_eq!(device.driver(0).unwrap(), "cdc_ether");
    addresses(&vm, &device, "00:22:82:ff:fe:03", "00:22:82:ff:ff:03");
    works(&vm, &device);
}

#[test]
fn rndis() {
    let vm = vm();
    assert_eq!(up(&vm, "--id 3 --ethernet rndis"), "made");
    let device = find(&vm, "3");
    looks(&device, "0020", "ClusterCTRL");
    assert_eq!(device.driver(0).unwrap(), "rndis_host");
    addresses(&vm, &device, "00:22:82:ff:fe:03", "00:22:82:ff:ff:03");
    works(&vm, &device);
}

/// From the file alone, with what it can say.
#[test]
fn the_file_says_what_the_node_is() {
    let vm = vm();
    let text = format!(
        "id = 200\nethernet = \"ncm\"\nserial-ports = 1\ncluster = \"foobar\"\nudc = \"{}\"\n",
        UDCS[1]
    );
    vm.write_file("/etc/clusterhat/node.toml", &text).unwrap();
    let report = document(&vm, "up");
    assert_eq!(report["udc"], UDCS[1]);
    let device = find(&vm, "200");
    assert_eq!(device.interfaces().unwrap(), 4);
    // Worked out by hand from the hash of the name; see node-link/src/mac.rs.
    addresses(&vm, &device, "8e:e6:2b:8b:c6:c8", "8e:e6:2b:8b:c7:c8");
    let status = document(&vm, "status");
    assert_eq!((&status["state"], &status["id"]), (&"up".into(), &200.into()));
    assert_eq!(status["udc"]["state"], "configured");
    assert_eq!(status["ttys"].as_array().unwrap().len(), 1);
}

/// Over a port that the kernel of each end has opened as a terminal.
#[test]
fn the_agent_answers_on_the_second_serial_port() {
    let vm = vm();
    let text = format!("id = 3\nudc = \"{}\"\n", UDCS[0]);
    vm.write_file("/etc/clusterhat/node.toml", &text).unwrap();
    document(&vm, "up");
    let tty = find(&vm, "3").tty(4).unwrap();
    sh(&vm, "clusterhat-node agent </dev/null >/tmp/agent 2>&1 & echo $! >>/tmp/pids");
    vm.until("ls -l /proc/$(cat /tmp/pids)/fd | grep -q /dev/ttyGS1").unwrap();
    let ask = |request: &str| {
        let script = format!(
            "exec 3<>{tty}; stty raw -echo <&3
             printf '\\n{{\"v\":1,\"id\":7,\"do\":\"{request}\"}}\\n' >&3
             timeout 60 head -n 1 <&3"
        );
        serde_json::from_str::<Value>(&sh(&vm, &script)).unwrap()
    };
    let hello = ask("hello");
    assert_eq!((&hello["is"], &hello["node"]), (&"hello".into(), &3.into()), "{hello}");
    let status = ask("status");
    assert_eq!(status["is"], "status", "{status}");
    assert!(status["memory"]["total_kib"].as_u64().unwrap() > 1 << 16, "{status}");
}
