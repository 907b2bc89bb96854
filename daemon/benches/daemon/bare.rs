//! What clusterhatd is compared with: axum, hyper and rustls as it has them, and one handler that says `hello`. It runs as a
//! process of its own, which is this program again.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use clusterhat_daemon::certificate::Certificate;
use clusterhat_daemon::settings::Settings;
use clusterhat_daemon::state_folder::StateFolder;
use clusterhat_tests::running::Running;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

/// Names the folder of its certificate, and makes this program the server.
const FOLDER: &str = "CLUSTERHAT_BENCH_BARE";

/// The folder, where this process is to be the server.
pub(crate) fn asked() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// A running one.
pub(crate) struct Bare {
    folder: TempDir,
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
}

impl Bare {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(FOLDER, folder.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap();
        Self { folder, running: Running::of(child), address }
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }
}

/// Serves until the process is killed.
pub(crate) fn serve(folder: &Path) -> ! {
    let certificate = Certificate::load(&StateFolder::open(folder).unwrap(), &Settings::default());
    let acceptor = TlsAcceptor::from(certificate.unwrap().config);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        std::io::stdout().flush().unwrap();
        let router = Router::new().route("/", get(async || "hello"));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let mut router = router.clone();
                    async move {
                        Ok::<_, Infallible>(router.call(request.map(Body::new)).await.unwrap())
                    }
                });
                let server = hyper::server::conn::http1::Builder::new();
                let _ = server.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    })
}
