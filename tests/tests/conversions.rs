//! `Issuer` and `Address` as values of other crates.

use magic_admin::{Address, Issuer};
use sqlx::{Connection, SqliteConnection};
use utoipa::{PartialSchema, ToSchema};

const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const ISSUER: &str = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

#[derive(Debug, PartialEq, sqlx::FromRow)]
struct User {
    id: i64,
    issuer: Issuer,
    address: Option<Address>,
}

async fn users() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let table =
        "CREATE TABLE users (id INTEGER PRIMARY KEY, issuer TEXT NOT NULL UNIQUE, address TEXT)";
    sqlx::query(table).execute(&mut connection).await.unwrap();
    connection
}

async fn insert(users: &mut SqliteConnection, issuer: &str) -> Result<(), sqlx::Error> {
    let issuer: Issuer = issuer.parse().unwrap();
    sqlx::query("INSERT INTO users (issuer, address) VALUES (?, ?)")
        .bind(issuer)
        .bind(issuer.address())
        .execute(users)
        .await
        .map(drop)
}

#[tokio::test]
async fn databases_store_canonical_texts() {
    let mut users = users().await;
    insert(&mut users, &ISSUER.to_lowercase()).await.unwrap();
    let texts: (String, String) =
        sqlx::query_as("SELECT issuer, address FROM users").fetch_one(&mut users).await.unwrap();
    assert_eq!(texts, (ISSUER.to_owned(), ADDRESS.to_owned()));

    // Another spelling denotes the same user.
    let again = insert(&mut users, ISSUER).await.unwrap_err();
    assert!(again.as_database_error().unwrap().is_unique_violation(), "{again}");
    let found: User = sqlx::query_as("SELECT * FROM users WHERE issuer = ?")
        .bind(ISSUER.parse::<Issuer>().unwrap())
        .fetch_one(&mut users)
        .await
        .unwrap();
    let issuer: Issuer = ISSUER.parse().unwrap();
    assert_eq!(found, User { id: 1, issuer, address: Some(issuer.address()) });
}

#[tokio::test]
async fn an_invalid_issuer_is_a_decode_error() {
    let mut users = users().await;
    for (text, address) in [
        ("somebody", None),
        (ADDRESS, None),
        ("", None),
        (ISSUER, Some("0x12")),
        (ISSUER, Some(ISSUER)),
    ] {
        sqlx::query("INSERT OR REPLACE INTO users (id, issuer, address) VALUES (1, ?, ?)")
            .bind(text)
            .bind(address)
            .execute(&mut users)
            .await
            .unwrap();
        let read = sqlx::query_as::<_, User>("SELECT * FROM users").fetch_one(&mut users).await;
        assert!(
            matches!(read, Err(sqlx::Error::ColumnDecode { .. })),
            "{text} {address:?}: {read:?}"
        );
    }
    // A column of another type is not read as text.
    let number = sqlx::query_scalar::<_, Issuer>("SELECT 5").fetch_one(&mut users).await;
    assert!(number.is_err());
    // NULL can only be decoded as an `Option`.
    let null = sqlx::query_scalar::<_, Option<Issuer>>("SELECT NULL").fetch_one(&mut users).await;
    assert_eq!(null.unwrap(), None);
}

#[test]
fn a_schema_matches_what_serde_writes() {
    fn check<T: PartialSchema + ToSchema + serde::Serialize>(name: &str, value: T) {
        let schema = serde_json::to_value(T::schema()).unwrap();
        assert_eq!((T::name().as_ref(), schema["type"].as_str()), (name, Some("string")));
        let pattern = regex::Regex::new(schema["pattern"].as_str().unwrap()).unwrap();
        let written = serde_json::to_value(&value).unwrap();
        let written = written.as_str().unwrap();
        assert_eq!(schema["examples"][0].as_str(), Some(written));
        assert!(pattern.is_match(written) && pattern.is_match(&written.to_lowercase()));
        assert!(!pattern.is_match(&written[1..]) && !pattern.is_match(&format!("{written}0")));
    }
    check("Issuer", ISSUER.parse::<Issuer>().unwrap());
    check("Address", ADDRESS.parse::<Address>().unwrap());
}

#[test]
fn an_address_of_alloy_is_the_same_address() {
    let ours: Address = ADDRESS.parse().unwrap();
    let theirs: alloy_primitives::Address = ADDRESS.parse().unwrap();
    assert_eq!(alloy_primitives::Address::from(ours), theirs);
    assert_eq!(Address::from(theirs), ours);
    assert_eq!(theirs.to_checksum(None), ours.to_string());
}
