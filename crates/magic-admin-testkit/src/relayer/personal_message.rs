use serde_json::Value;

use super::answer::RpcError;
use crate::TestUser;

/// Handles `personal_sign` with `[message, address]`. The message is either hex with `0x` or plain
/// text.
pub(super) fn sign(user: &TestUser, params: &[Value]) -> Result<String, RpcError> {
    let text = |index: usize| params.get(index).and_then(Value::as_str);
    let message =
        text(0).ok_or_else(|| RpcError::invalid_params("personal_sign requires a message."))?;
    let own = user.address().to_string();
    if text(1).is_some_and(|address| !address.eq_ignore_ascii_case(&own)) {
        return Err(RpcError::invalid_params("The address does not belong to the signed-in user."));
    }
    let decoded = message.strip_prefix("0x").and_then(|digits| const_hex::decode(digits).ok());
    Ok(user.personal_sign(decoded.unwrap_or_else(|| message.into())).to_string())
}
