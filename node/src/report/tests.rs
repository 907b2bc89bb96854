//! The JSON Schema in the repository is the types', and the documents of commands that need a kernel with gadgets
//! are valid by it. `tests/json.rs` checks those of all others.

// A test may fail by them.
#![allow(clippy::unwrap_used)]

use std::io;
use std::time::Duration;

use clusterhat_tests::schema::Schema;
use gadget_config::{BootMethod, GadgetError};
use node_link::NodeId;
use serde_json::{Value, json};
use system_config::changes::ChangeError;

use super::*;

fn document(report: Option<Report>, error: Option<&NodeError>) -> Value {
    let (report, error) = (report.as_ref(), error.map(NodeError::report));
    let document = Document { schema: SCHEMA, command: "up", report, warnings: &[], error };
    serde_json::to_value(&document).unwrap()
}

fn identity() -> Identity {
    Identity::of(&Profile::new(NodeId::MIN, BootMethod::Usbboot))
}

fn up() -> UpReport {
    UpReport {
        dry_run: false,
        action: "remade",
        because: Some("idProduct".to_owned()),
        identity: identity(),
        udc: "20980000.usb".to_owned(),
        network: Some("usb0".to_owned()),
        ttys: vec!["ttyGS0".to_owned()],
        without_second_port: true,
        refused: Some("no endpoint".to_owned()),
    }
}

fn status(identity: Option<Identity>) -> GadgetReport {
    let name = "20980000.usb".to_owned();
    let state = "configured".to_owned();
    let udc = Udc { name: name.clone(), function: Some("clusterhat".to_owned()), state };
    GadgetReport {
        state: "differs",
        difference: Some("idProduct".to_owned()),
        identity,
        udc: Some(udc.clone()),
        network: None,
        ttys: Vec::new(),
        without_second_port: false,
        udcs: vec![udc],
        others: vec![OtherUse { udc: name, owner: "g_ether".to_owned() }],
    }
}

#[test]
fn the_schema_is_current() {
    Schema::of::<Document<'_>>().assert_current("node");
}

#[test]
fn reports_on_the_gadget_are_valid() {
    let schema = Schema::of_node();
    for report in [
        Report::Up(up()),
        Report::Down(DownReport { dry_run: false, removed: true }),
        Report::Status(status(Some(identity()))),
        Report::Status(status(None)),
    ] {
        let document = document(Some(report), None);
        schema.check(&document).unwrap_or_else(|error| panic!("{error}\n{document}"));
        for key in document.as_object().unwrap().keys() {
            let mut wrong = document.clone();
            wrong[key] = json!([["wrong"]]);
            assert!(schema.check(&wrong).is_err(), "{key} in {wrong}");
        }
    }
}

#[test]
fn errors_of_every_kind_are_valid() {
    let path = || PathBuf::from("/sys/kernel/config/usb_gadget");
    let source = || io::Error::from(io::ErrorKind::NotFound);
    let (udc, owner) = (String::new(), UdcOwner::Driver("g_ether".to_owned()));
    let (name, waited, seen) = (None, Duration::ZERO, String::new());
    let edited = vec![Edited { path: path(), lines: vec![1] }];
    for (error, kind) in [
        (NodeError::Usage(String::new()), "usage"),
        (NodeError::NoId(path()), "configuration"),
        (GadgetError::NoUdc { name, waited, seen }.into(), "no-udc"),
        (GadgetError::SeveralUdcs { names: Vec::new() }.into(), "several-udcs"),
        (GadgetError::Owned { udc, owner }.into(), "udc-in-use"),
        (GadgetError::TtyOpen(Vec::new()).into(), "serial-port-in-use"),
        (GadgetError::Locked { path: path(), waited }.into(), "locked"),
        (GadgetError::NoConfigfs { path: path(), source: source() }.into(), "gadget"),
        (CardError::from(ChangeError::ChangedSince(edited)).into(), "setup"),
    ] {
        let document = document(None, Some(&error));
        assert_eq!(document["error"]["kind"], kind);
        assert_eq!(Schema::of_node().check(&document), Ok(()));
    }
}
