use std::{fmt, net::SocketAddr, time::Duration};

use magic_admin::{Address, Issuer};
use magic_admin_testkit::{FakeMagic, FakeUser};
use serde::Serialize;

/// The connection settings of the emulator. Displays as settings for a shell or an `.env` file.
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
        writeln!(
            f,
            "# Emulating Magic until Ctrl-C. To use it from the server side of an application:"
        )?;
        writeln!(f, "MAGIC_API_BASE_URL='{}'", self.base_url)?;
        writeln!(f, "MAGIC_API_SECRET_KEY='{}'", self.secret_key)?;
        write!(f, "MAGIC_CLIENT_ID='{}'", crate::text::printable(&self.client_id))?;
        let (key, endpoint) = (crate::text::printable(&self.publishable_key), &self.endpoint);
        write!(f, "\n# To use it from the front end:")?;
        write!(f, "\n#   import {{ Magic }} from 'magic-sdk';")?;
        write!(f, "\n#   const magic = new Magic('{key}', {{ endpoint: '{endpoint}' }});")?;
        write!(f, "\n#   await magic.auth.loginWithEmailOTP({{ email: 'alice@example.com' }});")?;
        for sample in &self.tokens {
            write!(f, "\n# A token of {}, valid for a day:\n# {}", sample.issuer, sample.token)?;
        }
        Ok(())
    }
}

/// Long enough for a day's work; `token mint` issues others.
const SAMPLE_LIFESPAN: Duration = Duration::from_secs(24 * 60 * 60);
