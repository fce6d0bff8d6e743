use super::{DecodeError, PersonalMessage, Proof, claims, envelope};
use crate::types::{Address, Claims};

/// A decoded token: what it claims, and what its proof has to be a signature of.
pub(crate) struct SignedClaims {
    pub(crate) claims: Claims,
    /// `None` when the text of the proof is not that of a signature.
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

    /// Who signed the claim's original bytes; `None` when the proof proves nobody.
    pub(crate) fn signer(&self) -> Option<Address> {
        self.proof?.signer(&self.message)
    }
}
