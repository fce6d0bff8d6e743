use std::fmt;

use tokio::sync::watch;

/// Running logouts, which a server can wait for before it stops.
///
/// A logout runs to completion even if its client disconnects, but not if the process stops. Pass
/// this to [`LogoutRouter::track`](super::LogoutRouter::track), and await
/// [`finished`](Self::finished) after the server has stopped. Cheap to clone; clones share the same
/// count.
///
/// # Examples
///
/// ```no_run
/// use axum::{Router, http::StatusCode};
/// use magic_admin::{Issuer, Magic};
/// use magic_admin_axum::{RunningLogouts, load_user_fn, logout_router};
///
/// # async fn serve(magic: Magic, listener: tokio::net::TcpListener) -> std::io::Result<()> {
/// # let users = load_user_fn(|()| async { Ok::<_, StatusCode>(None::<Issuer>) });
/// let logouts = RunningLogouts::new();
/// let app = Router::new().merge(logout_router(magic, users).track(&logouts));
/// axum::serve(listener, app)
///     .with_graceful_shutdown(async {
///         let _ = tokio::signal::ctrl_c().await;
///     })
///     .await?;
/// logouts.finished().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RunningLogouts {
    count: watch::Sender<usize>,
}

impl RunningLogouts {
    /// Creates a tracker with no running logouts.
    #[must_use]
    pub fn new() -> Self {
        Self { count: watch::Sender::new(0) }
    }

    /// Waits until no logout is running.
    ///
    /// A logout counts as running from the arrival of its request. It can take as long as the
    /// deadline of a call to Magic, 30 s by default, plus up to 5 s for the client ID if it is not
    /// known yet, plus the time that [`LoadUser`](super::LoadUser), the store's write and
    /// [`AfterLogout`](super::AfterLogout) take.
    pub async fn finished(&self) {
        // The sender is part of `self`, so it cannot have been dropped.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    pub(super) fn begin(&self) -> Running {
        self.count.send_modify(|count| *count += 1);
        Running(self.clone())
    }
}

impl Default for RunningLogouts {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RunningLogouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningLogouts").field("count", &*self.count.borrow()).finish()
    }
}

/// A running logout, until it is dropped.
pub(super) struct Running(RunningLogouts);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.count.send_modify(|count| *count -= 1);
    }
}
