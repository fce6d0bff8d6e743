use std::time::Duration;

use magic_admin::Issuer;
use serde_json::{Value, json};

use super::{
    answer::{self, RpcError},
    event::BrowserEvent,
    identity::Identity,
    method::Method,
    page::CONFIRM_PATH,
    personal_message,
    question::Question,
    session::Sessions,
    sign_in::{SignIn, SignIns, Via},
    test_address::TestAddress,
};
use crate::{Mint, TestUser, server::FakeUser};

/// Settings of a relayer.
#[derive(Default)]
pub(crate) struct Settings {
    /// The only publishable key that is accepted. If `None`, any key is accepted.
    pub(crate) publishable_key: Option<String>,
    /// The code of every sign-in. If `None`, each sign-in gets a random code.
    pub(crate) code: Option<String>,
    pub(crate) seed: u64,
}

/// The application that users sign in to.
pub(crate) struct Application<'a> {
    pub(crate) mint: &'a Mint,
    pub(crate) users: &'a mut Vec<FakeUser>,
}

/// The server side of the page, which signs users in and out.
#[derive(Default)]
pub(crate) struct Relayer {
    settings: Settings,
    sessions: Sessions,
    sign_ins: SignIns,
    events: Vec<BrowserEvent>,
}

impl Relayer {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Responds to a request from the page.
    pub(crate) fn answer(
        &mut self,
        question: &Question<'_>,
        application: Application<'_>,
    ) -> Value {
        let answer = match *question {
            Question::Call { key, session, method, params } => {
                self.call(key, session, method, params, application)
            }
            Question::Enter { sign_in, code } => self.enter(sign_in, code, application),
            Question::Wait { sign_in } => self.wait(sign_in, application),
            Question::Cancel { sign_in } => {
                self.sign_ins.take(sign_in);
                Err(RpcError::cancelled())
            }
        };
        answer.unwrap_or_else(|error| answer::error(&error))
    }

    /// Records that a magic link was opened. Returns `false` if there is no such sign-in.
    pub(crate) fn confirm(&mut self, sign_in: &str) -> bool {
        self.sign_ins.confirm(sign_in)
    }

    /// Ends the user's sessions in every browser.
    pub(crate) fn log_out(&mut self, issuer: Issuer) {
        for _ in 0..self.sessions.end_all(issuer) {
            self.events.push(BrowserEvent::SignedOut { issuer });
        }
    }

    /// Returns the events since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<BrowserEvent> {
        std::mem::take(&mut self.events)
    }

    fn call(
        &mut self,
        key: &str,
        session: Option<&str>,
        method: &str,
        params: &[Value],
        application: Application<'_>,
    ) -> Result<Value, RpcError> {
        let known = Method::named(method);
        let method = known.map_or("unknown", |(_, name)| name);
        self.events.push(BrowserEvent::Request { method });
        if self.settings.publishable_key.as_deref().is_some_and(|only| only != key) {
            return Err(RpcError::invalid_request(
                "The emulator of Magic accepts only a different publishable key.",
            ));
        }
        let (method, _) = known.ok_or_else(RpcError::method_not_found)?;
        let user = session
            .and_then(|id| self.sessions.issuer(id))
            .and_then(|issuer| application.users.iter().find(|user| user.issuer() == issuer));
        let signed_in = user.and_then(|user| Some((user, user.test_user()?)));
        Ok(match (method, signed_in) {
            (Method::SignIn(via), _) => self.begin(via, params, application)?,
            (Method::IsLoggedIn, user) => answer::result(user.is_some()),
            (Method::Logout, _) => {
                let ended = session.and_then(|id| self.sessions.end(id));
                self.events.extend(ended.map(|issuer| BrowserEvent::SignedOut { issuer }));
                answer::with_session(true, None)
            }
            (Method::Accounts, None) => answer::result(json!([])),
            (_, None) => return Err(RpcError::not_signed_in()),
            (Method::IdToken, Some((_, key))) => {
                answer::result(id_token(application.mint, key, params.first())?)
            }
            (Method::Info, Some((user, key))) => answer::result(info(user, key)),
            (Method::Accounts | Method::RequestAccounts, Some((_, key))) => {
                answer::result(json!([key.address().to_string()]))
            }
            (Method::PersonalSign, Some((_, key))) => {
                answer::result(personal_message::sign(key, params)?)
            }
        })
    }

    fn begin(
        &mut self,
        via: Via,
        params: &[Value],
        application: Application<'_>,
    ) -> Result<Value, RpcError> {
        let settings = params.first().unwrap_or(&Value::Null);
        let text = |name: &str| settings.get(name).and_then(Value::as_str).unwrap_or_default();
        let lifespan = lifespan(settings)?;
        let identity = match via {
            Via::Sms => Identity::phone(text("phoneNumber"))?,
            Via::EmailCode | Via::Link => Identity::email(text("email"))?,
        };
        let code = self.settings.code.as_deref();
        let sign_in = self.sign_ins.begin(via, identity, lifespan, code);
        let id = sign_in.id.clone();
        match TestAddress::of(sign_in.identity.text()) {
            Some(TestAddress::Success) => return self.finish(&id, application),
            Some(TestAddress::Fail(error)) => {
                self.sign_ins.take(&id);
                return Err(error);
            }
            None => {}
        }
        let hint = match (via, code) {
            (Via::Link, _) => "Emulator of Magic: no e-mail was sent.".to_owned(),
            (_, Some(code)) => format!("Emulator of Magic: the code is {code}."),
            (_, None) => "Emulator of Magic: the code is in its log.".to_owned(),
        };
        self.events.push(match via {
            Via::Link => BrowserEvent::Link { path: format!("{CONFIRM_PATH}?sign_in={id}") },
            Via::EmailCode | Via::Sms => BrowserEvent::Code { code: sign_in.code.clone() },
        });
        Ok(json!({"sign_in": {
            "sign_in": id,
            "via": via.name(),
            "to": sign_in.identity.text(),
            "ui": settings.get("showUI") != Some(&Value::Bool(false)),
            "hint": hint,
        }}))
    }

    fn enter(
        &mut self,
        id: &str,
        code: &str,
        application: Application<'_>,
    ) -> Result<Value, RpcError> {
        let sign_in = self.sign_ins.get(id).ok_or_else(RpcError::cancelled)?;
        if sign_in.via == Via::Link || sign_in.code != code {
            return Ok(json!({"wrong": true}));
        }
        self.finish(id, application)
    }

    fn wait(&mut self, id: &str, application: Application<'_>) -> Result<Value, RpcError> {
        let sign_in = self.sign_ins.get(id).ok_or_else(RpcError::cancelled)?;
        if !sign_in.confirmed {
            return Ok(json!({"waiting": true}));
        }
        self.finish(id, application)
    }

    /// Completes a sign-in: starts a session and issues a DID token.
    fn finish(&mut self, id: &str, application: Application<'_>) -> Result<Value, RpcError> {
        let SignIn { identity, lifespan, .. } =
            self.sign_ins.take(id).ok_or_else(RpcError::cancelled)?;
        let known = application.users.iter().find(|user| identity.is(user)).cloned();
        let user = known.unwrap_or_else(|| {
            let user = identity.user(self.settings.seed);
            application.users.push(user.clone());
            user
        });
        let key = user.test_user().ok_or_else(|| {
            RpcError::internal("The emulator of Magic has no key for this user, only an address.")
        })?;
        let issuer = key.issuer();
        let session = self.sessions.start(issuer);
        self.events.push(BrowserEvent::SignedIn { issuer });
        let settings = lifespan.map(|seconds| json!({"lifespan": seconds}));
        let token = id_token(application.mint, key, settings.as_ref())?;
        Ok(answer::with_session(token, Some(&session)))
    }
}

/// Issues a DID token with the `lifespan` and the `attachment` from `settings`.
fn id_token(mint: &Mint, user: &TestUser, settings: Option<&Value>) -> Result<String, RpcError> {
    let settings = settings.unwrap_or(&Value::Null);
    let mut token = mint.builder(user);
    if let Some(seconds) = lifespan(settings)? {
        token = token.lifespan(Duration::from_secs(seconds));
    }
    match settings.get("attachment") {
        None | Some(Value::Null) => {}
        Some(Value::String(text)) => token = token.attachment(text),
        Some(_) => return Err(RpcError::invalid_params("`attachment` must be a string.")),
    }
    Ok(token.build())
}

/// Reads the lifespan in whole seconds.
fn lifespan(settings: &Value) -> Result<Option<u64>, RpcError> {
    match settings.get("lifespan") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| RpcError::invalid_params("`lifespan` must be a number of seconds.")),
    }
}

/// Returns the SDK's `MagicUserMetadata`, including `publicAddress` for older versions.
fn info(user: &FakeUser, key: &TestUser) -> Value {
    let address = key.address().to_string();
    json!({
        "issuer": key.issuer().to_string(),
        "publicAddress": address,
        "email": user.text("email"),
        "phoneNumber": user.text("phone_number"),
        "isMfaEnabled": false,
        "isPasskeyMfaEnabled": false,
        "recoveryFactors": [],
        "firstLoginAt": null,
        "wallets": {"ethereum": {"publicAddress": address, "subAccounts": []}},
    })
}
