//! HTTPS, at the address of the settings: which may be another one after a reload.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::task::JoinHandle;

use crate::http::listen;
use crate::log::{self, Level};
use crate::service::{Service, StartError};

/// HTTPS, where it is served.
pub(super) struct Https {
    service: Service,
    router: Arc<Router>,
    serving: Option<Serving>,
}

struct Serving {
    /// What the settings said: port 0 is any free one.
    asked: SocketAddr,
    task: JoinHandle<()>,
}

impl Https {
    pub(super) fn new(service: Service, router: Arc<Router>) -> Self {
        Self { service, router, serving: None }
    }

    /// Listens where the settings say. Connections that are there go on; at no moment is neither the old address served nor
    /// the new one.
    ///
    /// # Errors
    /// An address that cannot be used: the old one is served as before.
    pub(super) async fn listen(&mut self) -> Result<(), StartError> {
        let wanted = self.service.settings().listen;
        if self.serving.as_ref().map(|old| old.asked) == wanted {
            return Ok(());
        }
        let new = wanted.map(|address| self.serve(address)).transpose()?;
        if let Some(Serving { task, .. }) = self.serving.take() {
            task.abort();
            // Its port is free from then on.
            let _ = task.await;
        }
        let (serving, bound) = new.unzip();
        self.service.set_served(bound);
        self.serving = serving;
        Ok(())
    }

    /// Where it is bound to is the service's to know.
    fn serve(&self, asked: SocketAddr) -> Result<(Serving, SocketAddr), StartError> {
        let held = self.service.served();
        let bind = || {
            let listener = listen::bind_tcp(asked, held)?;
            Ok((listener.local_addr()?, listener))
        };
        let (bound, listener) =
            bind().map_err(|source| StartError::Listen { address: asked, source })?;
        let task = listen::serve_tls(listener, self.service.clone(), Arc::clone(&self.router));
        Ok((Serving { asked, task }, bound))
    }

    /// Reads the configuration again, and goes by it as far as it can be used.
    pub(super) async fn reload(&mut self) {
        let service = self.service.clone();
        let read = tokio::task::spawn_blocking(move || service.reload()).await;
        let stays = |why: String| format!("the configuration stays as it was: {why}");
        let refused = match read {
            Ok(Ok(())) => self.listen().await.err().map(|error| self.not_moved(&error)),
            Ok(Err(error)) => Some(stays(clusterhat::chain(&error))),
            Err(error) => Some(stays(error.to_string())),
        };
        match refused {
            None => log::tell(Level::Notice, "configuration reloaded", &[]),
            Some(text) => log::tell(Level::Error, &text, &[]),
        }
    }

    fn not_moved(&self, error: &StartError) -> String {
        let why = clusterhat::chain(error);
        let served = match self.service.served() {
            Some(bound) => format!("is still served at {bound}"),
            None => "is not served".to_owned(),
        };
        format!("configuration reloaded, but HTTPS {served}: {why}")
    }
}
