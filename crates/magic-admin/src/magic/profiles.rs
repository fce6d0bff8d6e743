use std::time::Duration;

use tokio::time::Instant;

use super::profile_settings::ProfileSettings;
use crate::{
    client::{ApiError, Client, UserMetadata},
    memo::{Known, Lifetime, Memo, Recalled},
    revocation::{LogoutMark, RevocationList},
    types::Issuer,
};

/// A cache of the user profiles that Magic has returned recently.
pub(super) struct Profiles {
    settings: ProfileSettings,
    lookups: Memo<Issuer, Lookup>,
}

/// The user to look up, with the client to ask and the list that knows of logouts.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) issuer: Issuer,
    pub(super) client: &'a Client,
    pub(super) revocations: Option<&'a RevocationList>,
}

/// The outcome of a lookup at Magic.
#[derive(Clone)]
struct Lookup {
    outcome: Result<Profile, ApiError>,
    /// The profile of an earlier lookup, which may be served because Magic is down.
    stale: Option<Profile>,
}

#[derive(Clone)]
struct Profile {
    metadata: UserMetadata,
    /// The time at which Magic was asked for it.
    asked: Instant,
    mark: Option<LogoutMark>,
}

impl Profiles {
    pub(super) fn new(settings: ProfileSettings) -> Self {
        Self { lookups: Memo::with_capacity(settings.capacity), settings }
    }

    /// Returns the cached result, without waiting.
    pub(super) fn recall(&self, user: Subject<'_>) -> Option<Result<UserMetadata, ApiError>> {
        let known = self.lookups.recall(&user.issuer)?;
        user.has_not_logged_out_since(&known.answer).then(|| known.answer.served())
    }

    /// Returns the cached result. If there is none, asks Magic, once for all waiting requests.
    pub(super) async fn recall_or_ask(&self, user: Subject<'_>) -> Result<UserMetadata, ApiError> {
        if let Some(served) = self.recall(user) {
            return served;
        }
        let came = Instant::now();
        // A new call could not return anything newer than the answer to a call that began after
        // this one.
        let accepts = |known: &Known<Lookup>| {
            let is_new = known.asked > came && known.answer.stale.is_none();
            is_new || user.has_not_logged_out_since(&known.answer)
        };
        loop {
            let ask = |known| self.ask(user, known, Some(PATIENCE));
            let Recalled { answer, is_kept } =
                self.lookups.recall_or(&user.issuer, accepts, ask).await;
            // If the user logged out while the call was running, do not serve the stale profile.
            if is_kept || answer.stale.is_none() {
                return answer.served();
            }
        }
    }

    /// Asks Magic and caches the outcome.
    pub(super) async fn ask_anew(&self, user: Subject<'_>) -> Result<UserMetadata, ApiError> {
        let came = Instant::now();
        let accepts = |known: &Known<Lookup>| {
            known.asked > came && user.has_not_logged_out_since(&known.answer)
        };
        let ask = |known| self.ask(user, known, None);
        let recalled = self.lookups.recall_or(&user.issuer, accepts, ask).await;
        recalled.answer.outcome.map(|profile| profile.metadata)
    }

    pub(super) fn forget(&self, issuer: Issuer) {
        self.lookups.forget(&issuer);
    }

    /// Asks Magic. If there is a stale profile to fall back to, waits for at most `patience`.
    async fn ask(
        &self,
        user: Subject<'_>,
        known: Option<Known<Lookup>>,
        patience: Option<Duration>,
    ) -> (Lookup, Lifetime) {
        let (asked, mark) = (Instant::now(), user.logout_mark());
        let last = known.and_then(|known| known.answer.last());
        let last = last.filter(|last| self.may_serve(user, last));
        let (users, wallets) = (user.client.users(), &self.settings.wallets);
        let outcome = match patience.filter(|_| last.is_some()) {
            Some(patience) => users.metadata_within(patience, user.issuer, wallets).await,
            None => users.metadata_by_issuer_with_wallet(user.issuer, wallets).await,
        };
        let lifetime = match &outcome {
            Ok(_) => Lifetime::OfAnswer(self.settings.remember),
            Err(error) if error.is_unknown_user() => {
                Lifetime::OfAnswer(self.settings.remember_unknown)
            }
            Err(_) => Lifetime::OfFailure(REMEMBER_FAILURE),
        };
        let is_down = outcome.as_ref().is_err_and(is_down);
        let stale = last.filter(|last| is_down && self.may_serve(user, last));
        let outcome = outcome.map(|metadata| Profile { metadata, asked, mark });
        (Lookup { outcome, stale }, lifetime)
    }

    fn may_serve(&self, user: Subject<'_>, profile: &Profile) -> bool {
        let ProfileSettings { remember, serve_stale, .. } = self.settings;
        !serve_stale.is_zero()
            && profile.asked.elapsed() < remember.saturating_add(serve_stale)
            && user.has_not_logged_out(profile)
    }
}

impl Subject<'_> {
    fn logout_mark(&self) -> Option<LogoutMark> {
        self.revocations.map(|list| list.logout_mark(self.issuer))
    }

    /// Logouts in this process remove the profile from [`Profiles`]. The list also knows of logouts
    /// on other servers.
    fn has_not_logged_out_since(&self, lookup: &Lookup) -> bool {
        lookup.profile().is_none_or(|profile| self.has_not_logged_out(profile))
    }

    fn has_not_logged_out(&self, profile: &Profile) -> bool {
        let list = self.revocations.zip(profile.mark);
        list.is_none_or(|(list, mark)| list.knows_no_logout_since(self.issuer, mark))
    }
}

impl Lookup {
    fn profile(&self) -> Option<&Profile> {
        self.outcome.as_ref().ok().or(self.stale.as_ref())
    }

    /// Returns the profile to fall back to if Magic is down at the next lookup.
    fn last(self) -> Option<Profile> {
        self.outcome.ok().or(self.stale)
    }

    fn served(self) -> Result<UserMetadata, ApiError> {
        match (self.outcome, self.stale) {
            (Ok(profile), _) | (Err(_), Some(profile)) => Ok(profile.metadata),
            (Err(error), None) => Err(error),
        }
    }
}

/// Returns `true` if Magic did not respond, or if its response says nothing about the user.
fn is_down(error: &ApiError) -> bool {
    error.is_retryable() || error.status().is_some_and(|status| status >= 500)
}

/// The lifetime of a cached failure, so that not every request calls an API that is down.
const REMEMBER_FAILURE: Duration = Duration::from_secs(1);

/// The time-out of a call to Magic if there is a stale profile to fall back to.
const PATIENCE: Duration = Duration::from_secs(2);
