use super::RevocationList;
use crate::types::{Issuer, UnixSeconds};

/// A record of a user's logouts that a list knew at a certain moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogoutMark {
    at: UnixSeconds,
    last: Option<UnixSeconds>,
}

impl RevocationList {
    /// Records the user's logouts that are known now.
    pub(crate) fn logout_mark(&self, issuer: Issuer) -> LogoutMark {
        LogoutMark { at: self.shared.clock.now(), last: self.shared.table.revoked_until(issuer) }
    }

    /// Returns `true` if the list has learned of no logout since the mark and is complete enough to
    /// be sure.
    ///
    /// Compares entries instead of times, because each server that writes entries has its own
    /// clock.
    pub(crate) fn knows_no_logout_since(&self, issuer: Issuer, mark: LogoutMark) -> bool {
        let now = self.shared.clock.now();
        // Check this first: if the list is completed during the lookup, the lookup saw it
        // incomplete.
        self.shared.check_sync(now).is_ok()
            // Beyond the retention window, a revocation may already have been forgotten.
            && mark.at >= self.shared.oldest(now)
            && self.shared.table.revoked_until(issuer) == mark.last
    }
}
