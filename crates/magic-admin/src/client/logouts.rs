use std::sync::OnceLock;

use crate::types::Issuer;

/// The observer that is notified of logouts, because a logout may change what is known about a
/// user.
#[derive(Default)]
pub(super) struct LogoutObserver(OnceLock<Box<dyn Fn(Issuer) + Send + Sync>>);

/// Notifies the observer of a logout, now and when dropped. Data fetched in between may date from
/// before the logout.
pub(super) struct LogoutNotice<'a> {
    observer: &'a LogoutObserver,
    issuer: Issuer,
}

impl LogoutObserver {
    /// Sets the observer. Only the first call has an effect.
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
