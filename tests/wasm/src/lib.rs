//! The offline part of `magic-admin` as a module for Node, which takes a test vector and returns
//! the verdict.
//!
//! Texts are passed through linear memory. Nothing is freed, because the module is used for a
//! single run.

use std::slice;

use magic_admin::{
    Audience, Clock, UnixSeconds, Verifier, VerifyError, dangerous::AnyAudienceVerifier,
};
use serde::Deserialize;

/// Returns memory for a text with this many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(len: usize) -> *mut u8 {
    vec![0; len].leak().as_mut_ptr()
}

/// Returns the verdict on a vector in JSON. The upper half of the result is the address of a text,
/// and the lower half is its length.
///
/// # Safety
///
/// The text must be in memory that [`allocate`] returned for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn verdict(vector: *const u8, len: usize) -> u64 {
    // SAFETY: the caller guarantees it.
    let vector = unsafe { slice::from_raw_parts(vector, len) };
    let verdict = match serde_json::from_slice::<Vector>(vector) {
        Ok(vector) => vector.verdict(),
        Err(_) => "the vector is unreadable",
    };
    (verdict.as_ptr() as u64) << 32 | verdict.len() as u64
}

#[derive(Deserialize)]
struct Vector {
    token: String,
    client_id: Option<String>,
    now: i64,
    attachment: Option<String>,
}

impl Vector {
    fn verdict(&self) -> &'static str {
        let result = match &self.client_id {
            None => AnyAudienceVerifier::with_clock(Stopped(self.now))
                .dangerous_verify(&self.token, self.attachment.as_deref())
                .map(drop),
            Some(client_id) => self.verify_twice(client_id),
        };
        result.map_or_else(|error| error.code(), |()| "ok")
    }

    /// The second time, the token may come from the cache.
    fn verify_twice(&self, client_id: &str) -> Result<(), VerifyError> {
        let Ok(audience) = Audience::new(client_id) else {
            panic!("no vector's client id is empty");
        };
        let verifier = Verifier::builder_with_clock(audience, Stopped(self.now)).build();
        let verify = || match &self.attachment {
            None => verifier.verify(&self.token),
            Some(attachment) => verifier.verify_with_attachment(&self.token, attachment),
        };
        let first = verify().map(drop);
        let second = verify().map(drop);
        let code = |result: &Result<(), VerifyError>| result.as_ref().err().map(VerifyError::code);
        assert_eq!(code(&first), code(&second), "the cache changes the verdict");
        first
    }
}

#[derive(Debug)]
struct Stopped(i64);

impl Clock for Stopped {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.0)
    }
}

/// Uses of the system's clock, which would panic here. They only compile with the feature on.
#[cfg(feature = "system-clock")]
mod system_clock {
    use magic_admin::{
        Audience, RevocationList, SystemClock, UnixSeconds, Verifier,
        dangerous::AnyAudienceVerifier,
    };

    fn names(audience: Audience) {
        let _ = Verifier::new(audience.clone());
        let _ = Verifier::builder(audience);
        let _ = AnyAudienceVerifier::new();
        let _ = AnyAudienceVerifier::default();
        let _ = RevocationList::in_memory();
        let _ = RevocationList::builder();
        let _ = UnixSeconds::now();
        let _ = SystemClock;
    }
}
