use std::{fmt, path::Path, sync::Arc};

use axum::body::Bytes;
use magic_admin::single_use::Challenges;
use magic_admin_testkit::Mint;

use crate::StartError;

/// Settings of the page.
#[derive(Clone)]
pub struct Page {
    pub(super) challenges: Challenges,
    pub(super) magic: Arc<BrowserMagic>,
}

/// The settings of Magic's browser SDK.
#[derive(Clone, Default)]
pub(super) struct BrowserMagic {
    /// The origin of the SDK's iframe; Magic's own if `None`.
    pub(super) endpoint: Option<String>,
    /// The key of the SDK. Without one, nobody can sign in on the page.
    pub(super) publishable_key: Option<String>,
    /// The SDK's script. Without it, the page loads the one at [`SDK_URL`].
    pub(super) sdk: Option<Bytes>,
    /// Signs tokens of Alice and Bob in the demo.
    pub(super) demo: Option<Mint>,
}

impl Page {
    /// Creates a page that signs users in with these challenges.
    #[must_use]
    pub fn new(challenges: Challenges) -> Self {
        Self { challenges, magic: Arc::default() }
    }

    /// Sets the key of Magic's browser SDK.
    #[must_use]
    pub fn publishable_key(self, key: Option<String>) -> Self {
        self.with(|magic| BrowserMagic { publishable_key: key, ..magic })
    }

    /// Serves the SDK's script from a local file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read.
    pub fn sdk_file(self, path: &Path) -> Result<Self, StartError> {
        let script = std::fs::read(path).map_err(|error| {
            let path = path.display();
            StartError::new(format!("cannot read {path}: {error}: check MAGIC_SDK_JS"))
        })?;
        Ok(self.with(|magic| BrowserMagic { sdk: Some(script.into()), ..magic }))
    }

    /// Points the SDK at a fake, and offers to continue as Alice or Bob.
    #[must_use]
    pub fn demo(self, endpoint: String, mint: Mint) -> Self {
        self.with(|magic| BrowserMagic { endpoint: Some(endpoint), demo: Some(mint), ..magic })
    }

    fn with(self, change: impl FnOnce(BrowserMagic) -> BrowserMagic) -> Self {
        Self { magic: Arc::new(change(Arc::unwrap_or_clone(self.magic))), ..self }
    }
}

impl BrowserMagic {
    pub(super) fn endpoint(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(MAGIC_ENDPOINT)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("endpoint", &self.magic.endpoint).finish_non_exhaustive()
    }
}

const MAGIC_ENDPOINT: &str = "https://auth.magic.link";

/// The address from the README of `magic-sdk`, with the version that the tests use.
pub(super) const SDK_URL: &str = "https://cdn.jsdelivr.net/npm/magic-sdk@33.13.0/dist/magic.js";

/// The hash of that version. Browsers do not run any other script from that address.
pub(super) const SDK_INTEGRITY: &str =
    "sha384-jYoYWKrywj9La074Nulf9jkjNsHb4zFV8jY0J0M4MLsb9toUSyh+GIBfiUMy1adx";
