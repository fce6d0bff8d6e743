//! Where the DID token of a request comes from.

mod cookie;
mod header;
mod origin;
mod token_sources;
mod websocket;

pub use token_sources::TokenSources;
pub(crate) use websocket::Echo;
