use magic_admin::Issuer;
use uuid::Uuid;

/// The sessions of all browsers.
#[derive(Default)]
pub(super) struct Sessions(Vec<Session>);

struct Session {
    id: String,
    issuer: Issuer,
}

impl Sessions {
    /// Starts a session and returns its ID.
    pub(super) fn start(&mut self, issuer: Issuer) -> String {
        let id = Uuid::new_v4().simple().to_string();
        if self.0.len() >= MAX_SESSIONS {
            self.0.remove(0);
        }
        self.0.push(Session { id: id.clone(), issuer });
        id
    }

    pub(super) fn issuer(&self, id: &str) -> Option<Issuer> {
        self.0.iter().find(|session| session.id == id).map(|session| session.issuer)
    }

    /// Ends a session, and returns the issuer of its user.
    pub(super) fn end(&mut self, id: &str) -> Option<Issuer> {
        let at = self.0.iter().position(|session| session.id == id)?;
        Some(self.0.remove(at).issuer)
    }

    /// Ends all sessions of a user, and returns their number.
    pub(super) fn end_all(&mut self, issuer: Issuer) -> usize {
        let before = self.0.len();
        self.0.retain(|session| session.issuer != issuer);
        before - self.0.len()
    }
}

/// A limit for emulators that run for months. The oldest session is dropped first.
const MAX_SESSIONS: usize = 10_000;
