use std::{sync::mpsc, time::Duration};

/// Tokio's time, stopped until this is dropped: it goes on only by `advance`, while sockets work as
/// ever.
#[derive(Debug)]
pub struct StoppedTime {
    _held: mpsc::Sender<()>,
}

impl StoppedTime {
    /// Stops the time of the current runtime, which has one thread.
    pub fn stop() -> Self {
        tokio::time::pause();
        let (held, until_dropped) = mpsc::channel::<()>();
        // While a blocking task runs, paused time does not jump to the next timer when all wait.
        tokio::task::spawn_blocking(move || until_dropped.recv());
        Self { _held: held }
    }

    /// Lets this much time pass.
    pub async fn advance(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}

impl Drop for StoppedTime {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}
