use super::{BaseUrl, POOL_IDLE_TIMEOUT};

/// Error returned when TLS is not available for an HTTP client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// No TLS feature is enabled.
    #[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
    #[error(
        "https needs TLS: enable the feature `rustls-ring`, `rustls-aws-lc` or `native-tls` of magic-admin"
    )]
    NoFeature,
    /// There are no root certificates to verify servers with.
    #[cfg(any(feature = "rustls-ring", feature = "rustls-aws-lc"))]
    #[error(
        "no CA certificates were found on this machine to verify https servers: install them (package ca-certificates on Debian, Ubuntu and Alpine) or set SSL_CERT_FILE"
    )]
    Certificates(#[source] rustls::Error),
    /// The TLS backend could not be initialised.
    #[error("the TLS backend could not be initialised")]
    Backend(#[source] reqwest::Error),
}

/// Creates an HTTP client that does not disclose the traffic to third parties.
///
/// It follows no redirects, because the secret header would be sent to their target. It does not
/// decompress responses, because that would bypass the limit on the body. It uses only HTTP/1.1, so
/// that its behaviour does not depend on the features of reqwest that other crates enable. This
/// also disables reqwest's own retries, which apply to HTTP/2.
///
/// A proxy from the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`) is used for `https://`,
/// where it sees only the host name. It is never used for `http://`, where it would see the secret
/// key and where the server is usually this machine.
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

/// Always passes our own configuration to reqwest. Otherwise, reqwest would look for a process-wide
/// rustls provider, which a library should not install, and panic if there is none.
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
        // No certificates are needed, so none are loaded.
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
