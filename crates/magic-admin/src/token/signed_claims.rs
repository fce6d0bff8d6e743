use super::{DecodeError, PersonalMessage, Proof, claims, envelope};
use crate::types::{Address, Claims};

/// A decoded token: its claims, and the message that its proof must sign.
pub(crate) struct SignedClaims {
    pub(crate) claims: Claims,
    /// `None` if the proof is not a well-formed signature.
    proof: Option<Proof>,
    message: PersonalMessage,
}

impl SignedClaims {
    pub(crate) fn decode(token: &str) -> Result<Self, DecodeError> {
        envelope::open(token, |proof, claim| {
            Ok(Self {
                claims: claims::read(claim)?,
                proof: Proof::parse(proof),
                message: PersonalMessage::new(claim),
            })
        })
    }

    /// Returns the address that signed the claim's original bytes, or `None` if none can be
    /// recovered.
    pub(crate) fn signer(&self) -> Option<Address> {
        self.proof?.signer(&self.message)
    }
}
