//! Invariants that must hold no matter which faults occur.

use std::{collections::HashMap, time::Instant};

use crate::{BOUND, node::Answer};

/// The history of one token.
#[derive(Default)]
pub(crate) struct Token {
    /// `true` if a logout with it was requested.
    logout_begun: bool,
    /// The time at which a logout with it was confirmed.
    logged_out: Option<Instant>,
    /// The time at which it was used, and the number of data losses at that time.
    used: Option<(Instant, u32)>,
    /// The time at which each process of a server first reported that it is revoked.
    revoked_at: HashMap<(usize, u32), Instant>,
}

/// Counts how often each outcome was seen, so that a run in which nothing happens does not pass.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) accepted: u32,
    pub(crate) logins: u32,
    pub(crate) logouts: u32,
    pub(crate) revoked: u32,
    pub(crate) replayed: u32,
    pub(crate) unavailable: u32,
    pub(crate) open: u32,
    pub(crate) closed: u32,
}

impl Seen {
    /// Returns `true` if every outcome was seen.
    pub(crate) fn everything(&self) -> bool {
        let Self { accepted, logins, logouts, revoked, replayed, unavailable, open, closed } = self;
        [accepted, logins, logouts, revoked, replayed, unavailable, open, closed]
            .into_iter()
            .all(|count| *count > 0)
    }
}

impl Token {
    pub(crate) fn begin_logout(&mut self) {
        self.logout_begun = true;
    }

    /// Checks what a server reports about the token or its session.
    pub(crate) fn judge(&mut self, node: usize, answer: &Answer, seen: &mut Seen) {
        match answer.code.as_str() {
            "ok" => {
                seen.accepted += 1;
                self.check_accepted(node, answer);
            }
            "ERROR_DIDT_REVOKED" => {
                seen.revoked += 1;
                assert!(
                    self.logout_begun,
                    "server {node} ended what nobody logged out: {answer:?}"
                );
                self.revoked_at.entry((node, answer.life)).or_insert(answer.answered);
            }
            "ERROR_UNAVAILABLE" => seen.unavailable += 1,
            "ERROR_DIDT_REPLAYED" => seen.replayed += 1,
            // For a session, the token was never used on this process of the server.
            "none" => {}
            other => panic!("server {node} responded with {other}"),
        }
    }

    /// Checks whether a connection may be open, which it must not be once the server knows of a
    /// logout.
    pub(crate) fn judge_connection(&self, node: usize, answer: &Answer, seen: &mut Seen) {
        match answer.code.as_str() {
            "open" => {
                seen.open += 1;
                if let Some(logged_out) = self.logged_out {
                    assert!(
                        answer.contact.is_none_or(|contact| contact <= logged_out),
                        "server {node} held everything after a logout at {logged_out:?} and left the connection open: {answer:?}"
                    );
                }
                let revoked = self.revoked_at.get(&(node, answer.life));
                assert!(
                    revoked.is_none_or(|revoked| answer.asked < *revoked),
                    "server {node} said that a token is revoked, and left its connection open: {answer:?}"
                );
            }
            "closed" => {
                seen.closed += 1;
                assert!(self.logout_begun, "server {node} closed a connection: {answer:?}");
            }
            "none" => {}
            other => panic!("server {node} responded with {other}"),
        }
    }

    fn check_accepted(&self, node: usize, answer: &Answer) {
        let age = answer.contact.map(|contact| answer.asked.duration_since(contact));
        assert!(
            answer.renewed || age.is_some_and(|age| age < BOUND + Rounding::UP),
            "server {node} is stale and accepted a token: {answer:?}"
        );
        if let Some(logged_out) = self.logged_out {
            assert!(
                answer.contact.is_none_or(|contact| contact <= logged_out),
                "server {node} held everything after a logout at {logged_out:?} and accepted the token: {answer:?}"
            );
            assert!(
                answer.asked < logged_out + BOUND + Rounding::UP,
                "server {node} accepted a token {:?} after its logout: {answer:?}",
                answer.asked.duration_since(logged_out)
            );
        }
        if let Some(revoked) = self.revoked_at.get(&(node, answer.life)) {
            assert!(
                answer.asked < *revoked,
                "server {node} said that a token is revoked, and accepted it: {answer:?}"
            );
        }
    }

    /// Checks whether a server may let the token be used.
    pub(crate) fn use_it(
        &mut self,
        node: usize,
        answer: &Answer,
        losses: (u32, u32),
        seen: &mut Seen,
    ) {
        self.judge(node, answer, seen);
        if answer.code != "ok" {
            return;
        }
        seen.logins += 1;
        if let Some((used, losses_then)) = self.used {
            assert!(
                losses_then != losses.1,
                "server {node} let a token be used again {:?} after it was used: {answer:?}",
                answer.asked.duration_since(used)
            );
        }
        // While data is being lost, a use may be lost as well, or happen afterwards.
        if losses.0 == losses.1 && losses.1.is_multiple_of(2) {
            self.used = Some((answer.answered, losses.1));
        }
    }

    pub(crate) fn log_out(&mut self, answer: &Answer, seen: &mut Seen) {
        match answer.code.as_str() {
            "ok" => {
                seen.logouts += 1;
                self.logged_out.get_or_insert(answer.answered);
            }
            "ERROR_UNAVAILABLE" => seen.unavailable += 1,
            other => panic!("a logout was answered with {other}"),
        }
    }
}

struct Rounding;

impl Rounding {
    /// The servers measure time in milliseconds.
    const UP: std::time::Duration = std::time::Duration::from_millis(2);
}
