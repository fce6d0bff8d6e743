//! Revocations shared through a stream in Redis, which every server appends to and follows.

mod backoff;
mod builder;
mod follower;
mod handle;
mod health;
mod outbox;
mod resync;
mod store;
mod stream;
mod trim;

pub use builder::RedisRevocationsBuilder;
pub use handle::RedisRevocations;
pub use health::Health;
