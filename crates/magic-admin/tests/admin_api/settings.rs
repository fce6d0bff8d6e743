use std::{ffi::OsString, time::Duration};

use magic_admin::{ConfigError, ConfigErrorKind, SecretKey, admin::ClientBuilder};

use crate::support::{Answer, KEY, Log, Server, builder};

fn read(variables: &[(&str, &str)]) -> Result<ClientBuilder, ConfigError> {
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| (name.to_string(), OsString::from(value))).collect();
    ClientBuilder::from_lookup(SecretKey::new(KEY).unwrap(), move |name| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    })
}

/// Returns how many attempts a client with these settings makes, and which path it calls.
async fn tried(variables: &[(&str, &str)]) -> (usize, String) {
    let server = Server::answering([Answer::new(503, "", "")]).await;
    let client = read(variables).unwrap().base_url(server.url()).build().unwrap();
    client.info().await.unwrap_err();
    let received = server.received();
    (received.len(), received[0].line.clone())
}

#[tokio::test]
async fn variables_configure_the_client() {
    let backoff = ("MAGIC_API_BACKOFF", "0");
    let current = "GET /v1/admin/client HTTP/1.1".to_owned();
    let legacy = "GET /v1/admin/client/get HTTP/1.1".to_owned();
    assert_eq!(tried(&[backoff]).await, (4, current.clone()));
    assert_eq!(tried(&[backoff, ("MAGIC_API_RETRIES", "1")]).await, (2, current.clone()));
    assert_eq!(tried(&[("MAGIC_API_RETRIES", "0")]).await, (1, current.clone()));
    assert_eq!(
        tried(&[("MAGIC_API_RETRIES", "0"), ("MAGIC_API_GENERATION", "Legacy")]).await,
        (1, legacy)
    );
    let empty = [
        ("MAGIC_API_BASE_URL", ""),
        ("MAGIC_API_GENERATION", ""),
        ("MAGIC_API_TIMEOUT", ""),
        ("MAGIC_API_RETRIES", ""),
        backoff,
    ];
    assert_eq!(tried(&empty).await, (4, current));
}

#[tokio::test]
async fn the_base_url_is_a_variable() {
    let server = Server::answering([Answer::json(200, r#"{"client_id": "c"}"#)]).await;
    let client = read(&[("MAGIC_API_BASE_URL", &server.url())]).unwrap().build().unwrap();
    assert_eq!(client.info().await.unwrap().client_id(), "c");
}

#[tokio::test(start_paused = true)]
async fn the_time_out_is_a_variable() {
    let server = Server::answering([Answer::Hang(Vec::new())]).await;
    let variables = [("MAGIC_API_TIMEOUT", "2.5"), ("MAGIC_API_RETRIES", "0")];
    let client = read(&variables).unwrap().base_url(server.url()).build().unwrap();
    let started = tokio::time::Instant::now();
    let error =
        crate::support::in_frozen_time(async move { client.info().await.unwrap_err() }).await;
    assert!(error.is_timeout());
    assert!((2_500..2_550).contains(&started.elapsed().as_millis()));
}

#[test]
fn invalid_values_name_the_variable() {
    for (name, values) in [
        ("MAGIC_API_GENERATION", &["v2", "current "][..]),
        ("MAGIC_API_TIMEOUT", &["0", "-1", "ten", "1,5", "inf", "NaN", "1e300", " 1"][..]),
        ("MAGIC_API_RETRIES", &["-1", "1.5", "many", "99999999999"][..]),
        ("MAGIC_API_BACKOFF", &["-0.5", "half", "infinity"][..]),
    ] {
        for value in values {
            let error = read(&[(name, value)]).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::Setting);
            assert!(error.to_string().starts_with(name), "{error}");
        }
    }
    for url in ["magic", "http://api.magic.link", "ftp://x", "https://user:pa55@api.magic.link"] {
        let error = read(&[("MAGIC_API_BASE_URL", url)]).unwrap().build().unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::BaseUrl);
        assert!(error.to_string().starts_with("MAGIC_API_BASE_URL"), "{error}");
        assert!(!format!("{error} {error:?}").contains("pa55"));
    }
}

#[cfg(unix)]
#[test]
fn non_unicode_values_name_the_variable() {
    use std::os::unix::ffi::OsStringExt;

    let lookup = |name: &str| (name == "MAGIC_API_TIMEOUT").then(|| OsString::from_vec(vec![0xff]));
    let error = ClientBuilder::from_lookup(SecretKey::new(KEY).unwrap(), lookup).unwrap_err();
    assert!(error.to_string().starts_with("MAGIC_API_TIMEOUT"), "{error}");
}

#[tokio::test]
async fn the_builder_rejects_invalid_settings() {
    let server = Server::gone().await;
    for builder in
        [builder(&server).timeout(Duration::ZERO), builder(&server).deadline(Duration::ZERO)]
    {
        assert_eq!(builder.build().unwrap_err().kind(), ConfigErrorKind::Setting);
    }
    let remote = builder(&server).base_url("http://magic.example");
    assert_eq!(remote.clone().build().unwrap_err().kind(), ConfigErrorKind::BaseUrl);
    assert!(remote.dangerous_allow_plain_http().build().is_ok());
}

#[cfg(not(any(feature = "rustls-ring", feature = "rustls-aws-lc", feature = "native-tls")))]
#[test]
fn https_without_tls_names_the_features() {
    let error = read(&[]).unwrap().build().unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Tls);
    for feature in ["rustls-ring", "rustls-aws-lc", "native-tls"] {
        assert!(error.to_string().contains(feature), "{error}");
    }
}

#[tokio::test]
async fn each_attempt_is_logged_without_the_query() {
    let log = Log::capture();
    let server = Server::answering([Answer::new(503, "", ""), Answer::json(200, "{}")]).await;
    let client = builder(&server).build().unwrap();
    client.users().metadata_by_email("a@b.example", None).await.unwrap();
    let text = log.text();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("HTTP attempt")).collect();
    assert_eq!(lines.len(), 2);
    for (line, expected) in lines.into_iter().zip(["attempt=1 status=503", "attempt=2 status=200"])
    {
        assert!(line.contains("DEBUG") && line.contains(expected), "{line}");
        assert!(line.contains("method=GET path=\"/v2/admin/user\""), "{line}");
    }
}
