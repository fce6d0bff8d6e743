use std::future::Future;

use tokio::runtime::Builder;

use crate::failure::Failure;

/// Runs a command that uses the network.
pub(crate) fn block_on<F>(future: F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::configuration(format!("asynchronous I/O is not available: {error}"))
    })?;
    runtime.block_on(future)
}
