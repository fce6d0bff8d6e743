use uuid::Uuid;

use super::identity::Identity;

/// A way for users to prove that an e-mail address or phone number is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    EmailCode,
    Sms,
    Link,
}

impl Via {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::EmailCode => "email",
            Self::Sms => "sms",
            Self::Link => "link",
        }
    }
}

/// A sign-in waiting for its code to be entered or its link to be opened.
#[derive(Clone)]
pub(super) struct SignIn {
    pub(super) id: String,
    pub(super) via: Via,
    pub(super) identity: Identity,
    /// The lifespan of the DID token that the sign-in returns, in seconds.
    pub(super) lifespan: Option<u64>,
    pub(super) code: String,
    pub(super) confirmed: bool,
}

/// All pending sign-ins.
#[derive(Default)]
pub(super) struct SignIns(Vec<SignIn>);

impl SignIns {
    pub(super) fn begin(
        &mut self,
        via: Via,
        identity: Identity,
        lifespan: Option<u64>,
        code: Option<&str>,
    ) -> SignIn {
        if self.0.len() >= MAX_SIGN_INS {
            self.0.remove(0);
        }
        let random = Uuid::new_v4().as_u128();
        let id = Uuid::new_v4().simple().to_string();
        let code = code.map_or_else(|| format!("{:06}", random % 1_000_000), str::to_owned);
        let sign_in = SignIn { id, via, identity, lifespan, code, confirmed: false };
        self.0.push(sign_in.clone());
        sign_in
    }

    pub(super) fn get(&self, id: &str) -> Option<&SignIn> {
        self.0.iter().find(|sign_in| sign_in.id == id)
    }

    pub(super) fn take(&mut self, id: &str) -> Option<SignIn> {
        let at = self.0.iter().position(|sign_in| sign_in.id == id)?;
        Some(self.0.remove(at))
    }

    /// Records that the link was opened. Returns `false` if there is no such sign-in.
    pub(super) fn confirm(&mut self, id: &str) -> bool {
        let sign_in = self.0.iter_mut().find(|known| known.id == id && known.via == Via::Link);
        sign_in.map(|sign_in| sign_in.confirmed = true).is_some()
    }
}

/// A limit on abandoned sign-ins. The oldest is dropped first.
const MAX_SIGN_INS: usize = 1_000;
