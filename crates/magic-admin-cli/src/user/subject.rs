use std::ffi::OsString;

use clap::Args;
use magic_admin::{Address, Issuer, Magic};

use crate::{failure::Failure, token::one_token};

/// The user to look up or to change. Each command defines which of these options it requires.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct Subject {
    /// Issuer of the user: did:ethr:0x…
    #[arg(long)]
    issuer: Option<Issuer>,
    /// Address of the user: 0x…
    #[arg(long)]
    address: Option<Address>,
    /// DID token of the user, which is verified first. `-` reads it from standard input.
    #[arg(long)]
    token: Option<OsString>,
}

impl Subject {
    /// Returns the user's issuer, or `None` if another option identifies the user. If a token was given, it
    /// is verified.
    pub(super) async fn issuer(self, magic: &Magic) -> Result<Option<Issuer>, Failure> {
        if let Some(token) = self.token {
            let token = one_token(token)?;
            return Ok(Some(magic.verify(&token).await?.issuer()));
        }
        Ok(self.issuer.or(self.address.map(Issuer::from)))
    }
}

/// The options of a [`Subject`], for use in an argument group.
pub(super) const NAMES: [&str; 3] = ["issuer", "address", "token"];
