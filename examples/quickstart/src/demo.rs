use std::{env, io, net::SocketAddr, time::Duration};

use magic_admin::{Magic, MagicBuilder, SecretKey};
use magic_admin_testkit::{FakeMagic, FakeUser, TestUser};

use crate::{Page, StartError, listener::url};

/// What stands in for Magic when there is no secret key: the testkit's fake Admin API, which knows
/// Alice and Bob.
#[derive(Debug)]
pub struct Demo {
    fake: FakeMagic,
}

impl Demo {
    /// Starts the fake.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub async fn start() -> Result<Self, StartError> {
        let failed =
            |error: io::Error| StartError::new(format!("cannot start the fake Admin API: {error}"));
        let user = |seed, email: &str| FakeUser::from(TestUser::from_seed(seed)).email(email);
        let fake = FakeMagic::builder()
            .users([user(1, "alice@example.com"), user(2, "bob@example.com")])
            .one_time_code(ONE_TIME_CODE)
            .start()
            .await
            .map_err(failed)?;
        Ok(Self { fake })
    }

    /// Lets the page sign users in against the fake.
    #[must_use]
    pub fn page(&self, page: Page) -> Page {
        page.publishable_key(Some(self.fake.publishable_key().to_owned()))
            .demo(self.fake.base_url(), self.fake.mint())
    }

    /// The settings of an application that talks to the fake.
    ///
    /// # Errors
    ///
    /// Not to be expected.
    pub fn magic(&self) -> Result<MagicBuilder, StartError> {
        let secret_key = SecretKey::new(self.fake.secret_key())?;
        Ok(Magic::builder(secret_key).base_url(self.fake.base_url()))
    }

    /// Two fresh tokens, and lines for a shell that try the application out.
    #[must_use]
    pub fn guide(&self, address: SocketAddr) -> String {
        let token = |seed| {
            self.fake.mint().builder(&TestUser::from_seed(seed)).lifespan(TOKEN_LIFESPAN).build()
        };
        let (alice, bob) = (token(1), token(2));
        let url = url(address);
        let jar = env::temp_dir().join(format!("quickstart-{}.cookies", address.port()));
        let jar = shell_quoted(&jar.to_string_lossy());
        let curl = "curl -s -i -w '\\n'";
        let bearer = |token: &str| format!("-H 'Authorization: Bearer {token}'");
        let (as_alice, as_bob) = (bearer(&alice), bearer(&bob));
        let session = format!("-b {jar} -c {jar}");
        format!(
            "\
Without MAGIC_API_SECRET_KEY a fake stands in for Magic. On the page any e-mail address signs in, with
the code {ONE_TIME_CODE}. In a shell, there are the DID tokens of Alice and Bob, for the next hour:

Alice: {alice}

Bob: {bob}

# 1. Alice signs in: 200, who she is, and the cookie of her session
{curl} -X POST {session} {as_alice} {url}/v1/user/login

# 2. Who is it? Answered only with a token: 200
{curl} {as_alice} {url}/v1/user/me

# 3. A greeting for Alice: 200
{curl} {as_alice} {url}/v1/greeting

# 4. A greeting for a guest: 200
{curl} {url}/v1/greeting

# 5. Bob's token in Alice's session: 403, and nobody is logged out
{curl} -X POST {session} {as_bob} {url}/v1/user/logout

# 6. Alice logs out, of Magic and of this application: 200
{curl} -X POST {session} {as_alice} {url}/v1/user/logout

# From then on her token is revoked: line 2 answers 401. And line 1 answered 200 only once.
"
        )
    }
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Nobody sends it by e-mail.
const ONE_TIME_CODE: &str = "123456";

/// Longer than Magic's 15 minutes: time to read.
const TOKEN_LIFESPAN: Duration = Duration::from_secs(3_600);
