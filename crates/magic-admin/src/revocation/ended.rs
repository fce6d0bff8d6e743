use std::{future::pending, pin::pin, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{RevocationList, shared::Shared};
use crate::{
    types::{Clock, Issuer, UnixSeconds},
    verified::VerifiedToken,
};

/// The reason why a token or a session came to its end.
///
/// Returned by [`RevocationList::ended`] and [`RevocationList::session_ended`].
///
/// # Examples
///
/// ```
/// use magic_admin::revocation::EndReason;
///
/// /// The code to close a WebSocket with, from those that RFC 6455 leaves to applications.
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
    /// The token's or the session's time is over.
    Expired,
}

impl RevocationList {
    /// Waits until a token is revoked or expires, for a connection that outlives its request: a
    /// WebSocket or an event stream.
    ///
    /// Resolves at once when the entry arrives, whichever server wrote it. It does not poll, needs no
    /// task of its own, and can be dropped at any time. While the list is out of sync it goes on
    /// waiting, and resolves as soon as the missing entry arrives.
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

    /// Waits until [`check_session`](Self::check_session) rejects a session for good, for a
    /// connection that was opened with a session instead of a token.
    ///
    /// Works as [`ended`](Self::ended). A session expires here with the list's retention window; the
    /// application ends it earlier if its own sessions are shorter.
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

/// Sleeps until a token has expired, for verifiers without a list.
pub(crate) async fn expired(token: &VerifiedToken, clock: &dyn Clock) -> EndReason {
    while clock.now() <= token.expires_at() {
        sleep_for(clock.time_until_after(token.expires_at())).await;
    }
    EndReason::Expired
}

/// What a connection waits for.
struct Ending<R, O> {
    issuer: Issuer,
    is_revoked: R,
    is_over: O,
    /// The last second that is not over.
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
            // Before the look, so that what happens in between is not missed.
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

/// Sleeps, for ever if the end lies beyond what the runtime can count.
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
    async fn nothing_is_left_of_a_connection_that_stopped_waiting() {
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
