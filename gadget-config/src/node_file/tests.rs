use super::*;

fn parse(text: &str) -> Result<(NodeFile, Vec<FileMessage>), FileMessage> {
    NodeFile::parse(text, Path::new("node.toml"))
}

fn full() -> NodeFile {
    NodeFile {
        id: Some(NodeId::try_from(3).unwrap()),
        boot: Some(BootMethod::Usbboot),
        ethernet: Some(Ethernet::Rndis),
        admin_console: Some(false),
        cluster: Some("rack-1".parse().unwrap()),
        subnet: Some("10.8.0.0/24".parse().unwrap()),
        udc: Some("20980000.usb".into()),
    }
}

#[test]
fn every_key_is_read() {
    let text = "id = 3\nboot = \"usbboot\"\nethernet = \"rndis\"\nserial-ports = 1\n\
                cluster = \"rack-1\"\nsubnet = \"10.8.0.0/24\"\nudc = \"20980000.usb\"\n";
    assert_eq!(parse(text), Ok((full(), vec![])));
    assert_eq!(parse(""), Ok((NodeFile::default(), vec![])));
}

#[test]
fn what_is_written_is_read_back() {
    for file in [NodeFile::default(), full()] {
        assert_eq!(parse(&file.to_toml()), Ok((file, vec![])));
    }
    let id = NodeFile { id: full().id, ..NodeFile::default() };
    assert_eq!(id.to_toml(), "# What this node is on the USB: clusterhat-node reads it.\nid = 3\n");
}

#[test]
fn bad_values_name_the_line_and_what_is_allowed() {
    let cases = [
        (
            "\nid = 253",
            "node.toml:2: id: \"253\" is not a node ID: use a whole number from 1 to 252",
        ),
        ("id = \"3\"", "node.toml:1: id = \"3\": expected a whole number from 1 to 252"),
        ("boot = \"sd\"", "node.toml:1: boot: \"sd\" is not a boot method: use card or usbboot"),
        (
            "\n\nethernet = \"eem\"",
            "node.toml:3: ethernet: \"eem\" is not an Ethernet function: use ncm, ecm or rndis",
        ),
        ("serial-ports = 3", "node.toml:1: serial-ports = 3: expected 1 or 2"),
        ("admin-console = 1", "node.toml:1: admin-console = 1: expected true or false"),
        ("cluster = 7", "node.toml:1: cluster = 7: expected a quoted string"),
        (
            "udc = \"../x\"",
            "node.toml:1: udc: \"../x\" is not the name of a USB device controller: use one that /sys/class/udc lists",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).unwrap_err().to_string(), expected);
    }
    let syntax = parse("id = 1\nid = 2").unwrap_err().to_string();
    assert!(syntax.starts_with("node.toml:2: "), "{syntax}");
    assert!(parse("cluster = \"a b\"").unwrap_err().to_string().contains("1 to 63"));
}

#[test]
fn the_former_key_for_the_second_serial_port_holds() {
    for (text, expected) in [
        ("admin-console = false", false),
        ("admin-console = true", true),
        ("admin-console = false\nserial-ports = 1", false),
        ("serial-ports = 2\nadmin-console = true", true),
    ] {
        let file = NodeFile { admin_console: Some(expected), ..NodeFile::default() };
        assert_eq!(parse(text), Ok((file, vec![])), "{text}");
    }
    for (text, expected) in [
        (
            "serial-ports = 2\nadmin-console = false",
            "node.toml:2: admin-console: false contradicts serial-ports = 2",
        ),
        (
            "admin-console = true\nserial-ports = 1",
            "node.toml:1: admin-console: true contradicts serial-ports = 1",
        ),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert_eq!(error, format!("{expected}; remove one of the two lines"));
    }
}

#[test]
fn unknown_keys_warn_in_the_order_of_their_lines() {
    let (file, warnings) = parse("zz = 1\nid = 3\nserial_ports = 1\n").unwrap();
    assert_eq!((file.id, file.admin_console), (full().id, None));
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "node.toml:1: unknown key \"zz\" is ignored; remove it",
            "node.toml:3: unknown key \"serial_ports\" is ignored; did you mean \"serial-ports\"?",
        ]
    );
}

#[test]
fn the_manual_page_explains_every_key() {
    let page = clusterhat_tests::pages::file_page("clusterhat-node.toml.5");
    assert_eq!(page.keys, KEYS);
    let (file, warnings) = parse(&page.example).unwrap();
    assert!(file.udc.is_some() && warnings.is_empty(), "{warnings:?}");
}
