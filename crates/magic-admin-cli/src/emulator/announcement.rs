use std::{fmt, net::SocketAddr, time::Duration};

use magic_admin::{Address, Issuer};
use magic_admin_testkit::{FakeMagic, FakeUser};
use serde::Serialize;
use serde_json::Value;

use crate::text::printable;

/// The settings that point an application at the emulator. The text form is a list of lines for a shell or an
/// `.env` file; the lines for a front end are comments.
#[derive(Serialize)]
pub(super) struct Announcement {
    address: SocketAddr,
    base_url: String,
    endpoint: String,
    secret_key: String,
    publishable_key: String,
    client_id: String,
    tokens: Vec<Sample>,
}

#[derive(Serialize)]
struct Sample {
    issuer: Issuer,
    public_address: Address,
    token: String,
}

impl Announcement {
    pub(super) fn new(fake: &FakeMagic, users: &[FakeUser]) -> Self {
        let mint = fake.mint();
        let sample = |user: &FakeUser| {
            let user = user.test_user()?;
            Some(Sample {
                issuer: user.issuer(),
                public_address: user.address(),
                token: mint.builder(user).lifespan(SAMPLE_LIFESPAN).build(),
            })
        };
        Self {
            address: fake.address(),
            base_url: fake.base_url(),
            endpoint: fake.base_url(),
            secret_key: fake.secret_key().to_owned(),
            publishable_key: fake.publishable_key().to_owned(),
            client_id: fake.client_id().to_owned(),
            tokens: users.iter().filter_map(sample).collect(),
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (base_url, endpoint) = (quoted(&self.base_url), javascript(&self.endpoint));
        let (key, client_id) = (quoted(&self.secret_key), quoted(&self.client_id));
        writeln!(f, "# Emulating Magic until Ctrl-C. Settings for your server:")?;
        writeln!(f, "MAGIC_API_BASE_URL={base_url}")?;
        writeln!(f, "MAGIC_API_SECRET_KEY={key}")?;
        writeln!(f, "MAGIC_CLIENT_ID={client_id}")?;
        let key = javascript(&self.publishable_key);
        writeln!(f, "# Lines for your front end:")?;
        writeln!(f, "#   import {{ Magic }} from \"magic-sdk\";")?;
        writeln!(f, "#   const magic = new Magic({key}, {{ endpoint: {endpoint} }});")?;
        write!(f, "#   await magic.auth.loginWithEmailOTP({{ email: \"alice@example.com\" }});")?;
        for sample in &self.tokens {
            write!(
                f,
                "\n# A DID token of {}, valid for a day:\n# {}",
                sample.issuer, sample.token
            )?;
        }
        Ok(())
    }
}

/// Quotes text as one word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", printable(text).replace('\'', r"'\''"))
}

/// Returns a JavaScript string literal, which a JSON string is.
fn javascript(text: &str) -> Value {
    printable(text).into()
}

/// Long enough for a day of development; `token mint` issues more tokens.
const SAMPLE_LIFESPAN: Duration = Duration::from_secs(24 * 60 * 60);
