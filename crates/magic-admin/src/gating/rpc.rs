//! JSON-RPC 2.0 batches, without the network.

use serde_json::{Map, Value, json};

use super::GatingErrorKind;
use crate::transport::parse_json;

/// A batch of calls, each with its own ID.
pub(super) struct Batch {
    first_id: u64,
    calls: Vec<Value>,
}

impl Batch {
    /// Creates an empty batch whose IDs count up from `first_id`.
    pub(super) const fn starting_at(first_id: u64) -> Self {
        Self { first_id, calls: Vec::new() }
    }

    pub(super) fn push(&mut self, method: &str, params: Value) {
        let id = self.first_id.saturating_add(self.calls.len() as u64);
        self.calls.push(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
    }

    pub(super) fn to_json(&self) -> String {
        Value::from(self.calls.as_slice()).to_string()
    }

    /// Reads the response to the batch, and returns the replies in the order of the calls, whatever
    /// their order in the response.
    ///
    /// Rejects the whole response if a reply is missing or duplicated, or has an ID that is not in
    /// the batch, because an endpoint that confuses IDs cannot be trusted with anything else.
    pub(super) fn read(&self, body: &[u8]) -> Result<Vec<Reply>, GatingErrorKind> {
        let answers = match parse_json(body) {
            Some(Value::Array(answers)) => answers,
            // The endpoint rejected the batch as a whole.
            Some(Value::Object(answer)) => {
                return Err(match reply(&answer) {
                    Some(Err(GatingErrorKind::Rpc(code))) => GatingErrorKind::Rpc(code),
                    _ => GatingErrorKind::Malformed,
                });
            }
            _ => return Err(GatingErrorKind::Malformed),
        };
        let mut replies: Vec<Option<Reply>> = self.calls.iter().map(|_| None).collect();
        for answer in &answers {
            let answer = answer.as_object().ok_or(GatingErrorKind::Malformed)?;
            let id = answer.get("id").and_then(Value::as_u64).ok_or(GatingErrorKind::Malformed)?;
            let slot = id
                .checked_sub(self.first_id)
                .and_then(|index| replies.get_mut(usize::try_from(index).ok()?))
                .filter(|slot| slot.is_none())
                .ok_or(GatingErrorKind::Malformed)?;
            *slot = Some(reply(answer).ok_or(GatingErrorKind::Malformed)?);
        }
        replies.into_iter().collect::<Option<_>>().ok_or(GatingErrorKind::Malformed)
    }
}

/// A result, or the reason why there is none.
pub(super) type Reply = Result<Quantity, GatingErrorKind>;

/// The text of a result, which is a string for all calls made here.
pub(super) struct Quantity(String);

impl Quantity {
    /// Parses `DATA`: `0x` and two hex digits for each byte.
    pub(super) fn data(&self) -> Option<Vec<u8>> {
        let digits = self.0.strip_prefix("0x").filter(|digits| !digits.starts_with("0x"))?;
        const_hex::decode(digits).ok()
    }

    /// Parses `QUANTITY`: `0x` and hex digits without leading zeros.
    pub(super) fn number(&self) -> Option<u64> {
        let digits = self.0.strip_prefix("0x")?;
        // `from_str_radix` would also accept a sign.
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u64::from_str_radix(digits, 16).ok().filter(|_| is_hex)
    }
}

/// Reads one reply. Returns `None` if it is neither a result nor an error.
fn reply(answer: &Map<String, Value>) -> Option<Reply> {
    if answer.get("jsonrpc")? != "2.0" {
        return None;
    }
    // Some servers include the unused member as null.
    let member = |name| answer.get(name).filter(|value| !value.is_null());
    match (member("result"), member("error")) {
        (Some(Value::String(result)), None) => Some(Ok(Quantity(result.clone()))),
        (None, Some(error)) => {
            let code = error.get("code")?.as_i64()?;
            let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
            Some(Err(if is_revert(code, message) {
                GatingErrorKind::Reverted
            } else {
                GatingErrorKind::Rpc(code)
            }))
        }
        _ => None,
    }
}

/// Returns `true` if a contract reverted. Geth and most other nodes use code 3 for that. Some older
/// nodes use one code for all execution errors, so the message has to be checked.
fn is_revert(code: i64, message: &str) -> bool {
    const EXECUTION_ERRORS: [i64; 2] = [-32_000, -32_015];
    let message = message.to_ascii_lowercase();
    code == 3 || EXECUTION_ERRORS.contains(&code) && message.starts_with("execution reverted")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(calls: usize) -> Batch {
        let mut batch = Batch::starting_at(100);
        for _ in 0..calls {
            batch.push("eth_chainId", json!([]));
        }
        batch
    }

    fn result(id: u64, result: &str) -> Value {
        json!({"jsonrpc": "2.0", "id": id, "result": result})
    }

    fn error(id: u64, code: i64, message: &str) -> Value {
        json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
    }

    #[test]
    fn replies_follow_the_order_of_the_calls() {
        let answer = json!([result(102, "0x2"), error(101, -32005, "limit"), result(100, "0x0")])
            .to_string();
        let replies = batch(3).read(answer.as_bytes()).unwrap();
        let numbers: Vec<_> = replies.iter().map(|reply| reply.as_ref().ok()?.number()).collect();
        assert_eq!(numbers, [Some(0), None, Some(2)]);
        assert_eq!(replies[1].as_ref().err(), Some(&GatingErrorKind::Rpc(-32005)));
    }

    #[test]
    fn a_rejected_batch_keeps_its_error_code() {
        let answer = error(0, -32600, "batch too large").to_string();
        assert_eq!(batch(1).read(answer.as_bytes()).err(), Some(GatingErrorKind::Rpc(-32600)));
        // It is not known which of the calls reverted.
        let answer = error(100, 3, "execution reverted").to_string();
        assert_eq!(batch(1).read(answer.as_bytes()).err(), Some(GatingErrorKind::Malformed));
    }

    #[test]
    fn everything_else_is_malformed() {
        let (good, other) = (result(100, "0x1"), result(101, "0x1"));
        for answer in [
            json!(null),
            json!([]),
            json!([null, null]),
            good.clone(),
            json!([good]),
            json!([good, good]),
            json!([good, result(99, "0x1")]),
            json!([good, result(102, "0x1")]),
            json!([good, other, result(102, "0x1")]),
            json!([good, {"jsonrpc": "2.0", "id": "101", "result": "0x1"}]),
            json!([good, {"jsonrpc": "2.0", "id": null, "result": "0x1"}]),
            json!([good, {"jsonrpc": "2.0", "result": "0x1"}]),
            json!([good, {"jsonrpc": "2.0", "id": 101}]),
            json!([good, {"jsonrpc": "2.0", "id": 101, "result": null}]),
            json!([good, {"jsonrpc": "2.0", "id": 101, "result": 1}]),
            json!([good, {"jsonrpc": "1.0", "id": 101, "result": "0x1"}]),
            json!([good, {"id": 101, "result": "0x1"}]),
            json!([good, {"jsonrpc": "2.0", "id": 101, "error": "no"}]),
            json!([good, {"jsonrpc": "2.0", "id": 101, "result": "0x1", "error": {"code": 3}}]),
        ] {
            let read = batch(2).read(answer.to_string().as_bytes());
            assert_eq!(read.err(), Some(GatingErrorKind::Malformed), "{answer}");
        }
        for text in ["", "<html>", "[", "[{]"] {
            assert!(batch(2).read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(batch(2).read(json!([good, other]).to_string().as_bytes()).is_ok());
    }

    #[test]
    fn distinguishes_reverts_from_failures() {
        for (code, message, reverted) in [
            (3, "execution reverted: ERC721: invalid token ID", true),
            (3, "", true),
            (-32_000, "execution reverted", true),
            (-32_015, "Execution reverted", true),
            (-32_000, "header not found", false),
            (-32_603, "EVM error InvalidFEOpcode", false),
            (-32_603, "execution reverted", false),
            (-32_005, "limit exceeded", false),
        ] {
            assert_eq!(is_revert(code, message), reverted, "{code} {message}");
        }
    }

    #[test]
    fn reads_data_and_quantities_strictly() {
        let data = |text: &str| Quantity(text.to_owned()).data();
        assert_eq!((data("0x"), data("0x00ff")), (Some(vec![]), Some(vec![0, 255])));
        for wrong in ["", "00", "0x0", "0xzz", "0x0x00", "0X00", " 0x00"] {
            assert_eq!(data(wrong), None, "{wrong}");
        }
        let number = |text: &str| Quantity(text.to_owned()).number();
        assert_eq!((number("0x7a69"), number("0x0")), (Some(31_337), Some(0)));
        for wrong in ["", "0x", "1", "0x+1", "0x-1", "0x10000000000000000"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }
}
