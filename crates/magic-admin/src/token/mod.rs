//! Extracts a token from a header, decodes it, and recovers its signer.

mod authorization;
mod base64;
mod claims;
mod curve;
mod decode_error;
mod did_token;
mod envelope;
mod proof;
mod signed_claims;
mod timestamp;
mod unverified_token;

pub use authorization::{
    AuthorizationError, AuthorizationErrorKind, parse_authorization_header_value,
};
pub use decode_error::{DecodeError, DecodeErrorKind};
pub use did_token::DidToken;
pub use unverified_token::UnverifiedToken;

pub(crate) use envelope::MAX_LEN as MAX_TOKEN_LEN;
pub(crate) use proof::{PersonalMessage, Proof};
pub(crate) use signed_claims::SignedClaims;
