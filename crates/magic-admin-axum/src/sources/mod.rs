//! The places where a request may carry its DID token.

mod cookie;
mod header;
mod origin;
mod token_sources;
mod websocket;

pub use token_sources::TokenSources;
pub(crate) use websocket::Echo;
