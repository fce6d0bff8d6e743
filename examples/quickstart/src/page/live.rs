use std::{pin::pin, time::Duration};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use magic_admin::{RevocationList, revocation::EndReason};
use magic_admin_axum::SameOrigin;
use tokio::time::interval;
use tower_sessions::Session;

use crate::{
    app_error::AppError,
    sessions::{self, SignedIn},
};

/// Counts the seconds until the session ends, and then closes the connection at once.
///
/// Browsers send the session cookie with a WebSocket handshake whichever page opens it, and CORS does not
/// apply. Only `SameOrigin` keeps other sites out.
pub(super) async fn live(
    State(revocations): State<RevocationList>,
    _: SameOrigin,
    session: Session,
    upgrade: WebSocketUpgrade,
) -> Result<Response, AppError> {
    let Some(signed_in) = sessions::signed_in(&session, &revocations).await? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    Ok(upgrade
        .max_message_size(MAX_MESSAGE)
        .on_upgrade(move |socket| count(socket, revocations, signed_in)))
}

async fn count(mut socket: WebSocket, revocations: RevocationList, signed_in: SignedIn) {
    let mut ended = pin!(revocations.session_ended(signed_in.issuer, signed_in.at));
    let mut seconds = interval(Duration::from_secs(1));
    let mut counter: u64 = 0;
    loop {
        tokio::select! {
            reason = &mut ended => {
                // Fails if the client is gone, which is fine.
                let _ = socket.send(Message::Close(Some(goodbye(reason)))).await;
                return;
            }
            _ = seconds.tick() => {
                let count = Message::Text(counter.to_string().into());
                if socket.send(count).await.is_err() {
                    return;
                }
                counter += 1;
            }
            message = socket.recv() => {
                // Anything but a ping or pong ends the connection: clients only listen.
                if !matches!(message, Some(Ok(Message::Ping(_) | Message::Pong(_)))) {
                    return;
                }
            }
        }
    }
}

/// Returns the close frame for a reason. RFC 6455 leaves codes from 4000 on to applications.
fn goodbye(reason: EndReason) -> CloseFrame {
    let (code, reason) = match reason {
        EndReason::Revoked => (4001, "logged out"),
        _ => (4002, "session expired"),
    };
    CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
}

const MAX_MESSAGE: usize = 1024;
