//! Faults of the revocation file: links, moves, deletions, full disks, changed windows.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use magic_admin::{
    Address, Audience, Issuer, RevocationList, StoreError, StoreErrorKind, UnixSeconds, Verifier,
    revocation::RevocationListBuilder,
};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

const NOW: i64 = 1_700_000_000;

/// The path is a link into a volume, as in a container.
#[tokio::test]
async fn compaction_follows_symbolic_links() {
    let directory = Directory::new();
    let (volume, link) = (directory.path("volume"), directory.path("link"));
    symlink(&volume, &link).unwrap();
    let list = open(&link).unwrap();
    list.revoke(stranger(1), at(0)).await.unwrap();
    compact(&list, &volume).await;
    list.revoke(stranger(3), at(0)).await.unwrap();
    drop(list);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    for path in [&link, &volume] {
        let list = open(path).unwrap();
        for number in [1, 3] {
            assert!(is_revoked(&list, stranger(number)), "{number}");
        }
    }
}

#[tokio::test]
async fn one_file_under_two_names_is_opened_once() {
    let directory = Directory::new();
    let [file, symbolic, hard] = ["file", "symbolic", "hard"].map(|name| directory.path(name));
    let list = open(&file).unwrap();
    symlink(&file, &symbolic).unwrap();
    fs::hard_link(&file, &hard).unwrap();
    for other in [&file, &symbolic, &hard] {
        let error = open(other).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Refused, "{}", other.display());
    }
    // Compaction would leave the other name with the old content.
    list.revoke(stranger(1), at(0)).await.unwrap();
    let long = long(&list, &file).await;
    drop(list);
    let list = open(&hard).unwrap();
    assert!(is_revoked(&list, stranger(1)));
    assert_eq!(fs::metadata(&hard).unwrap().len(), long);
    assert!(open(&file).is_err());
}

#[tokio::test]
async fn a_compacted_file_stays_locked() {
    let directory = Directory::new();
    let file = directory.path("file");
    let list = open(&file).unwrap();
    compact(&list, &file).await;
    assert_eq!(open(&file).unwrap_err().kind(), StoreErrorKind::Refused);
}

#[tokio::test]
async fn a_missing_file_loses_nothing() {
    let directory = Directory::new();
    let [file, away] = ["file", "away"].map(|name| directory.path(name));
    let list = open(&file).unwrap();
    list.revoke(stranger(1), at(0)).await.unwrap();
    fs::rename(&file, &away).unwrap();
    for number in [2, 3] {
        let error = list.revoke(stranger(number), at(0)).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unreachable);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("moved, replaced or deleted"), "{cause}");
        // The revocation still holds in this process.
        assert!(is_revoked(&list, stranger(number)));
    }
    // A new file at the same path is not the same file.
    fs::write(&file, "").unwrap();
    list.revoke(stranger(4), at(0)).await.unwrap_err();
    fs::rename(&away, &file).unwrap();
    list.revoke(stranger(5), at(0)).await.unwrap();
    drop(list);
    let list = open(&file).unwrap();
    assert!((1..=5).all(|number| is_revoked(&list, stranger(number))));
    fs::remove_file(&file).unwrap();
    list.revoke(stranger(6), at(0)).await.unwrap_err();
}

#[tokio::test]
async fn a_truncated_file_is_detected() {
    let directory = Directory::new();
    let file = directory.path("file");
    let list = open(&file).unwrap();
    list.revoke(stranger(1), at(0)).await.unwrap();
    fs::write(&file, "").unwrap();
    list.revoke(stranger(2), at(0)).await.unwrap_err();
    assert_eq!(fs::read(&file).unwrap(), b"");
}

#[test]
fn failed_writes_are_retried() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "prlimit is not installed");
        println!("skipped: prlimit is not installed (Debian: apt-get install util-linux)");
        return;
    }
    let directory = Directory::new();
    let file = directory.path("file");
    let mut child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .args([env!("CARGO_BIN_EXE_revoke_forever"), file.to_str().unwrap(), "patient"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "0");
    let mut next = |limit: &str| {
        let (process, limit) = (child.id().to_string(), format!("--fsize={limit}"));
        let limited = Command::new("prlimit").args(["--pid", &process, &limit]).status().unwrap();
        assert!(limited.success());
        writeln!(input).unwrap();
        lines.next().unwrap().unwrap()
    };
    assert_eq!(next("200:"), "1");
    assert_eq!(next("200:"), "failed");
    assert_eq!(next("200:"), "failed");
    assert_eq!(next("1000000:"), "4");
    child.kill().unwrap();
    child.wait().unwrap();
    let list = RevocationList::open_file(&file, RevocationList::builder()).unwrap();
    for number in 0..=4 {
        assert!(is_revoked(&list, stranger(number)), "{number}");
    }
}

#[tokio::test]
async fn a_new_file_is_private() {
    let directory = Directory::new();
    let file = directory.path("file");
    let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    let list = open(&file).unwrap();
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    compact(&list, &file).await;
    assert_eq!(mode(), 0o640);
}

#[tokio::test]
async fn planted_links_are_not_followed() {
    let directory = Directory::new();
    let [file, precious] = ["file", "precious"].map(|name| directory.path(name));
    fs::write(&precious, "precious").unwrap();
    for suffix in [".lock", ".new"] {
        symlink(&precious, directory.path(&format!("file{suffix}"))).unwrap();
    }
    let list = open(&file).unwrap();
    compact(&list, &file).await;
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

#[tokio::test]
async fn a_longer_retention_revives_no_tokens() {
    let directory = Directory::new();
    let file = directory.path("file");
    let clock = SettableClock::at(NOW);
    let open = |hours: u64| {
        let window = Duration::from_secs(hours * 60 * 60);
        let settings = RevocationList::builder().clock(clock.clone()).retention(window);
        RevocationList::open_file(&file, settings).unwrap()
    };
    let user = TestUser::from_seed(1);
    let mint = Mint::new("client-id").with_clock(clock.clone());
    let token = mint.builder(&user).lifespan(Duration::from_secs(1_000_000)).build();
    let code = |list: &RevocationList| {
        let verifier = Verifier::builder(Audience::new("client-id").unwrap())
            .clock(clock.clone())
            .revocations(list.clone())
            .build();
        verifier.verify(&token).map_or_else(|error| error.code(), |_| "ok")
    };

    let list = open(1);
    list.revoke(user.issuer(), at(0)).await.unwrap();
    clock.advance(2 * 60 * 60);
    compact(&list, &file).await;
    assert_eq!(code(&list), "ERROR_DIDT_TOO_OLD");
    drop(list);
    // The entry is gone, but the file records that entries may be missing.
    assert_eq!(code(&open(24)), "ERROR_DIDT_TOO_OLD");

    // A clock that was ahead does not affect users who sign in afterwards.
    clock.advance(10_000_000);
    let list = open(24);
    compact(&list, &file).await;
    drop(list);
    clock.set(NOW + 60);
    let list = open(24);
    assert_eq!(code(&list), "ERROR_DIDT_TOO_OLD");
    let fresh = mint.builder(&user).build();
    let verifier = Verifier::builder(Audience::new("client-id").unwrap())
        .clock(clock.clone())
        .revocations(list)
        .build();
    verifier.verify(&fresh).unwrap();
}

/// Revokes until the file has been compacted.
async fn compact(list: &RevocationList, file: &Path) {
    let mut longest = 0;
    for round in 0..5_000 {
        list.revoke(stranger(2), at(round % 100)).await.unwrap();
        let len = fs::metadata(file).unwrap().len();
        if len < longest {
            return;
        }
        longest = len;
    }
    panic!("never compacted, {longest} bytes");
}

/// Revokes until the file would have been compacted, and returns its length.
async fn long(list: &RevocationList, file: &Path) -> u64 {
    let mut len = 0;
    while len < 300 * 1024 {
        list.revoke(stranger(2), at(0)).await.unwrap();
        let grown = fs::metadata(file).unwrap().len();
        assert!(grown > len, "compacted");
        len = grown;
    }
    len
}

fn is_revoked(list: &RevocationList, issuer: Issuer) -> bool {
    list.check_session(issuer, at(0)).is_err_and(|error| error.code() == "ERROR_DIDT_REVOKED")
        || list
            .revocations()
            .iter()
            .any(|entry| entry.to_string().contains(&issuer.address().to_string()))
}

fn open(path: &Path) -> Result<RevocationList, StoreError> {
    RevocationList::open_file(path, settings())
}

fn settings() -> RevocationListBuilder {
    RevocationList::builder().clock(SettableClock::at(NOW))
}

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(NOW + seconds)
}

fn stranger(number: u64) -> Issuer {
    let mut address = [0; 20];
    address[..8].copy_from_slice(&number.to_be_bytes());
    Issuer::from(Address::from_bytes(address))
}

/// A temporary directory, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("revocation-faults-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
