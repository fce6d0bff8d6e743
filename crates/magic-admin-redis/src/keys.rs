use magic_admin::{Issuer, revocation::Fingerprint};

/// The names of the keys in Redis, all with the application's prefix.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
    /// The stream of revocations.
    pub(crate) stream: String,
    /// A random value that is lost together with the data, so a change means that data was lost.
    pub(crate) epoch: String,
    /// Exists while the stream may lack entries known to a server.
    pub(crate) settling: String,
    /// Exists while a server is writing missing entries to the stream.
    pub(crate) resyncing: String,
    /// The time since which the stream is complete.
    pub(crate) complete: String,
    /// Exists while a server holds the turn to remove old entries.
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

    /// Returns the key of the set of tokens that an issuer has used, whose size is limited.
    pub(crate) fn used_by(&self, issuer: Issuer) -> String {
        format!("{}:used:{}", self.prefix, issuer.address())
    }

    /// Returns the key of a used token or a challenge.
    pub(crate) fn once(&self, fingerprint: Fingerprint) -> String {
        format!("{}:once:{}", self.prefix, const_hex::encode(fingerprint.as_bytes()))
    }
}
