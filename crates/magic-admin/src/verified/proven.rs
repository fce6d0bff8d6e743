use crate::{
    token::{PersonalMessage, Proof, SignedClaims},
    types::{Claims, Issuer, VerifyError, VerifyErrorKind},
};

/// The facts that the signature of a token proves: its issuer, and the claims that the issuer
/// signed.
///
/// Does not cover time and audience, which are checked separately.
pub(crate) struct Proven {
    pub(crate) issuer: Issuer,
    pub(crate) claims: Claims,
}

impl Proven {
    /// Runs steps 1 to 3 of the protocol: decodes the token, recovers the signer over the claim's
    /// original bytes, and compares the signer with the issuer.
    pub(crate) fn by_signature(token: &str) -> Result<Self, VerifyError> {
        let signed = SignedClaims::decode(token)?;
        let signer =
            signed.signer().ok_or(VerifyError::new(VerifyErrorKind::FailedRecoveringProof))?;
        match signed.claims.issuer().parse::<Issuer>() {
            Ok(issuer) if issuer.address() == signer => Ok(Self { issuer, claims: signed.claims }),
            _ => Err(VerifyError::new(VerifyErrorKind::IncorrectSigner)),
        }
    }

    /// Runs step 4: `add` must be the issuer's signature over the attachment.
    pub(crate) fn check_attachment(&self, attachment: &str) -> Result<(), VerifyError> {
        let signer = self
            .claims
            .attachment_proof()
            .and_then(Proof::parse)
            .and_then(|proof| proof.signer(&PersonalMessage::new(attachment)))
            .ok_or(VerifyError::new(VerifyErrorKind::FailedRecoveringProof))?;
        if signer != self.issuer.address() {
            return Err(VerifyError::new(VerifyErrorKind::IncorrectSigner));
        }
        Ok(())
    }
}
