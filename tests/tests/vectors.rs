//! The verdict on every token of the vectors, and on a token that Magic itself issued.

use magic_admin::{Audience, Verifier, VerifyError, dangerous::AnyAudienceVerifier};
use tests::{StoppedClock, Vector, issued_by_magic, vectors};

#[test]
fn every_vector_gets_its_verdict() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 114);
    let wrong: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            let verdict = verdict(vector);
            (verdict != vector.expect)
                .then(|| format!("{}: {verdict}, not {}", vector.name, vector.expect))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn verdict(vector: &Vector) -> &'static str {
    let clock = StoppedClock(vector.now);
    let attachment = vector.attachment.as_deref();
    let result = match &vector.client_id {
        None => AnyAudienceVerifier::with_clock(clock)
            .dangerous_verify(&vector.token, attachment)
            .map(drop),
        Some(client_id) => {
            let audience = Audience::new(client_id).expect("no vector's client id is empty");
            let verifier = Verifier::builder(audience).clock(clock).build();
            match attachment {
                None => verifier.verify(&vector.token),
                Some(attachment) => verifier.verify_with_attachment(&vector.token, attachment),
            }
            .map(drop)
        }
    };
    result.map_or_else(|error| error.code(), |()| "ok")
}

const MAGIC_CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";

fn verify_for(client_id: &str, token: &str) -> Result<magic_admin::VerifiedToken, VerifyError> {
    Verifier::new(Audience::new(client_id).expect("it is not empty")).verify(token)
}

#[test]
fn a_token_issued_by_magic_verifies() {
    let token = verify_for(MAGIC_CLIENT_ID, &issued_by_magic()).unwrap();
    assert_eq!(token.issuer().to_string(), "did:ethr:0x4B73C58370AEfcEf86A6021afCDe5673511376B2");
    assert_eq!(token.address().to_string(), "0x4B73C58370AEfcEf86A6021afCDe5673511376B2");
    assert_eq!(token.audience(), MAGIC_CLIENT_ID);
    assert_eq!(token.expires_at().get(), 11_173_528_500);
    assert_eq!(token.claims().issued_at().get(), 1_586_764_270);
    assert_eq!(token.claims().not_before().get(), 1_586_764_270);
    assert_eq!(token.claims().subject(), "NjrA53ScQ8IV80NJnx4t3Shi9-kFfF5qavD2Vr0d1dc=");
    assert_eq!(token.claims().token_id(), "ebcc880a-ffc9-4375-84ae-154ccd5c746d");
}

#[test]
fn a_token_issued_by_magic_has_an_audience() {
    let error = verify_for("did:magic:00000000-0000-0000-0000-000000000000", &issued_by_magic());
    assert_eq!(error.unwrap_err().code(), "ERROR_AUDIENCE_MISMATCH");
}

#[test]
fn a_token_issued_by_magic_is_tamper_proof() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    let json = String::from_utf8(STANDARD.decode(issued_by_magic()).unwrap()).unwrap();
    let claim_start = json.find("\",\"").unwrap() + 3;
    for position in claim_start..json.len() - 2 {
        let mut changed = json.clone().into_bytes();
        changed[position] = if changed[position] == b'1' { b'2' } else { b'1' };
        let result = verify_for(MAGIC_CLIENT_ID, &STANDARD.encode(&changed));
        assert!(result.is_err(), "accepted with position {position} changed");
    }
}
