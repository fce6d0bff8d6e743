use fastrand::Rng;
use magic_admin_testkit::{Encoding, Mint, Signature, TestUser, TokenBuilder};

use crate::StoppedClock;

/// A token under construction, and the settings to verify it with. It is built from the inside out:
/// members, claim, signature, envelope, base64. Each stage can be changed.
pub struct Draft {
    pub rng: Rng,
    pub user: TestUser,
    pub now: i64,
    /// The client ID that the verifier expects; `None` accepts any audience.
    pub client_id: Option<String>,
    /// The attachment that the verifier passes.
    pub attachment: Option<String>,
    pub encoding: Encoding,
    /// Pads the outer JSON with spaces until its length has this remainder modulo 3. In base64, a
    /// remainder of 1 results in two `=`, 2 in one, and 0 in none.
    pub remainder: Option<usize>,
    pub signer: TestUser,
    builder: TokenBuilder,
    edit_claim: Edit<String>,
    edit_proof: Edit<(Signature, String)>,
    edit_signed_claim: Edit<String>,
    edit_envelope: Edit<Envelope>,
    edit_text: Edit<String>,
}

/// The outer JSON, and the two texts that it contains.
pub struct Envelope {
    pub proof: String,
    pub claim: String,
    pub json: Vec<u8>,
}

type Edit<T> = Option<fn(&mut Rng, &mut T)>;

impl Draft {
    /// Creates a valid token with a random user, random times and random texts.
    pub fn new(mut rng: Rng) -> Self {
        let user = TestUser::from_seed(rng.u64(..)).with_subject(text(&mut rng, 44));
        let now = rng.i64(1_500_000_000..2_500_000_000);
        let client_id = if rng.bool() {
            format!("did:magic:{}", text(&mut rng, 36))
        } else {
            text(&mut rng, 44)
        };
        let builder = Mint::new(&*client_id)
            .with_clock(StoppedClock(now))
            .builder(&user)
            .issued_at(now - rng.i64(0..=900))
            .token_id(text(&mut rng, 36));
        Self {
            rng,
            signer: user.clone(),
            user,
            now,
            client_id: Some(client_id),
            attachment: None,
            encoding: Encoding::Standard,
            remainder: None,
            builder,
            edit_claim: None,
            edit_proof: None,
            edit_signed_claim: None,
            edit_envelope: None,
            edit_text: None,
        }
    }

    /// Makes a change that the mint supports.
    pub fn edit(&mut self, edit: impl FnOnce(TokenBuilder) -> TokenBuilder) {
        self.builder = edit(self.builder.clone());
    }

    /// Sets a member to this JSON text.
    pub fn set(&mut self, name: &str, json: impl Into<String>) {
        self.edit(|builder| builder.set_raw(name, json));
    }

    pub fn on_claim(&mut self, edit: fn(&mut Rng, &mut String)) {
        self.edit_claim = Some(edit);
    }

    /// Changes the signature, and the text that represents it in the token.
    pub fn on_proof(&mut self, edit: fn(&mut Rng, &mut (Signature, String))) {
        self.edit_proof = Some(edit);
    }

    pub fn on_signed_claim(&mut self, edit: fn(&mut Rng, &mut String)) {
        self.edit_signed_claim = Some(edit);
    }

    pub fn on_envelope(&mut self, edit: fn(&mut Rng, &mut Envelope)) {
        self.edit_envelope = Some(edit);
    }

    pub fn on_text(&mut self, edit: fn(&mut Rng, &mut String)) {
        self.edit_text = Some(edit);
    }

    /// Builds the token.
    pub fn build(mut self) -> String {
        let rng = &mut self.rng;
        let mut claim = self.builder.claim();
        apply(rng, self.edit_claim, &mut claim);
        let signature = self.signer.personal_sign(&claim);
        let mut proof = (signature, signature.to_string());
        apply(rng, self.edit_proof, &mut proof);
        apply(rng, self.edit_signed_claim, &mut claim);
        let json = Envelope::json(&proof.1, &claim).into_bytes();
        let mut envelope = Envelope { proof: proof.1, claim, json };
        apply(rng, self.edit_envelope, &mut envelope);
        while self.remainder.is_some_and(|remainder| envelope.json.len() % 3 != remainder) {
            envelope.json.push(b' ');
        }
        let mut text = self.encoding.encode(&envelope.json);
        apply(rng, self.edit_text, &mut text);
        text
    }
}

impl Envelope {
    pub fn json(proof: &str, claim: &str) -> String {
        format!("[{},{}]", quoted(proof), quoted(claim))
    }
}

/// Returns the text as a JSON string with as few escapes as possible.
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}

/// Returns random text in the characters of base64url.
pub fn text(rng: &mut Rng, length: usize) -> String {
    (0..length).map(|_| rng.alphanumeric()).collect()
}

fn apply<T>(rng: &mut Rng, edit: Edit<T>, value: &mut T) {
    if let Some(edit) = edit {
        edit(rng, value);
    }
}
