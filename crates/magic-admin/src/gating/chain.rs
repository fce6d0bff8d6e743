use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::Method;
use serde_json::json;
use tracing::{
    Instrument as _,
    field::{Empty, display},
};

use super::{BlockTag, GatingError, GatingErrorKind, rpc::Batch};
use crate::{
    transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind},
    types::Address,
};

/// An RPC endpoint, and the ID of the chain that it must serve.
///
/// It is cheap to clone. Requirements created by clones share a request; requirements of chains
/// that were built separately do not. `Debug` does not show the RPC URL, which often contains a
/// key.
///
/// # Examples
///
/// ```
/// use magic_admin::gating::Chain;
///
/// let ethereum = Chain::new(1, "https://rpc.example/v2/key")?;
/// assert_eq!(ethereum.id(), 1);
/// assert!(!format!("{ethereum:?}").contains("key"));
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Chain(Arc<Inner>);

struct Inner {
    transport: Transport,
    id: u64,
    block: BlockTag,
}

/// A call to a contract.
pub(super) struct Call {
    pub(super) contract: Address,
    pub(super) data: Vec<u8>,
}

/// The bytes that a contract returned, or the reason why it returned none.
pub(super) type Returned = Result<Vec<u8>, GatingErrorKind>;

impl Chain {
    /// Returns the ID of the chain (EIP-155).
    #[must_use]
    pub fn id(&self) -> u64 {
        self.0.id
    }

    pub(super) fn over(transport: Transport, id: u64, block: BlockTag) -> Self {
        Self(Arc::new(Inner { transport, id, block }))
    }

    /// Returns `true` if this is a clone of the other chain.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Calls contracts in one batch, which also queries the chain ID. Results are used only if the
    /// chain ID is right.
    pub(super) async fn call(&self, calls: &[Call]) -> Result<Vec<Returned>, GatingError> {
        let span = tracing::info_span!(
            "rpc",
            otel.kind = "client",
            http.request.method = "POST",
            url.template = "{rpc_url}",
            chain.id = self.id(),
            http.response.status_code = Empty,
            error.type = Empty,
        );
        // Not `Span::current()`, which is a span of the application if this one is disabled.
        let note_status = |status| span.record("http.response.status_code", status);
        let returned = self.send(calls, note_status).instrument(span.clone()).await;
        if let Err(error) = &returned {
            match error.kind() {
                GatingErrorKind::Status(status) => span.record("error.type", display(status)),
                kind => span.record("error.type", kind.name()),
            };
        }
        returned.map_err(|error| error.on_chain(self.id()))
    }

    async fn send<T>(
        &self,
        calls: &[Call],
        note_status: impl FnOnce(u16) -> T,
    ) -> Result<Vec<Returned>, GatingError> {
        let batch = self.batch(calls);
        let request = Request {
            method: Method::POST,
            path: "",
            query: Vec::new(),
            body: Some(Bytes::from(batch.to_json())),
            credential: None,
            operation: None,
            spares_limit: false,
        };
        let response = self.0.transport.send(&request).await.map_err(|error| kind_of(&error))?;
        note_status(response.status.as_u16());

        let mut replies = batch.read(complete(&response)?)?.into_iter();
        let chain_id = replies.next().ok_or(GatingErrorKind::Malformed)??;
        if chain_id.number().ok_or(GatingErrorKind::Malformed)? != self.id() {
            return Err(GatingErrorKind::WrongChain.into());
        }
        Ok(replies.map(|reply| reply?.data().ok_or(GatingErrorKind::Malformed)).collect())
    }

    fn batch(&self, calls: &[Call]) -> Batch {
        let ids = calls.len() as u64 + 1;
        // The IDs stay far below 2^53, beyond which JavaScript would round them.
        let mut batch = Batch::starting_at(NEXT_ID.fetch_add(ids, Ordering::Relaxed));
        batch.push("eth_chainId", json!([]));
        for Call { contract, data } in calls {
            let call = json!({"to": contract, "data": const_hex::encode_prefixed(data)});
            batch.push("eth_call", json!([call, self.0.block.as_str()]));
        }
        batch
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("id", &self.0.id)
            .field("block", &self.0.block)
            .finish_non_exhaustive()
    }
}

fn complete(response: &Response) -> Result<&[u8], GatingError> {
    if !response.status.is_success() {
        let status = GatingErrorKind::Status(response.status.as_u16());
        return Err(GatingError::new(status).after(response.retry_after));
    }
    match &response.body {
        Body::Complete(body) => Ok(body),
        Body::TooLarge => Err(GatingErrorKind::Malformed.into()),
    }
}

/// Returns the kind without the cause, which can contain the host name.
fn kind_of(error: &TransportError) -> GatingErrorKind {
    match error.kind() {
        TransportErrorKind::Timeout => GatingErrorKind::Timeout,
        TransportErrorKind::Connect
        | TransportErrorKind::Interrupted
        | TransportErrorKind::RedirectFollowed
        | TransportErrorKind::Request => GatingErrorKind::Unreachable,
    }
}

/// The next ID. No two calls of a process share an ID, so that a mismatched response is detected.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);
