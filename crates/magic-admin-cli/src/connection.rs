use std::{
    env, fs,
    path::{Path, PathBuf},
};

use clap::Args;
use magic_admin::{Magic, MagicBuilder, SecretKey};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The connection to the Admin API, configured through the environment.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Read the API secret key from this file instead of from MAGIC_API_SECRET_KEY.
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
}

impl Connection {
    /// Reads the settings. This sends nothing.
    pub(crate) fn open(self) -> Result<Magic, Failure> {
        let builder = match self.secret_key_file()? {
            None => MagicBuilder::from_env()?,
            Some(file) => {
                let key = read_key(&file)?;
                MagicBuilder::from_lookup(|name| match name {
                    SECRET_KEY => Some(key.as_str().into()),
                    _ => env::var_os(name),
                })?
            }
        };
        Ok(builder.build()?)
    }

    fn secret_key_file(self) -> Result<Option<PathBuf>, Failure> {
        if self.secret_key_file.is_some() {
            return Ok(self.secret_key_file);
        }
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        match set(SECRET_KEY_FILE) {
            Some(_) if set(SECRET_KEY).is_some() => Err(Failure::configuration(format!(
                "{SECRET_KEY} and {SECRET_KEY_FILE} are both set; unset one of them"
            ))),
            file => Ok(file.map(PathBuf::from)),
        }
    }
}

fn read_key(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let about = |problem: &dyn std::fmt::Display| {
        Failure::configuration(format!("the secret key file {}: {problem}", file.display()))
    };
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|error| about(&error))?;
    let key = Zeroizing::new(text.trim().to_owned());
    SecretKey::new(key.as_str()).map_err(|error| about(&error))?;
    Ok(key)
}

/// The part of `--help` shared by all commands that call the Admin API.
pub(crate) const ENVIRONMENT: &str = "\
Environment:
  MAGIC_API_SECRET_KEY       API secret key (sk_live_…); it cannot be passed as an argument
  MAGIC_API_SECRET_KEY_FILE  file that contains the API secret key
  MAGIC_CLIENT_ID            comma-separated client IDs to accept in a --token [default: fetched from Magic]
  MAGIC_API_BASE_URL         URL of the Admin API, for example that of an emulator
  MAGIC_API_GENERATION       generation of the Admin API: current or legacy [default: current]
  MAGIC_API_TIMEOUT          time-out of one attempt, in seconds [default: 10]
  MAGIC_API_RETRIES          retries after a failed attempt [default: 3]
  MAGIC_API_BACKOFF          base delay between retries, in seconds [default: 0.5]";

const SECRET_KEY: &str = "MAGIC_API_SECRET_KEY";
const SECRET_KEY_FILE: &str = "MAGIC_API_SECRET_KEY_FILE";
