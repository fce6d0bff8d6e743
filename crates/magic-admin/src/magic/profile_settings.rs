use std::time::Duration;

use crate::client::WalletType;

/// Settings of the profiles that a [`Magic`](crate::Magic) remembers; every one has a default.
///
/// Handed out by [`MagicBuilder::profiles`](crate::MagicBuilder::profiles).
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

    /// Sets how long a profile is remembered. Default: 5 min.
    ///
    /// For this long, a change at Magic, such as a new e-mail address, can go unnoticed. A logout of
    /// the user ends it, and [`Magic::refresh_profile`](crate::Magic::refresh_profile) fetches the
    /// profile anew.
    pub const fn remember(mut self, time: Duration) -> Self {
        self.remember = time;
        self
    }

    /// Sets how long it is remembered that Magic does not know a user. Default: 60 s.
    ///
    /// Anyone can sign tokens with a key that Magic does not know, so this keeps a stranger from
    /// causing a call to Magic with every request.
    pub const fn remember_unknown(mut self, time: Duration) -> Self {
        self.remember_unknown = time;
        self
    }

    /// Sets for how long after [`remember`](Self::remember) a profile is still served while Magic is
    /// down. Default: zero, which means never.
    ///
    /// Magic is down if it cannot be reached, limits the rate, or answers with a status from 500 to
    /// 599. With an old profile at hand, [`Magic::profile`](crate::Magic::profile) waits for at most
    /// 2 s to find out; while the same profile is being refreshed, for as long as that takes. An old
    /// profile is never served after its user has logged out, and never instead of the answer that
    /// Magic does not know the user.
    ///
    /// # Security
    ///
    /// Do not grant anything on the strength of an old e-mail address: it may belong to someone else by now.
    pub const fn serve_stale(mut self, time: Duration) -> Self {
        self.serve_stale = time;
        self
    }

    /// Sets the number of users who are remembered. Default: 10,000, of about 1 KiB each.
    pub const fn capacity(mut self, users: usize) -> Self {
        self.capacity = users;
        self
    }

    /// Sets the type of the wallets in a profile. Default: [`WalletType::NONE`].
    pub fn wallets(mut self, wallet_type: WalletType) -> Self {
        self.wallets = wallet_type;
        self
    }
}
