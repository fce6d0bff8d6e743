use super::Draft;

/// A kind of change to a token, with the verdict that it must get, and the other verdicts that the
/// SDKs are known to give.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub rule: Rule,
    pub part: Part,
    /// The step at which verification fails because of the change.
    pub step: Step,
    /// The verdicts that the specification allows. There is only one, except for a changed
    /// signature, from which either no signer or another signer is recovered.
    pub expected: &'static [&'static str],
    /// Documented deviations of the JS SDK, in its own terms.
    pub js: &'static [&'static str],
    /// Documented deviations of the Python SDK, in its own terms.
    pub python: &'static [&'static str],
    pub apply: fn(&mut Draft),
}

/// A rule of the protocol from which an SDK may deviate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Encoding,
    Envelope,
    Claims,
    OriginalBytes,
    Proof,
    Issuer,
    Attachment,
    Expiry,
    NotBefore,
    Audience,
}

/// The part of a token that is changed; a case never changes the same part twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Encoding,
    Envelope,
    Proof,
    ClaimText,
    IssuedAt,
    Expiry,
    NotBefore,
    Issuer,
    Subject,
    Audience,
    TokenId,
    Attachment,
}

/// The steps of the protocol in order; the first one that fails decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Decode,
    Recover,
    Signer,
    Attachment,
    Expiry,
    NotBefore,
    Audience,
    Passed,
}

impl Kind {
    /// Creates a change that leaves the token valid.
    pub const fn harmless(
        name: &'static str,
        rule: Rule,
        part: Part,
        apply: fn(&mut Draft),
    ) -> Self {
        Self::new(name, rule, part, Step::Passed, &["ok"], apply)
    }

    /// Creates a change that makes the token malformed.
    pub const fn malformed(
        name: &'static str,
        rule: Rule,
        part: Part,
        apply: fn(&mut Draft),
    ) -> Self {
        Self::new(name, rule, part, Step::Decode, &["ERROR_MALFORMED_TOKEN"], apply)
    }

    pub const fn new(
        name: &'static str,
        rule: Rule,
        part: Part,
        step: Step,
        expected: &'static [&'static str],
        apply: fn(&mut Draft),
    ) -> Self {
        Self { name, rule, part, step, expected, js: &[], python: &[], apply }
    }

    pub const fn js(mut self, deviations: &'static [&'static str]) -> Self {
        self.js = deviations;
        self
    }

    pub const fn python(mut self, deviations: &'static [&'static str]) -> Self {
        self.python = deviations;
        self
    }
}

impl Rule {
    pub const ALL: [Self; 10] = [
        Self::Encoding,
        Self::Envelope,
        Self::Claims,
        Self::OriginalBytes,
        Self::Proof,
        Self::Issuer,
        Self::Attachment,
        Self::Expiry,
        Self::NotBefore,
        Self::Audience,
    ];

    /// Returns the number of the rule in the protocol, and its text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Encoding => "1a one base64 alphabet, canonical, at most 8 KiB",
            Self::Envelope => "1b UTF-8 JSON, an array of exactly two strings",
            Self::Claims => "1c an object with every claim, each of its type, once",
            Self::OriginalBytes => "2a the signer is recovered over the original bytes",
            Self::Proof => "2b the proof is 0x and 130 digits, v of 27 or 28",
            Self::Issuer => "3  the issuer is did:ethr:0x…, of any case",
            Self::Attachment => "4  the attachment is checked when it is named",
            Self::Expiry => "5  now > ext is expired",
            Self::NotBefore => "6  300 s grace before nbf",
            Self::Audience => "7  the audience is the client id",
        }
    }
}
