use std::time::Duration;

/// Runs a future while advancing a paused clock in steps of 10 ms, and lets sockets make progress
/// between the steps. Otherwise a paused clock would jump to the next time-out while bytes are in
/// flight.
pub(crate) async fn in_frozen_time<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    // A running blocking task keeps tokio from advancing a paused clock automatically.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hold = tokio::task::spawn_blocking(move || held.recv());
    let task = tokio::spawn(future);
    while !task.is_finished() {
        tokio::time::advance(Duration::from_millis(10)).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    drop(release);
    hold.await.unwrap().unwrap_err();
    task.await.unwrap()
}
