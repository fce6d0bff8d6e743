//! Client for Magic's Admin API: look users up, log them out, remove their second factor.
//!
//! Usually reached through [`Magic::users`](crate::Magic::users). Use a [`Client`] by itself in
//! tools that never see a DID token.

pub use crate::{
    client::{
        ApiError, ApiErrorKind, Client, ClientBuilder, ClientInfo, Generation, OAuthProvider,
        UserList, UserMetadata, Users, Wallet, WalletType,
    },
    transport::{TransportError, TransportErrorKind},
};
