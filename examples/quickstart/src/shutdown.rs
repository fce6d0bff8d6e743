use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::{net::TcpListener, sync::Notify, time::sleep};

use crate::StartError;

/// The signals that stop the application: Ctrl-C and, on Unix, SIGTERM.
#[derive(Debug)]
pub struct Shutdown {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
}

impl Shutdown {
    /// Starts catching the signals.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system does.
    pub fn catch() -> Result<Self, StartError> {
        #[cfg(unix)]
        {
            let catch = |kind| {
                signal(kind)
                    .map_err(|error| StartError::new(format!("cannot catch signals: {error}")))
            };
            Ok(Self {
                interrupt: catch(SignalKind::interrupt())?,
                terminate: catch(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for one of the signals.
    #[cfg(unix)]
    pub async fn requested(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for Ctrl-C.
    #[cfg(not(unix))]
    pub async fn requested(self) {
        if tokio::signal::ctrl_c().await.is_err() {
            // There is nothing to wait for, so keep serving instead of stopping at once.
            std::future::pending().await
        }
    }
}

/// Serves until `requested` completes. Requests in progress then get a short time to finish. Logouts
/// continue beyond that; wait for them with [`RunningLogouts`](magic_admin_axum::RunningLogouts).
///
/// # Errors
///
/// Returns an error if the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    requested: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let begun = Arc::new(Notify::new());
    let begin = {
        let begun = Arc::clone(&begun);
        async move {
            requested.await;
            tracing::info!("shutting down");
            begun.notify_one();
        }
    };
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(begin);
    let enough = async {
        begun.notified().await;
        sleep(GRACE).await;
    };
    tokio::select! {
        result = serving.into_future() => result,
        () = enough => {
            tracing::warn!("requests are still under way: stopping anyway");
            Ok(())
        }
    }
}

const GRACE: Duration = Duration::from_secs(2);
