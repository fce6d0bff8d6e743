use std::{fmt, io, net::SocketAddr, sync::Arc};

use magic_admin::Issuer;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{Call, Endpoint, FakeUser, Fault, keys::Keys, serve::serve, state::State};
use crate::Mint;

/// A fake of Magic's Admin API on a real port.
///
/// It serves every endpoint of both generations of the API, checks the secret key, knows users,
/// keeps every call it receives, and fails as it is told. It stops when it is dropped.
///
/// It is also an `endpoint` for Magic's browser SDK: users sign in with a one-time code or a magic link,
/// and a logout through the Admin API ends their browser sessions. What happens in browsers is reported
/// to [`FakeMagicBuilder::on_browser_event`](crate::FakeMagicBuilder::on_browser_event); faults and
/// recorded calls concern the Admin API only.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use magic_admin::{ApiErrorKind, Magic, SecretKey};
/// use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, TestUser};
///
/// let alice = TestUser::from_seed(1);
/// let fake = FakeMagic::builder()
///     .user(FakeUser::from(&alice).email("alice@example.com"))
///     .start()
///     .await?;
///
/// let magic = Magic::builder(SecretKey::new(fake.secret_key())?)
///     .base_url(fake.base_url())
///     .build()?;
/// let user = magic.verify(&fake.mint().token(&alice)).await?;
///
/// fake.fail_next(Fault::status(403).at(Endpoint::Logout));
/// let error = magic.users().logout_by_token(&user).await.unwrap_err();
/// assert_eq!(error.kind(), ApiErrorKind::Forbidden);
/// magic.users().logout_by_token(&user).await?;
///
/// let calls = fake.logout_calls();
/// assert_eq!(calls.len(), 2);
/// assert_eq!(calls[1].issuer(), Some(alice.issuer().to_string()));
/// fake.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub struct FakeMagic {
    address: SocketAddr,
    keys: Keys,
    client_id: String,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl FakeMagic {
    pub(super) async fn serve(
        bind: SocketAddr,
        keys: Keys,
        client_id: String,
        state: State,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let state = Arc::new(state);
        let task =
            tokio::spawn(serve(listener, state.clone(), keys.secret.as_str().into(), stopped));
        Ok(Self { address, keys, client_id, state, stop, task })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL: the `MAGIC_API_BASE_URL` of the application under test, and the `endpoint`
    /// of its front end in `new Magic(publishableKey, { endpoint })`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The secret key it accepts: the `MAGIC_API_SECRET_KEY` of the application under test.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.keys.secret
    }

    /// Returns a publishable key for a front end: the one that was set, or else any.
    #[must_use]
    pub fn publishable_key(&self) -> &str {
        &self.keys.publishable
    }

    /// The client id it answers.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// A mint for its client id, on the system's clock.
    #[must_use]
    pub fn mint(&self) -> Mint {
        Mint::new(self.client_id.as_str())
    }

    /// Knows one more user from now on; one with the same issuer is replaced.
    pub fn add_user(&self, user: impl Into<FakeUser>) {
        let user = user.into();
        self.state.change_api(|api| {
            api.users.retain(|known| known.issuer() != user.issuer());
            api.users.push(user);
        });
    }

    /// No longer knows this user.
    pub fn remove_user(&self, issuer: impl Into<Issuer>) {
        let issuer = issuer.into();
        self.state.change_api(|api| api.users.retain(|known| known.issuer() != issuer));
    }

    /// Fails the next call, or as many as [`Fault::times`] says, after the faults that were
    /// already lined up. A fault for one endpoint lets other calls pass until its call comes.
    pub fn fail_next(&self, fault: Fault) {
        let times = fault.times.unwrap_or(1);
        self.state.change_plan(|plan| plan.push_next(fault.times(times)));
    }

    /// Fails calls until [`heal`](Self::heal), or as many as [`Fault::times`] says. What
    /// [`fail_next`](Self::fail_next) lined up comes first; a later `fail` goes before an earlier.
    pub fn fail(&self, fault: Fault) {
        self.state.change_plan(|plan| plan.push_lasting(fault));
    }

    /// Forgets all faults: every call from now on is answered right. Held calls stay held.
    pub fn heal(&self) {
        self.state.change_plan(super::plan::Plan::clear);
    }

    /// Lets every call go on that a [`Fault::hold`] holds at this moment.
    pub fn release(&self) {
        self.state.release();
    }

    /// The calls received so far, in order of arrival, held and failed ones included.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls()
    }

    /// The calls to one endpoint, of either generation.
    #[must_use]
    pub fn calls_to(&self, endpoint: Endpoint) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.endpoint() == Some(endpoint));
        calls
    }

    /// The calls that asked to log a user out.
    #[must_use]
    pub fn logout_calls(&self) -> Vec<Call> {
        self.calls_to(Endpoint::Logout)
    }

    /// Waits until [`calls`](Self::calls) holds at least this many, answered or not.
    ///
    /// To act while a call is under way: hold it, wait for it, act, [`release`](Self::release) it.
    pub async fn wait_for_calls(&self, count: usize) {
        self.state.wait_for_calls(count).await;
    }

    /// Forgets the calls received so far.
    pub fn clear_calls(&self) {
        self.state.clear_calls();
    }

    /// Stops listening, lets answers under way finish (held ones are cut off), and returns when
    /// the port is free and every connection closed.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // An error means that the runtime ends anyway.
        let _ = (&mut self.task).await;
    }
}

/// Ends the server and its connections at once.
impl Drop for FakeMagic {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Shows the address only.
impl fmt::Debug for FakeMagic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeMagic").field("address", &self.address).finish_non_exhaustive()
    }
}
