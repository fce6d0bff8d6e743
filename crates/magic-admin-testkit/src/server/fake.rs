use std::{fmt, io, net::SocketAddr, sync::Arc};

use magic_admin::{Clock, Issuer};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{Call, Endpoint, FakeUser, Fault, keys::Keys, serve::serve, state::State};
use crate::Mint;

/// A fake of Magic's Admin API on a real port.
///
/// It serves every endpoint of both generations of the API, checks the secret key, has users,
/// records every call, and fails on demand. It stops when dropped.
///
/// [`magic`](Self::magic) returns a `Magic` that talks to it. Applications in other processes need
/// [`base_url`](Self::base_url) and [`secret_key`](Self::secret_key).
///
/// It is also an `endpoint` for Magic's browser SDK: users sign in with a one-time code or a magic
/// link, and a logout through the Admin API ends their browser sessions. Browser events are
/// reported to [`FakeMagicBuilder::on_browser_event`](crate::FakeMagicBuilder::on_browser_event).
/// Faults and recorded calls apply only to the Admin API.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use magic_admin::ApiErrorKind;
/// use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, TestUser};
///
/// let alice = TestUser::from_seed(1);
/// let fake = FakeMagic::builder()
///     .user(FakeUser::from(&alice).email("alice@example.com"))
///     .start()
///     .await?;
///
/// let magic = fake.magic();
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
    mint: Mint,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl FakeMagic {
    pub(super) async fn serve(
        bind: SocketAddr,
        keys: Keys,
        mint: Mint,
        state: State,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let state = Arc::new(state);
        let task =
            tokio::spawn(serve(listener, state.clone(), keys.secret.as_str().into(), stopped));
        Ok(Self { address, keys, mint, state, stop, task })
    }

    /// Sets the clock for the tokens of [`mint`](Self::mint) and of browser sign-ins, and for every
    /// `Magic` created afterwards.
    ///
    /// The default is the system clock.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use magic_admin::VerifyErrorKind;
    /// use magic_admin_testkit::{FakeMagic, SettableClock, TestUser};
    ///
    /// let clock = SettableClock::at(1_700_000_000);
    /// let fake = FakeMagic::start().await?.with_clock(clock.clone());
    /// let magic = fake.magic();
    /// let token = fake.mint().token(&TestUser::from_seed(1));
    ///
    /// assert!(magic.verify(&token).await.is_ok());
    /// clock.advance(901);
    /// assert_eq!(magic.verify(&token).await.unwrap_err().kind(), VerifyErrorKind::Expired);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        let mint = self.mint.clone().with_clock(clock);
        self.state.set_mint(mint.clone());
        self.mint = mint;
        self
    }

    /// Returns the address that the fake listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the base URL. It is the `MAGIC_API_BASE_URL` of the application under test, and the
    /// `endpoint` of its front end in `new Magic(publishableKey, { endpoint })`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the secret key that the fake accepts, which is the `MAGIC_API_SECRET_KEY` of the
    /// application under test.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.keys.secret
    }

    /// Returns a publishable key for a front end, which is the configured one or otherwise an
    /// arbitrary one.
    #[must_use]
    pub fn publishable_key(&self) -> &str {
        &self.keys.publishable
    }

    /// Returns the client ID of the application.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.mint.client_id()
    }

    /// Returns a mint for the same client ID and clock.
    #[must_use]
    pub fn mint(&self) -> Mint {
        self.mint.clone()
    }

    /// Adds a user, replacing any user with the same issuer.
    pub fn add_user(&self, user: impl Into<FakeUser>) {
        let user = user.into();
        self.state.change_api(|api| {
            api.users.retain(|known| known.issuer() != user.issuer());
            api.users.push(user);
        });
    }

    /// Removes a user.
    pub fn remove_user(&self, issuer: impl Into<Issuer>) {
        let issuer = issuer.into();
        self.state.change_api(|api| api.users.retain(|known| known.issuer() != issuer));
    }

    /// Makes the next call fail, or the next [`Fault::times`] calls.
    ///
    /// Faults are queued in the order in which they are added. A fault for a certain endpoint waits
    /// for a call to it; until then, calls to other endpoints succeed.
    pub fn fail_next(&self, fault: Fault) {
        let times = fault.times.unwrap_or(1);
        self.state.change_plan(|plan| plan.push_next(fault.times(times)));
    }

    /// Makes calls fail until [`heal`](Self::heal) is called, or [`Fault::times`] times.
    ///
    /// Faults queued by [`fail_next`](Self::fail_next) come first, and a later `fail` takes
    /// precedence over an earlier one.
    pub fn fail(&self, fault: Fault) {
        self.state.change_plan(|plan| plan.push_lasting(fault));
    }

    /// Drops all faults, so that calls succeed again. Calls that are being held stay held.
    pub fn heal(&self) {
        self.state.change_plan(super::plan::Plan::clear);
    }

    /// Releases every call currently held by a [`Fault::hold`].
    pub fn release(&self) {
        self.state.release();
    }

    /// Returns the calls received so far, in order of arrival, including held and failed ones.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls()
    }

    /// Returns the calls to one endpoint, in either generation of the API.
    #[must_use]
    pub fn calls_to(&self, endpoint: Endpoint) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.endpoint() == Some(endpoint));
        calls
    }

    /// Returns the calls that asked to log a user out.
    #[must_use]
    pub fn logout_calls(&self) -> Vec<Call> {
        self.calls_to(Endpoint::Logout)
    }

    /// Waits until at least this many [`calls`](Self::calls) have been received, whether answered
    /// or not.
    ///
    /// To run code while a call is in flight, hold the call, wait for it with this method, run the
    /// code, and [`release`](Self::release) the call.
    pub async fn wait_for_calls(&self, count: usize) {
        self.state.wait_for_calls(count).await;
    }

    /// Forgets the calls received so far.
    pub fn clear_calls(&self) {
        self.state.clear_calls();
    }

    /// Shuts the fake down.
    ///
    /// Stops listening, completes responses in flight, cuts off held calls, and returns once the
    /// port is free and every connection is closed.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // An error means that the runtime is shutting down anyway.
        let _ = (&mut self.task).await;
    }
}

/// Stops the server and closes its connections immediately.
impl Drop for FakeMagic {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Shows only the address.
impl fmt::Debug for FakeMagic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeMagic").field("address", &self.address).finish_non_exhaustive()
    }
}
