use std::{env, io, net::SocketAddr, time::Duration};

use magic_admin::{Magic, MagicBuilder, SecretKey};
use magic_admin_testkit::{FakeMagic, FakeUser, TestUser};

use crate::{Page, StartError, listener::url};

/// The testkit's fake of Magic, which knows Alice and Bob. The quickstart starts it if no secret key is
/// set.
#[derive(Debug)]
pub struct Demo {
    fake: FakeMagic,
}

impl Demo {
    /// Starts the fake.
    ///
    /// # Errors
    ///
    /// Returns an error if no port is free.
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

    /// Configures the page to sign users in against the fake.
    #[must_use]
    pub fn page(&self, page: Page) -> Page {
        page.publishable_key(Some(self.fake.publishable_key().to_owned()))
            .demo(self.fake.base_url(), self.fake.mint())
    }

    /// Returns the settings of an application that talks to the fake.
    ///
    /// # Errors
    ///
    /// Returns an error if the fake's key is invalid, which never happens.
    pub fn magic(&self) -> Result<MagicBuilder, StartError> {
        let secret_key = SecretKey::new(self.fake.secret_key())?;
        Ok(Magic::builder(secret_key).base_url(self.fake.base_url()))
    }

    /// Returns two fresh tokens and shell commands for trying out the application.
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
MAGIC_API_SECRET_KEY is not set, so a fake stands in for Magic. On the page, sign in with any e-mail address
and the code {ONE_TIME_CODE}. For a shell, here are DID tokens of Alice and Bob, valid for one hour:

Alice: {alice}

Bob: {bob}

# 1. Alice signs in: 200, her user, and a session cookie
{curl} -X POST {session} {as_alice} {url}/v1/user/login

# 2. She asks who she is, which requires a token: 200
{curl} {as_alice} {url}/v1/user/me

# 3. She is greeted by her address: 200
{curl} {as_alice} {url}/v1/greeting

# 4. A guest is greeted, too: 200
{curl} {url}/v1/greeting

# 5. Bob's token cannot end Alice's session: 403
{curl} -X POST {session} {as_bob} {url}/v1/user/logout

# 6. Alice logs out of Magic and of this application: 200
{curl} -X POST {session} {as_alice} {url}/v1/user/logout

# Her token is revoked now: commands 1 and 2 return 401.
"
        )
    }
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The one-time code of every sign-in, because the fake sends no e-mail.
const ONE_TIME_CODE: &str = "123456";

/// Longer than Magic's 15 minutes, to leave time for reading.
const TOKEN_LIFESPAN: Duration = Duration::from_secs(3_600);
