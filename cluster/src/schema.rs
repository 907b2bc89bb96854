//! The JSON Schema of the documents: made from the types of the reports. Types of other crates have their
//! shape here, since those crates know no schema.

use std::net::IpAddr;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::report::Document;

/// The schema of every document that a program here prints for programs.
#[must_use]
pub fn document() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Document<'_>>();
    close(&mut schema);
    schema
}

/// A document without a report has the document's own keys only: else whatever is no report would be
/// valid as none.
fn close(schema: &mut Schema) {
    let Some(map) = schema.as_object_mut() else { return };
    let own = map.get("properties").and_then(Value::as_object);
    let own: Vec<_> = own.into_iter().flatten().map(|(key, _)| key.clone()).collect();
    let Some(Value::Array(forms)) = map.get_mut("anyOf") else { return };
    for none in forms.iter_mut().filter(|form| **form == json!({})) {
        *none = json!({ "propertyNames": { "enum": own } });
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident: $($word:ident)+) => {
        #[derive(JsonSchema)]
        $(#[$about])*
        #[schemars(rename_all = "kebab-case")]
        #[expect(dead_code, reason = "only its shape counts")]
        pub(crate) enum $name { $($word),+ }
    };
}

words!(
    /// On or off.
    Action: On Off
);
words!(
    /// Which state a failed step left: the one before it, the one that it was to reach, or unknown.
    Stands: Old New Unknown
);
words!(
    /// What an output of one board did.
    Change: Switched AlreadySo Unsupported
);
words!(
    /// What a board can switch beside nodes.
    Output: Alert Led Hub WriteProtect Fan Act
);
words!(
    /// The kind of expander.
    Chip: Xra1200p Pca9554
);
words!(
    /// Whether a board is initialised since power-up.
    Setup: NeverInitialised Initialised PartlyConfigured
);
words!(
    /// How a board came to be known.
    Source: Eeprom Configuration Usb
);
words!(Wiring: Lines Expander);
words!(HubPolarity: None ActiveHigh ActiveLow);
words!(PortOrder: Ascending Descending);
words!(NetworkMode: Nat Bridge);
words!(Manager: Networkmanager Networkd);
words!(
    /// How far a node's link has come.
    LinkState: Absent Foreign Apart Down Up Reachable
);

macro_rules! shape {
    ($(#[$about:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)+ }) => {
        #[derive(JsonSchema)]
        $(#[$about])*
        #[expect(dead_code, reason = "only its shape counts")]
        pub(crate) struct $name { $($(#[$attribute])* $field: $type,)+ }
    };
}

shape!(
    /// What is known of a node after an operation that failed.
    NodeState {
        /// `pN`.
        node: String,
        /// What was done to it last, or was to be done.
        power: Action,
        /// Whether it is as it was before that, or as it was to become.
        stands: Stands,
    }
);
shape!(
    /// What is known of a board before anything is asked of it.
    BoardInfo {
        /// Its name.
        name: String,
        source: Source,
        #[schemars(flatten)]
        model: Model,
        /// The I2C bus; null on v1.x.
        bus: Option<u32>,
        /// The chip's address; null on v1.x.
        address: Option<u8>,
        /// How many nodes it has; 0 where a ClusterCTRL board could not be asked.
        size: u8,
        eeprom: Option<Eeprom>,
        /// Where a ClusterCTRL board is on the USB, as sysfs names it: `1-1.2`.
        usb_path: Option<String>,
    }
);

/// What a board is.
#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape counts")]
pub(crate) enum Model {
    /// A Cluster HAT.
    Revision(Revision),
    /// A ClusterCTRL board; its order is null where it could not be asked for it.
    ClusterCtrl { product: Product, order: Option<u8> },
    /// A HAT of no known revision, with the version that it is said to have.
    Unknown(Option<String>),
}

shape!(
    /// What a revision of the HAT can do.
    Revision {
        /// Such as 2.5.
        version: String,
        wiring: Wiring,
        hub: HubPolarity,
        /// Whether the nodes' status LED can be switched.
        led: bool,
        ports: PortOrder,
        /// What no document settles; empty where all is documented.
        unverified: String,
    }
);
shape!(
    /// A kind of ClusterCTRL board.
    Product {
        /// The USB product ID.
        id: u16,
        /// The board's name.
        name: String,
        /// The content of its type register.
        kind: u8,
        /// How many nodes it has.
        nodes: u8,
        /// What no document settles; empty where all is documented.
        unverified: String,
    }
);
shape!(
    /// The texts of the primary HAT's EEPROM.
    Eeprom {
        product: String,
        product_ver: String,
        product_id: Option<String>,
        uuid: Option<String>,
        vendor: Option<String>,
    }
);
shape!(
    /// A chip that answers at an address of a Cluster HAT.
    Candidate {
        bus: u32,
        address: u8,
        /// Null where its registers are not those of either chip.
        chip: Option<Chip>,
    }
);
shape!(
    /// The nodes' network as it was set up.
    #[schemars(rename_all = "kebab-case")]
    NetworkSettings {
        mode: NetworkMode,
        manager: Manager,
        /// The nodes' own network (NAT): `172.19.181.0/24`.
        subnet: Option<String>,
        /// The controller's interface that is a port of the bridge.
        uplink: Option<String>,
        /// From whose name the nodes' MAC addresses are derived; null = the vendor's.
        cluster: Option<String>,
        /// Whether nodes are kept from each other.
        isolate: bool,
        /// Whether a unit lets them through the packet filter.
        allow_forwarding: bool,
    }
);
shape!(
    /// Something that breaks the network, or would.
    Finding {
        /// A word for programs.
        kind: String,
        /// Whether nothing is set up because of it.
        blocks: bool,
        /// Whether it may be no obstacle at all.
        doubtful: bool,
        /// The problem.
        what: String,
        /// What to do.
        cure: String,
    }
);
shape!(
    /// The bridge and every node's link.
    NetworkStatus {
        settings: NetworkSettings,
        /// Whether the bridge exists.
        bridge: bool,
        /// Its addresses.
        addresses: Vec<IpAddr>,
        nodes: Vec<NodeLink>,
        findings: Vec<Finding>,
    }
);
shape!(
    /// One node's link.
    NodeLink {
        /// `pN`.
        node: String,
        state: LinkState,
        /// The controller's interface to it.
        interface: Option<String>,
        /// Its fixed address, or on the controller's network the one that was heard of.
        address: Option<IpAddr>,
    }
);
shape!(
    /// A file that was edited after the set-up wrote it.
    Edited {
        path: String,
        /// Which lines, from 1; none where it is about the whole file.
        lines: Vec<usize>,
    }
);
shape!(
    /// A user in a group.
    Membership {
        user: String,
        group: String,
    }
);
