//! A console as a stream of frames ([`clusterhat::consoles`]), for the command.

use std::time::Duration;

use clusterhat::consoles::{Frame, FrameReader};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::time::timeout;

use super::session::{Input, Output, Session};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;
/// How long a client may take nothing.
const STALLED: Duration = Duration::from_secs(60);

/// Serves a reader until it goes, or says what is no frame.
pub(super) async fn serve(mut session: Session, stream: impl AsyncRead + AsyncWrite) {
    let (mut from, mut to) = split(stream);
    let mut frames = FrameReader::default();
    let mut buffer = vec![0; CHUNK];
    loop {
        let room = session.room();
        tokio::select! {
            output = session.next() => {
                let mut out = Vec::new();
                match output {
                    Output::Bytes(bytes) => Frame::add_bytes(&bytes, &mut out),
                    Output::Notice(notice) => Frame::add_notice(&notice, &mut out),
                }
                match timeout(STALLED, to.write_all(&out)).await {
                    Ok(Ok(())) if session.may_read() => {}
                    _ => return,
                }
            }
            length = async {
                room.await;
                from.read(&mut buffer).await
            } => {
                let length = match length {
                    Ok(length @ 1..) => length,
                    _ => return,
                };
                frames.push(&buffer[..length]);
                loop {
                    match frames.take() {
                        Ok(Some(frame)) => take(&mut session, frame),
                        Ok(None) => break,
                        Err(_) => return,
                    }
                }
            }
        }
    }
}

fn take(session: &mut Session, frame: Frame) {
    match frame {
        Frame::Bytes(bytes) => session.take(Input::Bytes(bytes)),
        // A wish of a later version is none that can be granted.
        Frame::Json(text) => {
            if let Ok(control) = serde_json::from_slice(&text) {
                session.take(Input::Control(control));
            }
        }
    }
}
