use std::{
    env, fs,
    path::{Path, PathBuf},
};

use clap::Args;
use magic_admin::{ClientBuilder, Magic, MagicBuilder, SecretKey};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// How to reach the Admin API: from the environment, the secret key perhaps from a file.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Read the API secret key from this file instead of MAGIC_API_SECRET_KEY.
    #[arg(long, value_name = "FILE")]
    secret_key_file: Option<PathBuf>,
}

impl Connection {
    /// The settings; nothing is sent yet.
    pub(crate) fn open(self) -> Result<Magic, Failure> {
        let builder = match self.secret_key_file()? {
            None => MagicBuilder::from_env()?,
            Some(file) => with_key(read_key(&file)?)?,
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
                "{SECRET_KEY} and {SECRET_KEY_FILE} are both set: unset one of them"
            ))),
            file => Ok(file.map(PathBuf::from)),
        }
    }
}

fn read_key(file: &Path) -> Result<SecretKey, Failure> {
    let about = |problem: &dyn std::fmt::Display| {
        Failure::configuration(format!("the secret key file {}: {problem}", file.display()))
    };
    let text = fs::read_to_string(file).map(Zeroizing::new).map_err(|error| about(&error))?;
    SecretKey::new(text.trim()).map_err(|error| about(&error))
}

/// What [`MagicBuilder::from_env`] does, with a key from elsewhere.
fn with_key(key: SecretKey) -> Result<MagicBuilder, Failure> {
    let client = ClientBuilder::from_lookup(key.clone(), |name| env::var_os(name))?;
    let builder = Magic::builder(key).api(|_| client);
    let client_ids = env::var_os(CLIENT_ID).unwrap_or_default().into_string().map_err(|_| {
        Failure::configuration(format!("{CLIENT_ID} must be valid Unicode, or unset"))
    })?;
    Ok(match client_ids.as_str() {
        "" => builder,
        ids => builder.client_ids(ids.split(',').map(str::trim)),
    })
}

/// The part of `--help` that every command of the Admin API has.
pub(crate) const ENVIRONMENT: &str = "\
Environment:
  MAGIC_API_SECRET_KEY       the API secret key (sk_live_…), never an argument
  MAGIC_API_SECRET_KEY_FILE  or the file that holds it
  MAGIC_CLIENT_ID            client ids, separated by commas, for --token; fetched when unset
  MAGIC_API_BASE_URL         where the Admin API is, that of an emulator for example
  MAGIC_API_GENERATION       current (the default) or legacy
  MAGIC_API_TIMEOUT          seconds for one attempt [10]
  MAGIC_API_RETRIES          attempts after the first [3]
  MAGIC_API_BACKOFF          base delay between attempts in seconds [0.5]";

const SECRET_KEY: &str = "MAGIC_API_SECRET_KEY";
const SECRET_KEY_FILE: &str = "MAGIC_API_SECRET_KEY_FILE";
const CLIENT_ID: &str = "MAGIC_CLIENT_ID";
