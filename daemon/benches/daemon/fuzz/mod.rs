//! Damaged requests, millions of them: nothing panics, and memory is bounded.
//!
//! `cargo bench -p clusterhat-daemon -- fuzz 10000000`
//!
//! They go through the HTTP parser, the router and the handlers in this process, each on a connection of its own. One of a
//! hundred more goes to the program over its socket.

mod numbers;
mod request;

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clusterhat::Options;
use clusterhat_daemon::access::{By, Caller, Role};
use clusterhat_daemon::http::connection::{Peer, serve};
use clusterhat_daemon::service::{Service, Start};
use clusterhat_daemon::{redfish, table};
use clusterhat_tests::command::World;
use clusterhat_tests::process;
use clusterhat_tests::table::{Amount, Row};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use crate::rig::Daemon;
use numbers::Numbers;

/// How many clients there are at once.
const CLIENTS: u64 = 128;

/// How long an answer is waited for: one that is a stream does not end, and half a request has none.
const PATIENCE: Duration = Duration::from_millis(20);

/// What the memory may become once it has seen everything, in kB.
const GROWTH: u64 = 16 * 1024;

static PANICS: AtomicU64 = AtomicU64::new(0);

/// What came of all requests.
#[derive(Default)]
struct Tally {
    sent: AtomicU64,
    /// By the first digit of the status; 0 = none.
    answers: [AtomicU64; 6],
}

pub(crate) fn rows(count: u64) -> Vec<Row> {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        show(panic);
    }));
    let begun = Instant::now();
    let mut rows = in_process(count);
    rows.extend(over_socket(count / 100));
    let row =
        |what: &str, measured, limit| Row { what: what.to_owned(), measured, limit, beside: None };
    rows.push(row(
        "panics",
        Amount::Count(PANICS.load(Ordering::Relaxed) as f64),
        Some(Amount::Count(0.0)),
    ));
    rows.push(row("time", Amount::Time(begun.elapsed()), None));
    rows
}

fn in_process(count: u64) -> Vec<Row> {
    let folder = TempDir::new().unwrap();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    let tally = Arc::new(Tally::default());
    let (before, after) = runtime.block_on(async {
        let service = Service::start(start(&folder)).unwrap();
        let router = table::router(&service, redfish::start(&service).unwrap());
        let router = Arc::new(router);
        // What is made once, such as tables and threads, is there after the first ones.
        run(&router, &tally, 0, count / 10).await;
        let before = process::memory(std::process::id());
        run(&router, &tally, CLIENTS, count - count / 10).await;
        (before, process::memory(std::process::id()))
    });
    runtime.shutdown_background();
    let row = |what: String, measured, limit| Row { what, measured, limit, beside: None };
    let mut rows = vec![
        row(
            "requests in process".to_owned(),
            Amount::Count(tally.sent.load(Ordering::Relaxed) as f64),
            None,
        ),
        row("  memory after a tenth".to_owned(), Amount::Memory(before), None),
        row(
            "  memory after all".to_owned(),
            Amount::Memory(after),
            Some(Amount::Memory(before + GROWTH)),
        ),
    ];
    for (digit, answers) in tally.answers.iter().enumerate() {
        let what = if digit == 0 {
            "  without answer".to_owned()
        } else {
            format!("  answered by {digit}xx")
        };
        rows.push(row(what, Amount::Count(answers.load(Ordering::Relaxed) as f64), None));
    }
    rows
}

fn start(folder: &TempDir) -> Start {
    let simulation = folder.path().join("boards.json");
    std::fs::write(&simulation, World::hats_value(2).to_string()).unwrap();
    let simulation = Some(simulation.to_str().unwrap().to_owned());
    let options = Options { simulation, without_waits: true, ..Options::default() };
    let path = |name: &str| -> PathBuf { folder.path().join(name) };
    let (state_dir, consoles_dir) = (path("state"), path("consoles"));
    Start { options, listen: None, default_listen: None, state_dir, consoles_dir }
}

/// Sends so many, the clients side by side.
async fn run(router: &Arc<axum::Router>, tally: &Arc<Tally>, seed: u64, count: u64) {
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (router, tally) = (Arc::clone(router), Arc::clone(tally));
            tokio::spawn(async move {
                let mut numbers = Numbers::new(seed + client);
                for _ in 0..count / CLIENTS {
                    // A task of its own: one that panics ends alone.
                    let (router, bytes) = (Arc::clone(&router), request::request(&mut numbers));
                    let peer = peer(&mut numbers);
                    let status = tokio::spawn(ask(router, peer, bytes)).await.unwrap_or(0);
                    tally.sent.fetch_add(1, Ordering::Relaxed);
                    tally.answers[status].fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
}

/// Most are known: who is not gets nowhere.
fn peer(numbers: &mut Numbers) -> Peer {
    let role =
        numbers.pick(&[Role::Administrator, Role::Administrator, Role::Operator, Role::ReadOnly]);
    let caller = Caller {
        name: "uid:0".to_owned(),
        role,
        by: By::Peer,
        address: "unix".to_owned(),
        known_by: None,
    };
    Peer { address: "unix".to_owned(), caller: Some(caller).filter(|_| numbers.in_thousand(900)) }
}

/// Returns the first digit of the answer's status; 0 = none.
async fn ask(router: Arc<axum::Router>, peer: Peer, bytes: Vec<u8>) -> usize {
    let (near, far) = duplex(64 * 1024);
    tokio::select! {
        () = serve(far, peer, router) => 0,
        status = talk(near, &bytes) => status,
    }
}

async fn talk(mut stream: DuplexStream, bytes: &[u8]) -> usize {
    let mut answer = Vec::with_capacity(1024);
    let talked = timeout(PATIENCE, async {
        stream.write_all(bytes).await?;
        while !is_whole(&answer) && stream.read_buf(&mut answer).await? > 0 {}
        std::io::Result::Ok(())
    });
    drop(talked.await);
    answer.get(9).map_or(0, |digit| usize::from(digit.wrapping_sub(b'0')).min(5))
}

/// Whether this is an answer up to its end, as far as it says where that is.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&bytes[..head]);
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| bytes.len() >= head + 4 + length.parse::<usize>().unwrap())
}

fn over_socket(count: u64) -> Vec<Row> {
    let daemon = Daemon::on_socket();
    let mut numbers = Numbers::new(u64::MAX);
    let mut send = |count: u64| {
        for _ in 0..count {
            let mut socket = daemon.socket();
            socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
            // It may answer and close before all is sent.
            let _ = socket.write_all(&request::request(&mut numbers));
            let _ = socket.read(&mut [0; 4096]);
        }
    };
    send(count / 10);
    let before = process::memory(daemon.pid());
    send(count - count / 10);
    let after = process::memory(daemon.pid());
    assert!(!daemon.stderr().contains("panicked"), "{}", daemon.stderr());
    daemon.get("/api/v1/nodes");
    let row =
        |what: &str, measured, limit| Row { what: what.to_owned(), measured, limit, beside: None };
    vec![
        row("requests over a socket", Amount::Count(count as f64), None),
        row("  memory after a tenth", Amount::Memory(before), None),
        row("  memory after all", Amount::Memory(after), Some(Amount::Memory(before + GROWTH))),
    ]
}
