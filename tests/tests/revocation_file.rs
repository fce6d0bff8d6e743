//! The revocation file survives restarts and `kill -9`, and only one process uses it at a time.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use magic_admin::{
    Address, Issuer, RevocationList, StoreError, UnixSeconds,
    revocation::{Revocation, RevocationListBuilder},
};
use magic_admin_testkit::SettableClock;

const NOW: i64 = 1_700_000_000;

#[tokio::test]
async fn revocations_survive_a_restart() {
    let file = TempFile::new();
    let written = [revocation(1, 5), revocation(2, 6)];
    let list = open(&file).unwrap();
    for entry in &written {
        revoke(&list, entry).await;
    }
    drop(list);
    assert_eq!(sorted(&open(&file).unwrap()), written);
    // It also survives a second restart without any write in between.
    assert_eq!(sorted(&open(&file).unwrap()), written);
}

#[tokio::test]
async fn a_logout_survives_a_restart() {
    let file = TempFile::new();
    let list = open(&file).unwrap();
    let (gone, here) = (stranger(1), stranger(2));
    let started = UnixSeconds::new(NOW);
    list.check_session(gone, started).unwrap();
    list.revoke_now(gone).await.unwrap();
    drop(list);
    let list = open(&file).unwrap();
    assert_eq!(list.check_session(gone, started).unwrap_err().code(), "ERROR_DIDT_REVOKED");
    list.check_session(here, started).unwrap();
}

#[tokio::test]
async fn a_half_written_entry_is_dropped() {
    let file = TempFile::new();
    let list = open(&file).unwrap();
    revoke(&list, &revocation(1, 5)).await;
    let whole = fs::read(&file.path).unwrap();
    revoke(&list, &revocation(2, 6)).await;
    let both = fs::read(&file.path).unwrap();
    drop(list);
    for end in whole.len()..both.len() {
        fs::write(&file.path, &both[..end]).unwrap();
        let list = open(&file).unwrap();
        assert_eq!(sorted(&list), [revocation(1, 5)], "{end}");
        revoke(&list, &revocation(3, 7)).await;
        drop(list);
        let expected = [revocation(1, 5), revocation(3, 7)];
        assert_eq!(sorted(&open(&file).unwrap()), expected, "{end}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_a_clear_error() {
    let file = TempFile::new();
    let list = open(&file).unwrap();
    revoke(&list, &revocation(1, 5)).await;
    revoke(&list, &revocation(2, 6)).await;
    drop(list);
    let mut contents = fs::read(&file.path).unwrap();
    contents[7] ^= 1;
    fs::write(&file.path, &contents).unwrap();
    let error = open(&file).unwrap_err();
    assert_eq!(error.to_string(), "the revocation file is damaged");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.starts_with("line 1 is damaged: restore the file, or remove it"), "{cause}");
    // The file is unchanged.
    assert_eq!(fs::read(&file.path).unwrap(), contents);
}

#[tokio::test]
async fn compaction_loses_nothing() {
    let file = TempFile::new();
    let clock = SettableClock::at(NOW);
    let settings = || RevocationList::builder().clock(clock.clone());
    let list = RevocationList::open_file(&file.path, settings()).unwrap();
    revoke(&list, &revocation(1, 0)).await;
    let mut longest = 0;
    let mut compactions = 0;
    for round in 0..4_000 {
        // All entries are for one issuer, so only one is needed.
        revoke(&list, &revocation(2, round)).await;
        let len = fs::metadata(&file.path).unwrap().len();
        compactions += u32::from(len < longest);
        longest = longest.max(len);
        if compactions > 0 {
            break;
        }
    }
    assert!(compactions > 0, "never compacted, {longest} bytes");
    // The file is not compacted below 256 KiB.
    assert!(longest > 255 * 1024, "{longest}");
    assert!(fs::metadata(&file.path).unwrap().len() < 1_000);
    let latest = sorted(&list);
    drop(list);
    assert_eq!(sorted(&RevocationList::open_file(&file.path, settings()).unwrap()), latest);
    // Entries for tokens that are too old are not copied.
    clock.advance(30 * 60 * 60);
    assert!(RevocationList::open_file(&file.path, settings()).unwrap().is_empty());
}

#[tokio::test]
async fn a_failed_compaction_loses_nothing() {
    let file = TempFile::new();
    // A directory blocks the path of the new file.
    let in_the_way = format!("{}.new", file.path.display());
    fs::create_dir(&in_the_way).unwrap();
    let list = RevocationList::open_file(&file.path, settings()).unwrap();
    revoke(&list, &revocation(1, 0)).await;
    let mut round = 0;
    while fs::metadata(&file.path).unwrap().len() < 260 * 1024 {
        round += 1;
        revoke(&list, &revocation(2, round)).await;
    }
    drop(list);
    fs::remove_dir(&in_the_way).unwrap();
    let list = RevocationList::open_file(&file.path, settings()).unwrap();
    assert_eq!(sorted(&list), [revocation(1, 0), revocation(2, round)]);
}

/// Covers the example in the documentation.
#[tokio::test]
async fn a_bare_name_is_a_valid_path() {
    let name = format!("revocations-{}.log", std::process::id());
    let list = RevocationList::open_file(&name, settings());
    let contents = fs::read(&name);
    let _ = fs::remove_file(&name);
    let shown = "RevocationList { len: 0, retention: 86400s, store: Some(FileStore { .. }), .. }";
    assert_eq!(format!("{:?}", list.unwrap()), shown);
    assert_eq!(contents.unwrap(), b"");
}

/// A child process inherits all open files of its parent until it executes its program.
#[test]
fn a_dropped_list_releases_its_file() {
    let file = TempFile::new();
    let opening = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while opening.load(Ordering::Relaxed) {
                    // The program fails once it runs, because it gets no file.
                    let program = env!("CARGO_BIN_EXE_revoke_forever");
                    let status = Command::new(program).stderr(Stdio::null()).status().unwrap();
                    assert!(!status.success());
                }
            });
        }
        let opened: Vec<_> = (0..300).map(|_| open(&file).map(drop)).collect();
        opening.store(false, Ordering::Relaxed);
        for result in opened {
            result.unwrap();
        }
    });
}

#[tokio::test]
async fn only_one_process_can_open_the_file() {
    let file = TempFile::new();
    let mut child = Appender::start(&file.path);
    child.wait_for(1);
    let error = open(&file).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the revocation file is already in use by this or another process"
    );
    child.kill();
    open(&file).unwrap();
}

#[test]
fn a_file_that_cannot_be_created_fails() {
    let file = TempFile::new();
    let path = file.path.join("no/such/directory");
    let error = RevocationList::open_file(path, RevocationList::builder()).unwrap_err();
    assert_eq!(error.to_string(), "the revocation file cannot be opened");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_directory_is_no_revocation_file() {
    let file = TempFile::new();
    fs::create_dir(&file.path).unwrap();
    let error = open(&file).unwrap_err();
    assert_eq!(error.to_string(), "the revocation file cannot be opened");
    assert!(std::error::Error::source(&error).is_some());
}

/// Ten processes use the file in turn, and are killed while they write.
#[tokio::test]
async fn confirmed_entries_survive_kill_9() {
    let file = TempFile::new();
    let mut most = 0;
    for round in 1..=10 {
        let mut child = Appender::start(&file.path);
        child.wait_for(7 * round);
        let confirmed = child.kill();
        most = confirmed.max(most);
        let list = RevocationList::open_file(&file.path, RevocationList::builder()).unwrap();
        let known = sorted(&list);
        let expected: Vec<_> = (0..=confirmed).map(stranger).collect();
        let missing = expected.iter().filter(|issuer| {
            !known.iter().any(|entry| matches!(entry, Revocation::Issuer { issuer: known, .. } if known == *issuer))
        });
        assert_eq!(missing.count(), 0, "round {round}, confirmed up to {confirmed}");
        // The file contains only what was requested, and at most one unconfirmed entry.
        assert!(known.len() as u64 <= most + 2, "{} entries, confirmed {most}", known.len());
    }
}

#[test]
fn confirmed_entries_survive_a_full_disk() {
    let file = TempFile::new();
    // Files are limited to 4 KiB; a write beyond that fails instead of killing the process.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_revoke_forever"))
        .arg(&file.path)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the revocation file cannot be written"), "{said}");

    let confirmed = String::from_utf8(output.stdout).unwrap().lines().count() as u64;
    assert!(confirmed > 10, "{confirmed}");
    let known = sorted(&RevocationList::open_file(&file.path, RevocationList::builder()).unwrap());
    let issuers: Vec<_> = known
        .iter()
        .map(|entry| match entry {
            Revocation::Issuer { issuer, .. } => *issuer,
            other => panic!("{other:?}"),
        })
        .collect();
    let mut expected: Vec<_> = (0..confirmed).map(stranger).collect();
    expected.sort();
    assert_eq!(issuers, expected);
}

/// A process that revokes one issuer after the other.
struct Appender {
    child: std::process::Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    confirmed: Option<u64>,
}

impl Appender {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_revoke_forever"))
            .arg(path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, confirmed: None }
    }

    /// Waits until the process has confirmed this many.
    fn wait_for(&mut self, count: u64) {
        while self.confirmed.is_none_or(|confirmed| confirmed + 1 < count) {
            let line = self.lines.next().expect("it goes on").unwrap();
            self.confirmed = Some(line.parse().unwrap());
        }
    }

    /// Kills the process like `kill -9`, and returns the last issuer that it confirmed.
    fn kill(&mut self) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // Confirmations before the kill count.
        for line in self.lines.by_ref() {
            self.confirmed = line.unwrap().parse().ok().or(self.confirmed);
        }
        self.confirmed.expect("it confirmed something")
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a file in a temporary directory, which is removed when dropped.
struct TempFile {
    directory: PathBuf,
    path: PathBuf,
}

impl TempFile {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("revocations-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        Self { path: directory.join("revocations.log"), directory }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn open(file: &TempFile) -> Result<RevocationList, StoreError> {
    RevocationList::open_file(&file.path, settings())
}

fn settings() -> RevocationListBuilder {
    RevocationList::builder()
        .clock(SettableClock::at(NOW))
        .retention(Duration::from_secs(24 * 60 * 60))
}

async fn revoke(list: &RevocationList, entry: &Revocation) {
    match *entry {
        Revocation::Issuer { issuer, at } => list.revoke(issuer, at).await.unwrap(),
        _ => unreachable!("these tests revoke issuers only"),
    }
}

fn revocation(number: u64, at: i64) -> Revocation {
    Revocation::Issuer { issuer: stranger(number), at: UnixSeconds::new(NOW + at) }
}

fn stranger(number: u64) -> Issuer {
    let mut address = [0; 20];
    address[..8].copy_from_slice(&number.to_be_bytes());
    Issuer::from(Address::from_bytes(address))
}

fn sorted(list: &RevocationList) -> Vec<Revocation> {
    let mut revocations = list.revocations();
    revocations.sort();
    revocations
}
