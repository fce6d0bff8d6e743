//! Every kind of change, by part. The behaviour of the SDKs was measured: a deviation that is not
//! listed here fails the differential test.

mod attachment;
mod audience;
mod claim_text;
mod claim_types;
mod encoding;
mod envelope;
mod issuer;
mod proof;
mod subject;
mod times;

use super::Kind;

/// Returns all kinds of changes.
pub fn kinds() -> Vec<Kind> {
    [
        encoding::KINDS,
        envelope::KINDS,
        claim_text::KINDS,
        claim_types::KINDS,
        times::KINDS,
        subject::KINDS,
        proof::KINDS,
        issuer::KINDS,
        attachment::KINDS,
        audience::KINDS,
    ]
    .concat()
}
