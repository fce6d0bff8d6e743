//! A server of the application. It reads requests from standard input and writes responses to
//! standard output, one per line.

use std::{
    collections::HashMap,
    io::{BufRead as _, Write as _},
    sync::Mutex,
    time::{Duration, Instant},
};

use magic_admin::{
    Audience, Issuer, ReplayGuard, UnixSeconds, VerifiedToken, Verifier, VerifyError,
};
use magic_admin_redis::{RedisConfig, RedisRevocations, RedisSingleUse};
use tokio::task::JoinHandle;

use crate::{BOUND, support::GIVE_UP};

pub(crate) const APP: &str = "cluster";

pub(crate) fn serve(url: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = RedisConfig::new(url).unwrap().with_timeout(Duration::from_millis(500));
        let application = Application::start(server);
        let (lines, mut requests) = tokio::sync::mpsc::channel(1);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if lines.blocking_send(line).is_err() {
                    break;
                }
            }
        });
        while let Some(request) = requests.recv().await {
            let answer = application.answer(&request).await;
            let mut out = std::io::stdout().lock();
            if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
                break;
            }
        }
        // If Redis is down, pending entries are lost, as in a crash.
        let _ = application.revocations.shutdown().await;
    });
}

struct Application {
    revocations: RedisRevocations,
    verifier: Verifier,
    /// For logouts, which do not consult the list.
    without_list: Verifier,
    guard: ReplayGuard,
    /// Keyed by token string.
    sessions: Mutex<HashMap<String, (Issuer, UnixSeconds)>>,
    connections: tokio::sync::Mutex<HashMap<String, JoinHandle<()>>>,
}

impl Application {
    fn start(server: RedisConfig) -> Self {
        let revocations =
            RedisRevocations::builder(server.clone()).staleness_bound(BOUND).start().unwrap();
        let audience = || Audience::new(APP).unwrap();
        Self {
            verifier: Verifier::builder(audience()).revocations(revocations.list().clone()).build(),
            without_list: Verifier::new(audience()),
            guard: ReplayGuard::new(RedisSingleUse::new(server)),
            revocations,
            sessions: Mutex::default(),
            connections: tokio::sync::Mutex::default(),
        }
    }

    /// Responds with the code, with how many milliseconds before the request the server was in
    /// sync, and with whether it has been in sync again since then.
    async fn answer(&self, request: &str) -> String {
        let contact = || Some(Instant::now() - self.revocations.health().last_contact()?);
        let before = contact();
        let ago = before.map_or(-1, |before| before.elapsed().as_millis() as i64);
        let (action, token) = request.split_once(' ').unwrap_or((request, ""));
        let code = match action {
            "verify" => code(self.verifier.verify(token).map(|_| ())),
            "login" => match self.verifier.verify(token) {
                Ok(verified) => self.sign_in(token, verified).await,
                Err(error) => error.code(),
            },
            "logout" => match self.without_list.verify(token) {
                Ok(token) => self.log_out(&token).await,
                Err(error) => error.code(),
            },
            "session" => match self.sessions.lock().unwrap().get(token) {
                Some(&(issuer, at)) => code(self.revocations.list().check_session(issuer, at)),
                None => "none",
            },
            "connected" => self.is_connected(token).await,
            _ => "health",
        };
        // Computing the same time twice yields slightly different results.
        let renewed = contact() > before.map(|before| before + Duration::from_millis(1));
        format!("{code} {ago} {renewed}")
    }

    /// Uses the token, starts a session, and opens a connection with each.
    async fn sign_in(&self, text: &str, token: VerifiedToken) -> &'static str {
        if let Err(error) = self.guard.consume(&token).await {
            return error.code();
        }
        let list = self.revocations.list().clone();
        let (issuer, at) = match list.start_session(&token) {
            Ok(at) => (token.issuer(), at),
            Err(error) => return error.code(),
        };
        self.sessions.lock().unwrap().insert(text.to_owned(), (issuer, at));
        let connection = tokio::spawn(async move {
            tokio::join!(list.ended(&token), list.session_ended(issuer, at));
        });
        self.connections.lock().await.insert(text.to_owned(), connection);
        "ok"
    }

    async fn is_connected(&self, text: &str) -> &'static str {
        let mut connections = self.connections.lock().await;
        let Some(connection) = connections.get_mut(text) else { return "none" };
        let session = self.sessions.lock().unwrap().get(text).copied();
        let is_revoked = session.is_some_and(|(issuer, at)| {
            let checked = self.revocations.list().check_session(issuer, at);
            code(checked) == "ERROR_DIDT_REVOKED"
        });
        match (connection.is_finished(), is_revoked) {
            (false, false) => "open",
            (true, _) => "closed",
            // It has been woken, but may not have run yet.
            (false, true) => match tokio::time::timeout(GIVE_UP / 2, &mut *connection).await {
                Ok(_) => {
                    connections.remove(text);
                    "closed"
                }
                Err(_) => "never closed",
            },
        }
    }

    async fn log_out(&self, token: &VerifiedToken) -> &'static str {
        match self.revocations.list().revoke_session(token).await {
            Ok(()) => "ok",
            Err(_) => "ERROR_UNAVAILABLE",
        }
    }
}

fn code(result: Result<(), VerifyError>) -> &'static str {
    result.map_or_else(|error| error.code(), |()| "ok")
}
