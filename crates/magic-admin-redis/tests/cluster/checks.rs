//! What must hold whatever happens.

use std::{collections::HashMap, time::Instant};

use crate::{BOUND, node::Answer};

/// What was said about one token.
#[derive(Default)]
pub(crate) struct Token {
    /// When a logout with it was confirmed.
    logged_out: Option<Instant>,
    /// When it was used, and in which life of the data.
    used: Option<(Instant, u32)>,
    /// Which servers, in which of their lives, said that it is revoked, and when.
    revoked_at: HashMap<(usize, u32), Instant>,
}

/// How often what was seen, so that a day on which nothing happened does not pass.
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

impl Token {
    /// A server judged the token. It accepted it: was that right?
    pub(crate) fn judge(&mut self, node: usize, answer: &Answer, seen: &mut Seen) {
        match answer.code.as_str() {
            "ok" => {
                seen.accepted += 1;
                self.check_accepted(node, answer);
            }
            "ERROR_DIDT_REVOKED" => {
                seen.revoked += 1;
                self.revoked_at.entry((node, answer.life)).or_insert(answer.answered);
            }
            "ERROR_UNAVAILABLE" => seen.unavailable += 1,
            "ERROR_DIDT_REPLAYED" => seen.replayed += 1,
            // Of a session: the token was never used on this server, in this life of it.
            "none" => {}
            other => panic!("server {node} says {other}"),
        }
    }

    /// A server says whether a connection is open: it must not be once the server knows of a logout.
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
            "closed" => seen.closed += 1,
            "none" => {}
            other => panic!("server {node} says {other}"),
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

    /// A server let the token be used.
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
        // While the data are being lost a use may be lost with them, or come after.
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
    /// The servers' milliseconds.
    const UP: std::time::Duration = std::time::Duration::from_millis(2);
}
