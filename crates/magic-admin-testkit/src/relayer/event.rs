use std::fmt;

use magic_admin::Issuer;

/// An event in the browser relayer of a [`FakeMagic`](crate::FakeMagic).
///
/// Events never contain a token, an e-mail address or a phone number. `Debug` omits codes and
/// links. The log of an emulator should print them, because they are not actually sent by e-mail or
/// SMS.
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::BrowserEvent;
///
/// fn log(event: &BrowserEvent) {
///     match event {
///         BrowserEvent::Request { method, .. } => println!("{method}"),
///         BrowserEvent::Code { code, .. } => println!("the code is {code}"),
///         _ => {}
///     }
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrowserEvent {
    /// The SDK called a method.
    #[non_exhaustive]
    Request {
        /// The JSON-RPC method, or `unknown` for one that the relayer does not support.
        method: &'static str,
    },
    /// The relayer created a one-time code, which Magic would send by e-mail or SMS.
    #[non_exhaustive]
    Code {
        /// Six random digits, or the configured code.
        code: String,
    },
    /// The relayer created a magic link, which Magic would send by e-mail. Opening it signs the user in.
    #[non_exhaustive]
    Link {
        /// The path and query of the link, to be appended to the fake's base URL.
        path: String,
    },
    /// A user signed in.
    #[non_exhaustive]
    SignedIn {
        /// The user's issuer.
        issuer: Issuer,
    },
    /// A browser session ended, through the SDK's `logout` or the Admin API.
    #[non_exhaustive]
    SignedOut {
        /// The user's issuer.
        issuer: Issuer,
    },
}

impl fmt::Debug for BrowserEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { method } => f.debug_struct("Request").field("method", method).finish(),
            Self::Code { .. } => f.debug_struct("Code").finish_non_exhaustive(),
            Self::Link { .. } => f.debug_struct("Link").finish_non_exhaustive(),
            Self::SignedIn { issuer } => f.debug_tuple("SignedIn").field(issuer).finish(),
            Self::SignedOut { issuer } => f.debug_tuple("SignedOut").field(issuer).finish(),
        }
    }
}
