use super::{BaseUrl, POOL_IDLE_TIMEOUT};

/// No HTTP client can be made, because there is no TLS for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// None of the TLS features is on.
    #[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
    #[error(
        "https needs TLS: enable the feature `rustls-ring`, `rustls-aws-lc` or `native-tls` of magic-admin"
    )]
    NoFeature,
    /// No certificates to check servers with.
    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc"))]
    #[error(
        "no CA certificates on this machine to check https servers with: install them (Debian, Ubuntu, Alpine: the package ca-certificates) or set SSL_CERT_FILE"
    )]
    Certificates(#[source] rustls::Error),
    /// The TLS backend does not start.
    #[error("the TLS backend does not start")]
    Backend(#[source] reqwest::Error),
}

/// An HTTP client that keeps what travels between the server and us.
///
/// No redirects, because the secret header would travel to wherever they lead. No decompression,
/// because nothing compressed is asked for, and it would lift the limit on the body. HTTP/1.1
/// only, so that nothing depends on which features of reqwest other crates enable; so reqwest has
/// no retries of its own either, which are for HTTP/2.
///
/// A proxy from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used for `https://`,
/// where it sees the host name only. It is never used for `http://`, where it would see the
/// secret key, and where the server is this machine anyway.
pub(super) fn http_client(base_url: &BaseUrl) -> Result<reqwest::Client, TlsError> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .pool_idle_timeout(POOL_IDLE_TIMEOUT);
    if base_url.is_https() {
        builder = builder.https_only(true);
    } else {
        builder = builder.no_proxy();
    }
    with_tls(builder, base_url)?.build().map_err(TlsError::Backend)
}

/// Hands reqwest a configuration of our own, always: without one it would look for a rustls
/// provider installed for the whole process, which is not ours to install, and panic.
#[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc"))]
fn with_tls(
    builder: reqwest::ClientBuilder,
    base_url: &BaseUrl,
) -> Result<reqwest::ClientBuilder, TlsError> {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore};
    use rustls_platform_verifier::BuilderVerifierExt;

    #[cfg(not(feature = "rustls-ring"))]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(feature = "rustls-ring")]
    use rustls::crypto::ring::default_provider;

    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Certificates)?;
    let mut config = if base_url.is_https() {
        config.with_platform_verifier().map_err(TlsError::Certificates)?.with_no_client_auth()
    } else {
        // Certificates are not read, because none are needed.
        config.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(builder.tls_backend_preconfigured(config))
}

#[cfg(all(feature = "native-tls", not(any(feature = "rustls-ring", feature = "rustls-aws-lc"))))]
#[expect(clippy::unnecessary_wraps, reason = "the other backends can fail")]
fn with_tls(
    builder: reqwest::ClientBuilder,
    _base_url: &BaseUrl,
) -> Result<reqwest::ClientBuilder, TlsError> {
    Ok(builder.tls_backend_native())
}

#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
fn with_tls(
    builder: reqwest::ClientBuilder,
    base_url: &BaseUrl,
) -> Result<reqwest::ClientBuilder, TlsError> {
    if base_url.is_https() { Err(TlsError::NoFeature) } else { Ok(builder) }
}
