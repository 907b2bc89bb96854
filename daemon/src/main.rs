//! The program `clusterhatd`.

use std::process::ExitCode;

use clap::Parser as _;
use clusterhat_daemon::args::Cli;
use clusterhat_daemon::log::{self, Level};
use clusterhat_daemon::server::{self, Sockets};
use clusterhat_daemon::service::{Service, StartError};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match serve(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::tell(Level::Error, &chain(&error), &[]);
            ExitCode::from(if error.is_configuration() { 2 } else { 1 })
        }
    }
}

fn serve(cli: &Cli) -> Result<(), StartError> {
    let system = |what| move |source| StartError::System { what, source };
    let passed = listenfd::ListenFd::from_env().take_unix_listener(0);
    let passed = passed.map_err(system("the socket of systemd"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(system("the runtime"))?;
    let service = Service::start(cli.serve.start())?;
    let sockets = Sockets { passed, path: cli.serve.socket() };
    let result = runtime.block_on(server::run(service, sockets));
    // Threads that own boards end with the process: between two transfers nothing is left half done.
    runtime.shutdown_background();
    result
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
