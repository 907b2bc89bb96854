//! What the parts of the service say at the moment of a request.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clusterhat::report::{BoardsReport, InventoryReport, StatusReport, TopReport};

use super::asked::Asked;
use super::network::{self, Interface};
use super::subscription::Subscription;
use super::subscriptions::Delivery;
use super::world::{Facts, World};
use super::{resource, uri};
use crate::access::{Account, Caller, Session};
use crate::answers::Taken;
use crate::boards::{Reading, Task};
use crate::consoles::ConsoleSummary;
use crate::service::Service;

/// What the parts of the service say.
pub(super) struct Gathered {
    caller: Caller,
    facts: Facts,
    reading: Option<Arc<Reading>>,
    no_status: StatusReport,
    no_boards: BoardsReport,
    network: Arc<InventoryReport>,
    consoles: Vec<ConsoleSummary>,
    telemetry: Arc<TopReport>,
    tasks: Vec<Arc<Task>>,
    accounts: Vec<Account>,
    sessions: Vec<Session>,
    subscriptions: Vec<Subscription>,
    interfaces: Vec<Interface>,
    delivery: Delivery,
}

/// How old a reading may be for who wants to know which nodes and boards there are, and nothing of their state.
const NAMES: Duration = Duration::from_secs(5);

impl Gathered {
    /// What the asked resource is made from; everything, where others are to be put into it.
    pub(super) async fn of(
        service: &Service,
        asked: &Asked,
        caller: &Caller,
        is_expanded: bool,
        max_age: Duration,
    ) -> Self {
        let reading = match resource::wants(&asked.path) {
            resource::Wants::State => Some(service.boards.reading(max_age).await),
            _ if is_expanded => Some(service.boards.reading(max_age).await),
            resource::Wants::Names => Some(service.boards.reading(max_age.max(NAMES)).await),
            resource::Wants::Nothing => None,
        };
        let wants_consoles = is_expanded || asked.path.starts_with(uri::SERIAL_INTERFACES);
        if wants_consoles {
            service.consoles.looked().await;
        }
        let consoles = if wants_consoles { service.consoles.all() } else { Vec::new() };
        let wants_interfaces = is_expanded || asked.path.starts_with(uri::INTERFACES);
        let root = service.boards.options().root;
        let root = root.as_deref().unwrap_or(Path::new("/"));
        let facts = Facts {
            uuid: Arc::clone(&asked.own.uuid),
            host: Arc::clone(&asked.own.host),
            model: asked.own.model.clone(),
            https_port: service.served().map(|served| served.port()),
            session_limit_s: service.access.sessions.limit().as_secs(),
            is_simulated: service.simulated().is_some(),
        };
        Self {
            caller: caller.clone(),
            facts,
            no_status: StatusReport { nodes: Vec::new(), boards: Vec::new(), under_voltage: None },
            no_boards: BoardsReport { boards: Vec::new(), probed: None },
            network: reading
                .as_ref()
                .map(|reading| Arc::clone(&reading.network))
                .unwrap_or_default(),
            consoles: consoles.iter().map(|console| console.summary()).collect(),
            telemetry: service.telemetry.latest().map(|(report, _)| report).unwrap_or_default(),
            tasks: service.tasks.list(),
            accounts: service.access.accounts.list(),
            sessions: service.access.sessions.list(),
            subscriptions: asked.own.subscriptions.list(),
            interfaces: if wants_interfaces { network::read(root) } else { Vec::new() },
            delivery: asked.own.subscriptions.delivery(),
            reading,
        }
    }

    /// When the boards were read, where the resource tells of them.
    pub(super) fn taken(&self) -> Option<Taken> {
        self.reading.as_ref().map(|reading| Taken(reading.begun()))
    }

    /// What resources are made from.
    pub(super) fn world(&self) -> World<'_> {
        let reading = self.reading.as_ref();
        World {
            caller: &self.caller,
            service: &self.facts,
            status: reading.and_then(|reading| reading.status.as_ref()).unwrap_or(&self.no_status),
            boards: reading.and_then(|reading| reading.boards.as_ref()).unwrap_or(&self.no_boards),
            telemetry: &self.telemetry,
            tasks: &self.tasks,
            accounts: &self.accounts,
            sessions: &self.sessions,
            subscriptions: &self.subscriptions,
            network: &self.network,
            consoles: &self.consoles,
            interfaces: &self.interfaces,
            delivery: self.delivery,
            ways: OnceCell::new(),
        }
    }
}
