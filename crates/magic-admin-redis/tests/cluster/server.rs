//! One server of the application: a request a line on its standard input, an answer a line on its
//! standard output.

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

use crate::BOUND;

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
        // Redis may be down; then what is pending is lost, as in a crash.
        let _ = application.revocations.shutdown().await;
    });
}

struct Application {
    revocations: RedisRevocations,
    verifier: Verifier,
    /// What a logout asks: it does not look at the list.
    without_list: Verifier,
    guard: ReplayGuard,
    /// By the text of their tokens.
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

    /// The code; how many milliseconds ago, before the request was looked at, the server held
    /// everything; and whether it learned that again since.
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
        // The same time, computed twice, is not quite the same.
        let renewed = contact() > before.map(|before| before + Duration::from_millis(1));
        format!("{code} {ago} {renewed}")
    }

    /// Uses the token, starts a session, and opens two connections: one with each.
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
        if connection.is_finished() {
            return "closed";
        }
        // It may have been woken just now.
        match tokio::time::timeout(Duration::from_millis(200), &mut *connection).await {
            Ok(_) => {
                connections.remove(text);
                "closed"
            }
            Err(_) => "open",
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
