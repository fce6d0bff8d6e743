//! A WebSocket for which the browser sends the token in a subprotocol, and which a logout elsewhere closes.
//!
//! Set `MAGIC_API_SECRET_KEY` to run it, and open a socket from a page of the same host:
//!
//! ```js
//! const token = await magic.user.getIdToken();
//! const secret = token.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
//! const socket = new WebSocket('/echo', ['magic.did-token.v1', `magic.did-token.v1.${secret}`]);
//! socket.onclose = ({ code }) => console.log(code === 4001 ? 'logged out' : 'sign in again');
//! ```

use std::{convert::Infallible, error::Error, pin::pin};

use axum::{
    Router,
    extract::{
        FromRef, State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    response::Response,
    routing::get,
};
use magic_admin::{Magic, MagicBuilder, RevocationList, VerifiedToken, revocation::EndReason};
use magic_admin_axum::{
    Authenticated, Authenticator, LogoutIssuer, RequireTokenLayer, TokenSources, load_user_fn,
    logout_router,
};
use tokio::net::TcpListener;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    revocations: RevocationList,
}

/// Returns the application. `revocations` is the revocation list of `magic`.
fn app(magic: Magic, revocations: RevocationList) -> Router {
    let sources = TokenSources::header().or_websocket_protocol();
    let auth = Authenticator::new(magic).token_sources(sources);
    // There are no sessions here: a request acts for the user whose token it carries.
    let users =
        load_user_fn(|user: LogoutIssuer| async move { Ok::<_, Infallible>(Some(user.issuer())) });
    Router::new()
        .route("/echo", get(echo))
        // The layer removes the token from the request, and selects the subprotocol.
        .route_layer(RequireTokenLayer::new(auth.clone()))
        .merge(logout_router(auth.clone(), users))
        .with_state(AppState { auth, revocations })
}

async fn echo(
    user: Authenticated,
    State(revocations): State<RevocationList>,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.max_message_size(1024).on_upgrade(|socket| talk(socket, revocations, user.into_inner()))
}

/// Echoes messages until the client disconnects, the user logs out or the token expires.
async fn talk(mut socket: WebSocket, revocations: RevocationList, user: VerifiedToken) {
    let mut ended = pin!(revocations.ended(&user));
    loop {
        tokio::select! {
            reason = &mut ended => {
                // This fails if the client has already disconnected, which is fine.
                let _ = socket.send(Message::Close(Some(goodbye(reason)))).await;
                return;
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    if socket.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return,
            }
        }
    }
}

/// Returns the close frame for a reason, with a code from the range that RFC 6455 leaves to applications.
fn goodbye(reason: EndReason) -> CloseFrame {
    let (code, reason) = match reason {
        EndReason::Revoked => (4001, "logged out"),
        _ => (4002, "token expired"),
    };
    CloseFrame { code, reason: reason.into() }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let revocations = RevocationList::in_memory();
    let list = revocations.clone();
    let magic =
        MagicBuilder::from_env()?.verifier(|verifier| verifier.revocations(list)).build()?;
    let app = app(magic, revocations);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
