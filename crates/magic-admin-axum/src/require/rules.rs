use std::{pin::Pin, sync::Arc};

use http::request::Parts;
use magic_admin::{AuthorizationError, ReplayGuard, VerifiedToken};

use super::check::Check;
use crate::{
    admission::{Verification, consume, verify},
    authenticator::{Authenticator, Chosen},
    rejection::{Appearance, AuthRejection, Restyle},
    sources::Echo,
    verifying::Verifying,
};

/// The requirements that a layer checks before it lets a request through.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// `None` if an outer layer has verified the token.
    pub(super) auth: Option<Authenticator>,
    pub(super) checks: Vec<Check>,
    pub(super) guard: Option<ReplayGuard>,
}

impl Rules {
    /// Decides on a request, or returns [`Decision::Undecided`] if the decision has to wait.
    pub(super) fn decide(self: &Arc<Self>, parts: &mut Parts) -> Result<Decision, AuthRejection> {
        let Some(auth) = &self.auth else {
            let known = parts.extensions.get::<VerifiedToken>().cloned();
            let user = known.ok_or(AuthorizationError::missing())?;
            return self.check(Verification::Known(user), None, None, parts);
        };
        let chosen = auth.for_request(parts).map_err(|answer| AuthRejection::unserved(*answer))?;
        chosen.sources().mark_sensitive(&mut parts.headers);
        let echo = chosen.sources().take_from_protocols(parts);
        verify(parts, &chosen.verifying, chosen.sources())
            .map_err(AuthRejection::rfc6750)
            .and_then(|verification| self.check(verification, Some(&chosen), echo, parts))
            .map_err(|rejection| chosen.appearance.apply(rejection, parts))
    }

    fn check(
        self: &Arc<Self>,
        verification: Verification,
        chosen: Option<&Chosen<'_>>,
        echo: Option<Echo>,
        parts: &mut Parts,
    ) -> Result<Decision, AuthRejection> {
        let passed = match verification.user() {
            Some(user) => self.check_now(user, parts)?,
            None => 0,
        };
        let is_last = passed == self.checks.len() && self.guard.is_none();
        match verification {
            Verification::Known(_) if is_last => {}
            Verification::New(user) if is_last => {
                parts.extensions.insert(user);
            }
            verification => {
                let chosen = chosen.cloned().map(Chosen::into_owned);
                let rules = Arc::clone(self);
                let undecided = Undecided { rules, verification, passed, chosen, echo };
                return Ok(Decision::Undecided(Box::new(undecided)));
            }
        }
        let restyle = chosen.and_then(|chosen| chosen.appearance.for_later(parts));
        Ok(Decision::Forward(After { restyle, echo }))
    }

    /// Runs the checks up to the first one that has to wait, and returns how many have passed.
    fn check_now(&self, user: &VerifiedToken, parts: &Parts) -> Result<usize, AuthRejection> {
        for (passed, check) in self.checks.iter().enumerate() {
            match check.now(user, parts) {
                Some(checked) => checked?,
                None => return Ok(passed),
            }
        }
        Ok(self.checks.len())
    }
}

/// The outcome of [`Rules::decide`].
pub(super) enum Decision {
    Forward(After),
    Undecided(Box<Undecided>),
}

/// The work left to do on the response.
pub(super) struct After {
    pub(super) restyle: Option<Restyle>,
    pub(super) echo: Option<Echo>,
}

/// A decision that has to wait for the client ID, for a check, or for the store of used tokens.
pub(super) struct Undecided {
    rules: Arc<Rules>,
    verification: Verification,
    /// The number of checks that have passed.
    passed: usize,
    chosen: Option<(Verifying, Appearance)>,
    echo: Option<Echo>,
}

pub(super) type Waiting =
    Pin<Box<dyn Future<Output = Result<(Parts, After), AuthRejection>> + Send>>;

impl Undecided {
    pub(super) fn wait(self, mut parts: Parts) -> Waiting {
        let Self { rules, verification, passed, chosen, echo } = self;
        Box::pin(async move {
            let verifying = chosen.as_ref().map(|(verifying, _)| verifying);
            let outcome = rules.finish(verification, passed, verifying, &mut parts).await;
            let appearance = chosen.as_ref().map(|(_, appearance)| appearance);
            match outcome {
                Ok(()) => {
                    let restyle = appearance.and_then(|appearance| appearance.for_later(&parts));
                    Ok((parts, After { restyle, echo }))
                }
                Err(rejection) => Err(match appearance {
                    Some(appearance) => appearance.apply(rejection, &parts),
                    None => rejection,
                }),
            }
        })
    }
}

impl Rules {
    async fn finish(
        &self,
        verification: Verification,
        passed: usize,
        verifying: Option<&Verifying>,
        parts: &mut Parts,
    ) -> Result<(), AuthRejection> {
        let user = verification.complete().await?;
        for check in self.checks.iter().skip(passed) {
            check.run(&user, parts).await?;
        }
        if let (Some(guard), Some(verifying)) = (&self.guard, verifying) {
            consume(&mut parts.extensions, verifying, guard, &user).await?;
        }
        parts.extensions.insert(user);
        Ok(())
    }
}
