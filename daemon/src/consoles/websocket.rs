//! A console over a WebSocket: binary messages are bytes, text messages JSON
//! ([`Control`](clusterhat::consoles::Control), [`Notice`](clusterhat::consoles::Notice)).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::session::{Input, Output, Session};

/// The longest message that a client may send, in bytes.
pub(super) const LARGEST: usize = 64 * 1024;
/// How often a silent connection is tried: one whose client is gone ends then, and proxies keep those that are used.
const PING: Duration = Duration::from_secs(30);
/// How long a client may take nothing.
const STALLED: Duration = Duration::from_secs(60);

/// Serves a reader until it goes, or may read no more.
pub(super) async fn serve(mut session: Session, mut socket: WebSocket) {
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let room = session.room();
        let message = tokio::select! {
            output = session.next() => match output {
                Output::Bytes(bytes) => Message::Binary(bytes.into()),
                Output::Notice(notice) => {
                    Message::text(serde_json::to_string(&notice).unwrap_or_default())
                }
            },
            _ = pings.tick() => Message::Ping(Bytes::new()),
            received = async {
                room.await;
                socket.recv().await
            } => {
                let Some(Ok(message)) = received else { return };
                match take(&mut session, message) {
                    Ok(()) => continue,
                    Err(reason) => close(reason),
                }
            }
        };
        if !session.may_read() {
            return;
        }
        let ends = matches!(message, Message::Close(_));
        match timeout(STALLED, socket.send(message)).await {
            Ok(Ok(())) if !ends => {}
            _ => return,
        }
    }
}

fn take(session: &mut Session, message: Message) -> Result<(), &'static str> {
    match message {
        Message::Binary(bytes) => session.take(Input::Bytes(bytes.into())),
        Message::Text(text) => match serde_json::from_str(&text) {
            Ok(control) => session.take(Input::Control(control)),
            Err(_) => {
                return Err(
                    "expected {\"write\": \"request\" | \"take-over\" | \"release\"} or {\"break\": true}",
                );
            }
        },
        // The protocol's own, which is answered below us.
        _ => {}
    }
    Ok(())
}

fn close(reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code: close_code::UNSUPPORTED, reason: reason.into() }))
}
