use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::{api::Api, call::Call, fault::Fault, plan::Plan, reply::Reply};
use crate::{
    BrowserEvent, Mint,
    relayer::{Application, Question, Relayer},
};

/// The state shared by the connections and the handle.
pub(super) struct State {
    inner: Mutex<Inner>,
    on_call: Option<OnCall>,
    on_browser_event: Option<OnBrowserEvent>,
    /// The total number of calls received, including cleared ones.
    received: watch::Sender<u64>,
    /// The number of releases so far.
    released: watch::Sender<u64>,
}

struct Inner {
    api: Api,
    /// Issues the tokens of browser sign-ins.
    mint: Mint,
    relayer: Relayer,
    plan: Plan,
    calls: Vec<Call>,
    next_id: u64,
}

/// A closure called with each call once it has been answered.
pub(super) type OnCall = Arc<dyn Fn(&Call) + Send + Sync>;

/// A closure called with each event of the browser relayer.
pub(super) type OnBrowserEvent = Arc<dyn Fn(&BrowserEvent) + Send + Sync>;

impl State {
    pub(super) fn new(
        api: Api,
        mint: Mint,
        relayer: Relayer,
        on_call: Option<OnCall>,
        on_browser_event: Option<OnBrowserEvent>,
    ) -> Self {
        let inner =
            Inner { api, mint, relayer, plan: Plan::default(), calls: Vec::new(), next_id: 0 };
        Self {
            inner: Mutex::new(inner),
            on_call,
            on_browser_event,
            received: watch::Sender::new(0),
            released: watch::Sender::new(0),
        }
    }

    /// Records the call and decides its outcome, based on the users and faults at this moment.
    pub(super) fn receive(&self, call: &mut Call) -> (Option<Fault>, Reply) {
        let mut inner = self.lock();
        call.id = inner.next_id;
        inner.next_id += 1;
        inner.calls.push(call.clone());
        let fault = inner.plan.take(call.endpoint());
        let reply = inner.api.answer(call);
        let carried_out = reply.status == 200 && fault.as_ref().is_none_or(Fault::keeps_the_answer);
        if carried_out && let Some(issuer) = call.logged_out() {
            inner.relayer.log_out(issuer);
        }
        let events = inner.relayer.take_events();
        self.received.send_replace(inner.next_id);
        drop(inner);
        self.tell(&events);
        (fault, reply)
    }

    /// Responds to a request from the relayer's page.
    pub(super) fn answer_page(&self, question: &Question<'_>) -> Value {
        self.with_relayer(|relayer, application| relayer.answer(question, application))
    }

    /// Opens a magic link.
    pub(super) fn open_link(&self, sign_in: &str) -> bool {
        self.with_relayer(|relayer, _| relayer.confirm(sign_in))
    }

    fn with_relayer<T>(&self, act: impl FnOnce(&mut Relayer, Application<'_>) -> T) -> T {
        let mut guard = self.lock();
        let Inner { api, mint, relayer, .. } = &mut *guard;
        let answer = act(relayer, Application { mint, users: &mut api.users });
        let events = relayer.take_events();
        drop(guard);
        self.tell(&events);
        answer
    }

    /// Reports the events. Call it without holding the lock, because the closure may use the fake.
    fn tell(&self, events: &[BrowserEvent]) {
        if let Some(log) = &self.on_browser_event {
            events.iter().for_each(|event| log(event));
        }
    }

    /// Records the status of the response to a call.
    pub(super) fn answered(&self, mut call: Call, status: Option<u16>) {
        call.status = status;
        if let Some(kept) = self.lock().calls.iter_mut().find(|kept| kept.id == call.id) {
            kept.status = status;
        }
        if let Some(on_call) = &self.on_call {
            on_call(&call);
        }
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Waits until this many calls have been recorded.
    pub(super) async fn wait_for_calls(&self, count: usize) {
        let mut received = self.received.subscribe();
        while self.lock().calls.len() < count {
            // Never fails, because `self` holds the sender.
            let _ = received.changed().await;
        }
    }

    pub(super) fn clear_calls(&self) {
        self.lock().calls.clear();
    }

    pub(super) fn change_plan(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.lock().plan);
    }

    pub(super) fn set_mint(&self, mint: Mint) {
        self.lock().mint = mint;
    }

    pub(super) fn change_api(&self, change: impl FnOnce(&mut Api)) {
        change(&mut self.lock().api);
    }

    /// Returns a receiver for releases. Call it before the call is recorded, because a test that
    /// has seen the call may release it immediately.
    pub(super) fn releases(&self) -> watch::Receiver<u64> {
        self.released.subscribe()
    }

    pub(super) fn release(&self) {
        self.released.send_modify(|count| *count += 1);
    }

    /// Ignores poisoning, because a panic while holding the lock, for example in a user's closure,
    /// violates no invariant.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
