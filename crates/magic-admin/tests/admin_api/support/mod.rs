//! Shared test support. The server is written by hand and treats HTTP as raw bytes, so that it can
//! misbehave in every way.

mod clock;
mod log;
mod server;

use magic_admin::{
    Address, Issuer, SecretKey,
    admin::{Client, ClientBuilder},
};

pub(crate) use clock::in_frozen_time;
pub(crate) use log::Log;
pub(crate) use server::{Answer, Server};

pub(crate) const KEY: &str = "sk_live_5EC2E7000DEADBEEF";

/// The address of private key 1, as known from the Ethereum literature.
pub(crate) const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

pub(crate) fn address() -> Address {
    ADDRESS.to_ascii_lowercase().parse().unwrap()
}

pub(crate) fn issuer() -> Issuer {
    address().into()
}

pub(crate) fn builder(server: &Server) -> ClientBuilder {
    Client::builder(SecretKey::new(KEY).unwrap())
        .base_url(server.url())
        .backoff(std::time::Duration::ZERO)
}

pub(crate) fn client(server: &Server) -> Client {
    builder(server).build().unwrap()
}
