use std::env;

use clap::Args;
use magic_admin::Audience;

use crate::failure::Failure;

/// The client IDs to accept, from the command line or otherwise from the environment.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct ClientIds {
    /// Client ID that the token must be issued for. Repeat it to accept any of several
    /// [default: MAGIC_CLIENT_ID].
    #[arg(long = "client-id", allow_hyphen_values = true, value_name = "ID")]
    client_ids: Vec<String>,
}

impl ClientIds {
    pub(crate) fn audience(self) -> Result<Audience, Failure> {
        if self.client_ids.is_empty() {
            return Ok(Audience::any_of(from_environment()?)?);
        }
        Ok(Audience::any_of(self.client_ids)?)
    }
}

/// Reads the client IDs from the environment in the same way as `MagicBuilder::from_env`. There is at least
/// one.
pub(crate) fn from_environment() -> Result<Vec<String>, Failure> {
    let variable = env::var_os(VARIABLE).unwrap_or_default();
    if variable.is_empty() {
        let message = format!("no client ID: pass --client-id, or set {VARIABLE}");
        return Err(Failure::Usage(message.into()));
    }
    let variable = variable
        .to_str()
        .ok_or_else(|| Failure::configuration(format!("{VARIABLE} is not valid UTF-8")))?;
    let ids: Vec<_> = variable.split(',').map(|id| id.trim().to_owned()).collect();
    if ids.iter().any(String::is_empty) {
        return Err(Failure::configuration(format!("{VARIABLE} contains an empty client ID")));
    }
    Ok(ids)
}

const VARIABLE: &str = "MAGIC_CLIENT_ID";
