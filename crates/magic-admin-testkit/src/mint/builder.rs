use std::{fmt, time::Duration};

use magic_admin::UnixSeconds;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Encoding, Layout, TestUser,
    claim::{Members, quoted},
};

/// A DID token in the making: valid, but for what is changed about it.
///
/// From [`Mint::builder`](crate::Mint::builder). The methods that name a defect come first; the
/// rest change one thing each, and where two change the same thing the later call wins:
///
/// | to change | call |
/// |---|---|
/// | a member of the claim | [`set`](Self::set), [`set_raw`](Self::set_raw), [`append_raw`](Self::append_raw), [`remove`](Self::remove) |
/// | the whole claim | [`claim_text`](Self::claim_text): signed and sent exactly so |
/// | the proof | [`signed_by`](Self::signed_by), [`high_s`](Self::high_s), [`recovery_byte`](Self::recovery_byte), [`proof`](Self::proof) |
/// | the outer JSON | [`parts`](Self::parts), then [`Encoding::encode`] |
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
            members.set(time, "0"); // Their place; `issued_at` fills in the times.
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

    /// The token. Making it twice gives the same text, unless it is [`tampered`](Self::tampered).
    #[must_use]
    pub fn build(&self) -> String {
        let (proof, claim) = self.parts();
        self.encoding.encode(["[", &quoted(&proof), ",", &quoted(&claim), "]"].concat())
    }

    /// Proof and claim, the two strings that a token holds.
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

    /// The text of the claim that is signed.
    #[must_use]
    pub fn claim(&self) -> String {
        self.claim_text.clone().unwrap_or_else(|| self.members.render(self.layout))
    }

    /// Defect: `ext` was a second ago.
    pub fn expired(self) -> Self {
        let issued_at = self.now.saturating_sub(self.lifespan).saturating_sub(1);
        self.issued_at(issued_at)
    }

    /// Defect: issued an hour ahead of the clock, far beyond the grace for `nbf`.
    pub fn not_yet_valid(self) -> Self {
        let issued_at = self.now.saturating_add(3_600);
        self.issued_at(issued_at)
    }

    /// Defect, or another application's token: this `aud`.
    pub fn audience(self, client_id: impl Into<String>) -> Self {
        self.set("aud", client_id.into())
    }

    /// Defect: the proof is this user's; the claim still names the other one as issuer.
    pub fn signed_by(mut self, signer: &TestUser) -> Self {
        self.signer = signer.clone();
        self
    }

    /// Defect: once it was signed, the claim got another `tid` (a space at its end, after
    /// [`claim_text`](Self::claim_text)).
    pub fn tampered(mut self) -> Self {
        self.tampered = true;
        self
    }

    /// Defect: this recovery byte in the proof. Only 27 and 28 are valid, and only one of them
    /// recovers the signer.
    pub fn recovery_byte(mut self, v: u8) -> Self {
        self.proof = Proof::RecoveryByte(v);
        self
    }

    /// No defect: the proof's other, high-`s` form, a second text of the same token.
    pub fn high_s(mut self) -> Self {
        self.proof = Proof::HighS;
        self
    }

    /// Any text as proof.
    pub fn proof(mut self, text: impl fmt::Display) -> Self {
        self.proof = Proof::Text(text.to_string());
        self
    }

    /// Sets `iat` and `nbf`, and `ext` a lifespan later. Seconds since the Unix epoch.
    pub fn issued_at(mut self, unix_seconds: i64) -> Self {
        self.issued_at = unix_seconds;
        self.members.set_value("iat", unix_seconds);
        self.members.set_value("nbf", unix_seconds);
        self.members.set_value("ext", unix_seconds.saturating_add(self.lifespan));
        self
    }

    /// Sets `ext` this long after the token was issued; 900 s unless set. Whole seconds.
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

    /// Sets `tid`, the id of this token. Random unless set.
    pub fn token_id(self, id: impl Into<String>) -> Self {
        self.set("tid", id.into())
    }

    /// Sets `add` to the user's signature of this text; `none` unless set.
    pub fn attachment(self, text: impl AsRef<[u8]>) -> Self {
        let signature = self.user.personal_sign(text);
        self.attachment_proof(signature)
    }

    /// Sets `add` to this signature, for example another user's, or to any text.
    pub fn attachment_proof(self, signature: impl fmt::Display) -> Self {
        self.set("add", signature.to_string())
    }

    /// Sets a member of the claim, known or not, to this JSON value of any type.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.set_value(name, value);
        self
    }

    /// Sets a member of the claim to this JSON text, which is not checked: floats, exponents,
    /// numbers beyond 64 bits, escapes, lone surrogates, syntax errors.
    pub fn set_raw(mut self, name: &str, json: impl Into<String>) -> Self {
        self.members.set(name, json);
        self
    }

    /// Appends a member to the claim although it may be there already; its JSON is not checked.
    pub fn append_raw(mut self, name: &str, json: impl Into<String>) -> Self {
        self.members.append(name, json);
        self
    }

    /// Removes a member from the claim.
    pub fn remove(mut self, name: &str) -> Self {
        self.members.remove(name);
        self
    }

    /// White space in the claim.
    pub fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// Signs and sends exactly this text as the claim, whatever was set about its members.
    pub fn claim_text(mut self, text: impl Into<String>) -> Self {
        self.claim_text = Some(text.into());
        self
    }

    /// Alphabet and padding of the token.
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

/// Shows whose token it will be, nothing that is in it.
impl fmt::Debug for TokenBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenBuilder").field("user", &self.user).finish_non_exhaustive()
    }
}

fn random_id() -> String {
    Uuid::new_v4().to_string()
}

/// What Magic's client SDK uses, in seconds.
const DEFAULT_LIFESPAN: i64 = 900;

/// What Magic's client SDK signs when the application attaches nothing.
const DEFAULT_ATTACHMENT: &str = "none";
