use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// A claim, parsed in a different way from the crate: every member is parsed completely.
///
/// This parser accepts less: no deep nesting, no lone surrogates, and no numbers beyond a double,
/// not even in unused members. Therefore some valid claims have no `Reading`.
pub struct Reading(Vec<(String, Value)>);

/// The protocol's verdict on a claim that was signed with the private key 1.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict(pub &'static str);

impl Reading {
    pub fn of(claim: &str) -> Option<Self> {
        serde_json::from_str(claim).ok()
    }

    /// Returns `true` if every claim is present exactly once and has the right type.
    pub fn is_well_formed(&self) -> bool {
        let numbers = ["iat", "ext", "nbf"];
        let texts = ["iss", "sub", "aud", "tid"];
        numbers.iter().all(|name| self.once(name).is_some_and(Value::is_number))
            && texts.iter().all(|name| self.once(name).is_some_and(Value::is_string))
            && match self.count("add") {
                0 => true,
                1 => self.once("add").is_some_and(|add| add.is_null() || add.is_string()),
                _ => false,
            }
    }

    /// Returns the verdict on a token with this claim and a valid proof.
    pub fn verdict(&self, attachment: Option<&str>, client_id: &str, now: i64) -> Verdict {
        if !self.is_well_formed() {
            return Verdict("ERROR_MALFORMED_TOKEN");
        }
        let issuer = self.text("iss");
        let named = issuer.strip_prefix("did:ethr:0x").unwrap_or_default();
        if !format!("0x{named}").eq_ignore_ascii_case(crate::ADDRESS) {
            return Verdict("ERROR_INCORRECT_SIGNER_ADDR");
        }
        if let Some(attachment) = attachment {
            match recover(self.text("add"), attachment) {
                None => return Verdict("ERROR_FAILED_RECOVERING_PROOF"),
                Some(address) if !address.eq_ignore_ascii_case(crate::ADDRESS) => {
                    return Verdict("ERROR_INCORRECT_SIGNER_ADDR");
                }
                Some(_) => {}
            }
        }
        if i128::from(now) > self.number("ext", f64::floor) {
            return Verdict("ERROR_DIDT_EXPIRED");
        }
        if i128::from(now) < self.number("nbf", f64::ceil) - 300 {
            return Verdict("ERROR_DIDT_CANNOT_BE_USED_YET");
        }
        if self.text("aud") != client_id {
            return Verdict("ERROR_AUDIENCE_MISMATCH");
        }
        Verdict("ok")
    }

    pub fn text(&self, name: &str) -> &str {
        self.once(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str, round: fn(f64) -> f64) -> i128 {
        let number = self.once(name).expect("it is well formed");
        number
            .as_i64()
            .map(i128::from)
            .or_else(|| number.as_u64().map(i128::from))
            .unwrap_or_else(|| round(number.as_f64().expect("it is a number")) as i128)
    }

    fn once(&self, name: &str) -> Option<&Value> {
        let mut all = self.0.iter().filter(|(known, _)| known == name);
        all.next().filter(|_| all.next().is_none()).map(|(_, value)| value)
    }

    fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(known, _)| known == name).count()
    }
}

impl<'de> Deserialize<'de> for Reading {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Reading;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reading, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Reading(members))
            }
        }
        parser.deserialize_map(Members)
    }
}

/// Returns the address that signed this text, using the pure-Rust library.
fn recover(proof: &str, text: &str) -> Option<String> {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

    let digits = proof.strip_prefix("0x").filter(|digits| digits.len() == 130)?;
    let bytes = const_hex::decode(digits).ok()?;
    let id = match bytes[64] {
        27 => RecoveryId::new(false, false),
        28 => RecoveryId::new(true, false),
        _ => return None,
    };
    let signature = Signature::from_slice(&bytes[..64]).ok()?;
    let digest = crate::personal_digest(text);
    let key = VerifyingKey::recover_from_prehash(&digest, &signature, id).ok()?;
    Some(crate::address_of(&key.to_sec1_point(false).as_bytes()[1..]))
}
