//! A fake of Magic's Admin API on a real port.

mod api;
mod body;
mod browser;
mod builder;
mod call;
mod endpoint;
mod fake;
mod fault;
mod foreign_json;
mod keys;
mod plan;
mod reply;
mod response;
mod serve;
mod socket;
mod state;
mod user;

pub use builder::FakeMagicBuilder;
pub use call::Call;
pub use endpoint::Endpoint;
pub use fake::FakeMagic;
pub use fault::Fault;
pub use user::FakeUser;
