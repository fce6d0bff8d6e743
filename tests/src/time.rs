use std::{sync::mpsc, time::Duration};

/// Stops Tokio's time until this is dropped. Time only passes through `advance`, while sockets work
/// as usual.
#[derive(Debug)]
pub struct StoppedTime {
    _held: mpsc::Sender<()>,
}

impl StoppedTime {
    /// Stops the time of the current runtime, which must be single-threaded.
    pub fn stop() -> Self {
        tokio::time::pause();
        let (held, until_dropped) = mpsc::channel::<()>();
        // While a blocking task runs, paused time does not jump to the next timer when all tasks wait.
        tokio::task::spawn_blocking(move || until_dropped.recv());
        Self { _held: held }
    }

    /// Advances the time.
    pub async fn advance(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}

impl Drop for StoppedTime {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}
