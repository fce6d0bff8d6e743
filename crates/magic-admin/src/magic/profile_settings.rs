use std::time::Duration;

use crate::client::WalletType;

/// Settings of the profile cache of a [`Magic`](crate::Magic). Every setting has a default.
///
/// Passed to the closure of [`MagicBuilder::profiles`](crate::MagicBuilder::profiles).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::{Magic, admin::WalletType};
///
/// # let key = magic_admin::SecretKey::new("sk_live_0123456789ABCDEF")?;
/// let magic = Magic::builder(key)
///     .profiles(|profiles| {
///         profiles
///             .remember(Duration::from_secs(60))
///             .wallets(WalletType::ANY)
///             .serve_stale(Duration::from_secs(3_600))
///     })
///     .build()?;
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "return it from the closure"]
pub struct ProfileSettings {
    pub(super) remember: Duration,
    pub(super) remember_unknown: Duration,
    pub(super) serve_stale: Duration,
    pub(super) capacity: usize,
    pub(super) wallets: WalletType,
}

impl ProfileSettings {
    pub(super) const fn new() -> Self {
        Self {
            remember: Duration::from_secs(300),
            remember_unknown: Duration::from_secs(60),
            serve_stale: Duration::ZERO,
            capacity: 10_000,
            wallets: WalletType::NONE,
        }
    }

    /// Sets how long a profile is cached. The default is 5 min.
    ///
    /// During this time, a change at Magic, such as a new e-mail address, may go unnoticed. A
    /// logout of the user invalidates the cached profile, and
    /// [`Magic::refresh_profile`](crate::Magic::refresh_profile) fetches it again.
    pub const fn remember(mut self, time: Duration) -> Self {
        self.remember = time;
        self
    }

    /// Sets how long an unknown user is cached. The default is 60 s.
    ///
    /// Anyone can sign tokens with a key that Magic does not know, so this keeps an attacker from
    /// causing a call to Magic with every request.
    pub const fn remember_unknown(mut self, time: Duration) -> Self {
        self.remember_unknown = time;
        self
    }

    /// Sets how much longer than [`remember`](Self::remember) a stale profile may be served while
    /// Magic is down.
    ///
    /// The default is zero, which means never.
    ///
    /// Magic is considered down if it cannot be reached, rate limits the call, or responds with a
    /// status from 500 to 599. If there is a stale profile,
    /// [`Magic::profile`](crate::Magic::profile) waits up to 2 s to find out; if the same profile
    /// is already being refreshed, it waits until the refresh is done. A stale profile is never
    /// served after a logout of its user that this server knows of, or after Magic has responded
    /// that it does not know the user. Without a [`RevocationList`](crate::RevocationList), a server
    /// does not know of logouts on other servers.
    ///
    /// # Security
    ///
    /// Do not grant access based on a stale e-mail address: it may belong to someone else by now.
    pub const fn serve_stale(mut self, time: Duration) -> Self {
        self.serve_stale = time;
        self
    }

    /// Sets the maximum number of cached users. The default is 10,000. Each takes about 1 KiB.
    pub const fn capacity(mut self, users: usize) -> Self {
        self.capacity = users;
        self
    }

    /// Sets the type of wallets to include in a profile. The default is [`WalletType::NONE`].
    pub fn wallets(mut self, wallet_type: WalletType) -> Self {
        self.wallets = wallet_type;
        self
    }
}
