use super::RevocationList;
use crate::types::{Issuer, UnixSeconds};

/// The logouts of a user that a list knew at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogoutMark {
    at: UnixSeconds,
    last: Option<UnixSeconds>,
}

impl RevocationList {
    /// Takes note of the logouts of a user that are known now.
    pub(crate) fn logout_mark(&self, issuer: Issuer) -> LogoutMark {
        LogoutMark { at: self.shared.clock.now(), last: self.shared.table.revoked_until(issuer) }
    }

    /// Returns `true` if the list knows of no logout that it did not know at the mark, and would know
    /// of one.
    ///
    /// Compares entries instead of times, because the servers that write them have clocks of their own.
    pub(crate) fn knows_no_logout_since(&self, issuer: Issuer, mark: LogoutMark) -> bool {
        let now = self.shared.clock.now();
        // In this order: a list that is completed during the lookup was not complete for it.
        self.shared.check_sync(now).is_ok()
            // What is older than the oldest session may have been revoked by an entry that is forgotten.
            && mark.at >= self.shared.oldest(now)
            && self.shared.table.revoked_until(issuer) == mark.last
    }
}
