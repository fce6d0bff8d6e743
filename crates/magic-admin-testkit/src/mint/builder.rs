use std::{fmt, time::Duration};

use http::HeaderValue;
use magic_admin::UnixSeconds;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Encoding, Layout, TestUser,
    claim::{Members, quoted},
};

/// A builder for a DID token that is valid except for what you change.
///
/// Created by [`Mint::builder`](crate::Mint::builder). There are methods for common defects, and
/// methods that each change one part of the token. If two calls change the same part, the later one
/// wins:
///
/// | to change | call |
/// |---|---|
/// | a member of the claim | [`set`](Self::set), [`set_raw`](Self::set_raw), [`append_raw`](Self::append_raw), [`remove`](Self::remove) |
/// | the whole claim | [`claim_text`](Self::claim_text), which is signed and sent as is |
/// | the proof | [`signed_by`](Self::signed_by), [`high_s`](Self::high_s), [`recovery_byte`](Self::recovery_byte), [`proof`](Self::proof) |
/// | the outer JSON | [`parts`](Self::parts), then [`Encoding::encode`] |
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::{Encoding, Mint, TestUser};
///
/// let (alice, mallory) = (TestUser::from_seed(1), TestUser::from_seed(2));
/// let mint = Mint::new("my-client-id");
///
/// let forged = mint.builder(&alice).signed_by(&mallory).build();
/// let never_expires = mint.builder(&alice).set("ext", "soon").build();
/// let exponents = mint.builder(&alice).set_raw("ext", "1.0000000000016881e+21").build();
/// let unpadded = mint.builder(&alice).encoding(Encoding::UrlSafeUnpadded).build();
///
/// let (proof, claim) = mint.builder(&alice).parts();
/// let three_elements = Encoding::Standard.encode(serde_json::json!([proof, claim, 1]).to_string());
/// ```
#[derive(Clone)]
#[must_use = "call `build` to get the token"]
pub struct TokenBuilder {
    user: TestUser,
    signer: TestUser,
    now: i64,
    issued_at: i64,
    lifespan: i64,
    members: Members,
    layout: Layout,
    claim_text: Option<String>,
    tampered: bool,
    proof: Proof,
    encoding: Encoding,
}

#[derive(Clone)]
enum Proof {
    Signed,
    HighS,
    RecoveryByte(u8),
    Text(String),
}

impl TokenBuilder {
    pub(super) fn new(user: &TestUser, client_id: &str, now: UnixSeconds) -> Self {
        let now = now.get();
        let mut members = Members::new();
        for time in ["iat", "ext"] {
            members.set(time, "0"); // Fixes the order. `issued_at` sets the actual times.
        }
        members.set_value("iss", user.issuer_claim());
        members.set_value("sub", user.subject());
        members.set_value("aud", client_id);
        members.set("nbf", "0");
        members.set_value("tid", random_id());
        Self {
            user: user.clone(),
            signer: user.clone(),
            now,
            issued_at: now,
            lifespan: DEFAULT_LIFESPAN,
            members,
            layout: Layout::default(),
            claim_text: None,
            tampered: false,
            proof: Proof::Signed,
            encoding: Encoding::default(),
        }
        .issued_at(now)
        .attachment(DEFAULT_ATTACHMENT)
    }

    /// Builds the token. Repeated calls return the same string, unless the token is
    /// [`tampered`](Self::tampered) with.
    #[must_use]
    pub fn build(&self) -> String {
        let (proof, claim) = self.parts();
        self.encoding.encode(["[", &quoted(&proof), ",", &quoted(&claim), "]"].concat())
    }

    /// Builds the token as the value of an `Authorization` header: `Bearer` followed by the token.
    /// The value is marked as sensitive.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin_testkit::{Mint, TestUser};
    ///
    /// let expired = Mint::new("my-client-id").builder(&TestUser::from_seed(1)).expired().bearer();
    /// let request = http::Request::get("/orders").header("authorization", expired).body(())?;
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn bearer(&self) -> HeaderValue {
        #[expect(clippy::expect_used, reason = "base64 is ASCII")]
        let mut value =
            HeaderValue::try_from(["Bearer ", &self.build()].concat()).expect("base64 is ASCII");
        value.set_sensitive(true);
        value
    }

    /// Builds the proof and the claim, which are the two strings in a token.
    #[must_use]
    pub fn parts(&self) -> (String, String) {
        let claim = self.claim();
        let signed = || self.signer.personal_sign(&claim);
        let proof = match &self.proof {
            Proof::Signed => signed().to_string(),
            Proof::HighS => signed().to_high_s().to_string(),
            Proof::RecoveryByte(v) => signed().with_recovery_byte(*v).to_string(),
            Proof::Text(text) => text.clone(),
        };
        (proof, if self.tampered { self.tampered_claim() } else { claim })
    }

    /// Builds the claim that is signed, as a string.
    #[must_use]
    pub fn claim(&self) -> String {
        self.claim_text.clone().unwrap_or_else(|| self.members.render(self.layout))
    }

    /// Defect: makes the token expire one second ago.
    pub fn expired(self) -> Self {
        let issued_at = self.now.saturating_sub(self.lifespan).saturating_sub(1);
        self.issued_at(issued_at)
    }

    /// Defect: issues the token an hour in the future, far beyond the grace period for `nbf`.
    pub fn not_yet_valid(self) -> Self {
        let issued_at = self.now.saturating_add(3_600);
        self.issued_at(issued_at)
    }

    /// Defect: sets `aud` to the client ID of another application.
    pub fn audience(self, client_id: impl Into<String>) -> Self {
        self.set("aud", client_id.into())
    }

    /// Defect: signs with the key of `signer`, although the claim names another user as its issuer.
    pub fn signed_by(mut self, signer: &TestUser) -> Self {
        self.signer = signer.clone();
        self
    }

    /// Defect: changes `tid` after signing or, if the claim is a [`claim_text`](Self::claim_text),
    /// appends a space.
    pub fn tampered(mut self) -> Self {
        self.tampered = true;
        self
    }

    /// Defect: sets the recovery byte of the proof. Only 27 and 28 are valid, and only one of them
    /// recovers the signer.
    pub fn recovery_byte(mut self, v: u8) -> Self {
        self.proof = Proof::RecoveryByte(v);
        self
    }

    /// Not a defect: uses the high-`s` form of the proof, which gives another string for the same
    /// token.
    pub fn high_s(mut self) -> Self {
        self.proof = Proof::HighS;
        self
    }

    /// Sets the proof to an arbitrary string.
    pub fn proof(mut self, text: impl fmt::Display) -> Self {
        self.proof = Proof::Text(text.to_string());
        self
    }

    /// Sets `iat` and `nbf` to the given time in seconds since the Unix epoch, and `ext` to one
    /// lifespan later.
    pub fn issued_at(mut self, unix_seconds: i64) -> Self {
        self.issued_at = unix_seconds;
        self.members.set_value("iat", unix_seconds);
        self.members.set_value("nbf", unix_seconds);
        self.members.set_value("ext", unix_seconds.saturating_add(self.lifespan));
        self
    }

    /// Sets the time from issue to expiry. The default is 900 s. Fractions of a second are ignored.
    pub fn lifespan(mut self, lifespan: Duration) -> Self {
        self.lifespan = i64::try_from(lifespan.as_secs()).unwrap_or(i64::MAX);
        self.members.set_value("ext", self.issued_at.saturating_add(self.lifespan));
        self
    }

    /// Sets `ext`, in seconds since the Unix epoch.
    pub fn expires_at(self, unix_seconds: i64) -> Self {
        self.set("ext", unix_seconds)
    }

    /// Sets `nbf`, in seconds since the Unix epoch.
    pub fn not_before(self, unix_seconds: i64) -> Self {
        self.set("nbf", unix_seconds)
    }

    /// Sets `tid`, the ID of the token. The default is random.
    pub fn token_id(self, id: impl Into<String>) -> Self {
        self.set("tid", id.into())
    }

    /// Sets `add` to the user's signature over `text`. The default is a signature over `none`.
    pub fn attachment(self, text: impl AsRef<[u8]>) -> Self {
        let signature = self.user.personal_sign(text);
        self.attachment_proof(signature)
    }

    /// Sets `add` to a signature, such as another user's, or to an arbitrary string.
    pub fn attachment_proof(self, signature: impl fmt::Display) -> Self {
        self.set("add", signature.to_string())
    }

    /// Sets a member of the claim, whether known or not, to a JSON value of any type.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.set_value(name, value);
        self
    }

    /// Sets a member of the claim to raw JSON, which is not checked.
    ///
    /// Use it for floats, exponents, numbers beyond 64 bits, escapes, lone surrogates or syntax
    /// errors.
    pub fn set_raw(mut self, name: &str, json: impl Into<String>) -> Self {
        self.members.set(name, json);
        self
    }

    /// Appends a member to the claim, even if it is a duplicate. Its JSON is not checked.
    pub fn append_raw(mut self, name: &str, json: impl Into<String>) -> Self {
        self.members.append(name, json);
        self
    }

    /// Removes a member from the claim.
    pub fn remove(mut self, name: &str) -> Self {
        self.members.remove(name);
        self
    }

    /// Sets the white space in the claim.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Sets the whole claim to `text`, which is signed and sent as is. Changes to individual
    /// members are then ignored.
    pub fn claim_text(mut self, text: impl Into<String>) -> Self {
        self.claim_text = Some(text.into());
        self
    }

    /// Sets the alphabet and the padding of the token.
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    fn tampered_claim(&self) -> String {
        if let Some(text) = &self.claim_text {
            return [text, " "].concat();
        }
        let mut members = self.members.clone();
        members.set_value("tid", random_id());
        members.render(self.layout)
    }
}

/// Shows only the user.
impl fmt::Debug for TokenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder").field("user", &self.user).finish_non_exhaustive()
    }
}

fn random_id() -> String {
    Uuid::new_v4().to_string()
}

/// The default lifespan of Magic's client SDK, in seconds.
const DEFAULT_LIFESPAN: i64 = 900;

/// The string that Magic's client SDK signs if the application passes no attachment.
const DEFAULT_ATTACHMENT: &str = "none";
