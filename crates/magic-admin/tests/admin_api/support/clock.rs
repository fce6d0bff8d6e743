use std::time::Duration;

/// Runs a future in steps of 10 ms of a paused clock, and lets sockets do their work between the
/// steps. Without this a paused clock jumps to the next time-out while bytes are on their way.
pub(crate) async fn in_frozen_time<T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> T {
    // A blocking task that runs keeps tokio from advancing a paused clock by itself.
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
