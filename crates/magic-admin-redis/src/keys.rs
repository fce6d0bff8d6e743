use magic_admin::{Issuer, revocation::Fingerprint};

/// The names of the keys in Redis, all with the application's prefix.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
    /// The stream of revocations.
    pub(crate) stream: String,
    /// A random text that lives and dies with the data: another one, and the data was lost.
    pub(crate) epoch: String,
    /// There as long as the stream may lack entries that some server knows.
    pub(crate) settling: String,
    /// There as long as a server writes what only it knows.
    pub(crate) resyncing: String,
    /// The second from which on the stream holds every entry about what was issued then.
    pub(crate) complete: String,
    /// There as long as it is a server's turn to let old entries go.
    pub(crate) trimming: String,
}

impl Keys {
    pub(crate) fn new(prefix: &str) -> Self {
        let key = |name: &str| format!("{prefix}:{name}");
        Self {
            prefix: prefix.to_owned(),
            stream: key("revocations"),
            epoch: key("revocations:epoch"),
            settling: key("revocations:settling"),
            resyncing: key("revocations:resyncing"),
            complete: key("revocations:complete"),
            trimming: key("revocations:trimming"),
        }
    }

    /// The tokens that one issuer has used, for a bound on their number.
    pub(crate) fn used_by(&self, issuer: Issuer) -> String {
        format!("{}:used:{}", self.prefix, issuer.address())
    }

    /// The key of a token or a challenge that is there once.
    pub(crate) fn once(&self, fingerprint: Fingerprint) -> String {
        format!("{}:once:{}", self.prefix, const_hex::encode(fingerprint.as_bytes()))
    }
}
