use std::sync::OnceLock;

use crate::types::Issuer;

/// The one who is told of logouts: what is known of a user may change with one.
#[derive(Default)]
pub(super) struct LogoutObserver(OnceLock<Box<dyn Fn(Issuer) + Send + Sync>>);

/// Tells the observer of a logout, now and when it is dropped: what was asked for in between may be
/// from before the logout.
pub(super) struct LogoutNotice<'a> {
    observer: &'a LogoutObserver,
    issuer: Issuer,
}

impl LogoutObserver {
    /// Sets who is told. Only the first one that is set counts.
    pub(super) fn set(&self, observer: impl Fn(Issuer) + Send + Sync + 'static) {
        let _set_before = self.0.set(Box::new(observer));
    }

    pub(super) fn notice(&self, issuer: Issuer) -> LogoutNotice<'_> {
        self.tell(issuer);
        LogoutNotice { observer: self, issuer }
    }

    fn tell(&self, issuer: Issuer) {
        if let Some(observer) = self.0.get() {
            observer(issuer);
        }
    }
}

impl Drop for LogoutNotice<'_> {
    fn drop(&mut self) {
        self.observer.tell(self.issuer);
    }
}
