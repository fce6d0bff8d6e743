//! Client for Magic's Admin API: look users up, log them out, remove their second factor.
//!
//! Most applications use it through [`Magic::users`](crate::Magic::users). Use a [`Client`] on its
//! own in tools that never handle DID tokens.

pub use crate::{
    client::{
        ApiError, ApiErrorKind, Client, ClientBuilder, ClientInfo, Generation, OAuthProvider,
        UserList, UserMetadata, Users, Wallet, WalletType,
    },
    transport::{TransportError, TransportErrorKind},
};
