use std::{future::pending, pin::pin, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{RevocationList, shared::Shared};
use crate::{
    types::{Clock, Issuer, UnixSeconds},
    verified::VerifiedToken,
};

/// The reason why a token or a session ended.
///
/// Returned by [`RevocationList::ended`] and [`RevocationList::session_ended`].
///
/// # Examples
///
/// ```
/// use magic_admin::revocation::EndReason;
///
/// /// Returns the code to close a WebSocket with, from the range that RFC 6455 leaves to
/// /// applications.
/// fn close_code(reason: EndReason) -> u16 {
///     match reason {
///         EndReason::Revoked => 4001,
///         _ => 4002,
///     }
/// }
/// # assert_eq!(close_code(EndReason::Revoked), 4001);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The user logged out, or the token itself was revoked.
    Revoked,
    /// The token or the session has expired.
    Expired,
}

impl RevocationList {
    /// Waits until a token is revoked or expires.
    ///
    /// Use it for a connection that outlives its request, such as a WebSocket or an event stream.
    /// The future resolves as soon as the revocation is applied to this list, no matter which
    /// server wrote it. It does not poll, needs no task of its own, and can be dropped at any time.
    /// While the list is out of sync the future keeps waiting, and it resolves as soon as the
    /// missing entry arrives.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, VerifiedToken};
    ///
    /// # async fn next_message() -> String { String::new() }
    /// async fn serve(list: &RevocationList, user: VerifiedToken) {
    ///     let ended = list.ended(&user);
    ///     tokio::pin!(ended);
    ///     loop {
    ///         tokio::select! {
    ///             reason = &mut ended => {
    ///                 println!("closing the connection: {reason:?}");
    ///                 return;
    ///             }
    ///             message = next_message() => println!("{message}"),
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn ended(&self, token: &VerifiedToken) -> EndReason {
        let oldest = || token.judged_at() < self.shared.oldest(self.shared.clock.now());
        let end = Ending {
            issuer: token.issuer(),
            is_revoked: || self.revokes(token),
            is_over: || self.shared.clock.now() > token.expires_at() || oldest(),
            last_second: token.expires_at().min(token.judged_at().saturating_add(self.retention())),
        };
        self.shared.wait(end).await
    }

    /// Waits until [`check_session`](Self::check_session) permanently rejects a session.
    ///
    /// Use it for a connection that was opened with a session instead of a token. It works like
    /// [`ended`](Self::ended). The session expires after the retention window of the list; if your
    /// sessions are shorter, end the connection yourself.
    pub async fn session_ended(&self, issuer: Issuer, signed_in_at: UnixSeconds) -> EndReason {
        let end = Ending {
            issuer,
            is_revoked: || self.shared.ends_session(issuer, signed_in_at),
            is_over: || signed_in_at < self.shared.oldest(self.shared.clock.now()),
            last_second: signed_in_at.saturating_add(self.retention()),
        };
        self.shared.wait(end).await
    }
}

/// Waits until a token has expired. Used by verifiers that have no list.
pub(crate) async fn expired(token: &VerifiedToken, clock: &dyn Clock) -> EndReason {
    while clock.now() <= token.expires_at() {
        sleep_for(clock.time_until_after(token.expires_at())).await;
    }
    EndReason::Expired
}

/// The conditions under which a connection ends.
struct Ending<R, O> {
    issuer: Issuer,
    is_revoked: R,
    is_over: O,
    /// The last second in which the token or session is still valid.
    last_second: UnixSeconds,
}

impl Shared {
    async fn wait<R, O>(&self, ending: Ending<R, O>) -> EndReason
    where
        R: Fn() -> bool,
        O: Fn() -> bool,
    {
        let waiting = self.waiters.register(ending.issuer);
        loop {
            // Register before checking, so that no wake-up in between is missed.
            let mut woken = pin!(waiting.notified());
            let _ = woken.as_mut().enable();
            if (ending.is_revoked)() {
                return EndReason::Revoked;
            }
            if (ending.is_over)() {
                return EndReason::Expired;
            }
            let left = self.clock.time_until_after(ending.last_second);
            tokio::select! {
                () = woken => {}
                () = sleep_for(left) => {}
            }
        }
    }
}

/// Sleeps for `duration`, or forever if the end exceeds the range of [`Instant`].
async fn sleep_for(duration: Duration) {
    match Instant::now().checked_add(duration) {
        Some(end) => sleep_until(end).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Address;

    #[tokio::test]
    async fn dropped_waits_leave_nothing_behind() {
        let list = RevocationList::in_memory();
        let issuer = Issuer::from(Address::from_bytes([1; 20]));
        {
            let wait = || list.session_ended(issuer, UnixSeconds::now());
            let mut waiting = [Box::pin(wait()), Box::pin(wait())];
            for future in &mut waiting {
                assert!(futures_now(future.as_mut()).is_none());
            }
            assert_eq!(list.shared.waiters.issuers(), 1);
        }
        assert_eq!(list.shared.waiters.issuers(), 0);
    }

    fn futures_now<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match future.poll(&mut context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        }
    }
}
