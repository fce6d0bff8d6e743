//! The revocation file: it outlives restarts and `kill -9`, one process uses it at a time.

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
async fn revocations_outlive_a_restart() {
    let file = TempFile::new();
    let written = [revocation(1, 5), revocation(2, 6)];
    let list = open(&file).unwrap();
    for entry in &written {
        revoke(&list, entry).await;
    }
    drop(list);
    assert_eq!(sorted(&open(&file).unwrap()), written);
    // And another one, without anything written in between.
    assert_eq!(sorted(&open(&file).unwrap()), written);
}

#[tokio::test]
async fn a_session_does_not_outlive_its_users_logout_by_a_restart() {
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
async fn what_a_crash_left_half_written_is_dropped_and_writing_goes_on_behind_what_is_whole() {
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
async fn a_damaged_file_is_refused_and_the_error_says_what_to_do() {
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
    // The file is left as it was.
    assert_eq!(fs::read(&file.path).unwrap(), contents);
}

#[tokio::test]
async fn the_file_is_compacted_to_what_is_needed_and_loses_nothing_by_it() {
    let file = TempFile::new();
    let clock = SettableClock::at(NOW);
    let settings = || RevocationList::builder().clock(clock.clone());
    let list = RevocationList::open_file(&file.path, settings()).unwrap();
    revoke(&list, &revocation(1, 0)).await;
    let mut longest = 0;
    let mut compactions = 0;
    for round in 0..4_000 {
        // All of one issuer: one entry is needed.
        revoke(&list, &revocation(2, round)).await;
        let len = fs::metadata(&file.path).unwrap().len();
        compactions += u32::from(len < longest);
        longest = longest.max(len);
        if compactions > 0 {
            break;
        }
    }
    assert!(compactions > 0, "never compacted, {longest} bytes");
    // Not before it is worth it: 256 KiB.
    assert!(longest > 255 * 1024, "{longest}");
    assert!(fs::metadata(&file.path).unwrap().len() < 1_000);
    let latest = sorted(&list);
    drop(list);
    assert_eq!(sorted(&RevocationList::open_file(&file.path, settings()).unwrap()), latest);
    // Entries about tokens that are too old are not taken over.
    clock.advance(30 * 60 * 60);
    assert!(RevocationList::open_file(&file.path, settings()).unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_compacted_goes_on_growing_and_loses_nothing() {
    let file = TempFile::new();
    // In the place of the new file.
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

/// As in the documentation's example.
#[tokio::test]
async fn a_bare_name_is_a_file_in_the_working_directory() {
    let name = format!("revocations-{}.log", std::process::id());
    let list = RevocationList::open_file(&name, settings());
    let contents = fs::read(&name);
    let _ = fs::remove_file(&name);
    let shown = "RevocationList { len: 0, retention: 86400s, store: Some(FileStore { .. }), .. }";
    assert_eq!(format!("{:?}", list.unwrap()), shown);
    assert_eq!(contents.unwrap(), b"");
}

/// A process that is being started has all files of its parent open until it runs its program.
#[test]
fn a_list_that_is_gone_keeps_nobody_out_while_processes_are_started() {
    let file = TempFile::new();
    let opening = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while opening.load(Ordering::Relaxed) {
                    // Fails once it runs: it is given no file.
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
async fn a_second_process_is_kept_out_until_the_first_is_gone() {
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
fn a_file_that_cannot_be_made_is_an_error() {
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

/// Ten processes, one after the other on one file, killed while they write.
#[tokio::test]
async fn what_was_confirmed_before_kill_9_is_there_after_it() {
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
        // Nothing but what was asked for, at most one of it not confirmed.
        assert!(known.len() as u64 <= most + 2, "{} entries, confirmed {most}", known.len());
    }
}

#[test]
fn what_was_confirmed_before_the_disk_was_full_is_there_and_nothing_is_confirmed_after() {
    let file = TempFile::new();
    // A file may have 4 KiB; the write beyond them fails instead of ending the process.
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

/// The process that revokes one issuer after the other.
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

    /// Waits until it confirmed this many.
    fn wait_for(&mut self, count: u64) {
        while self.confirmed.is_none_or(|confirmed| confirmed + 1 < count) {
            let line = self.lines.next().expect("it goes on").unwrap();
            self.confirmed = Some(line.parse().unwrap());
        }
    }

    /// Kills it as `kill -9` does; gives the last one that it confirmed.
    fn kill(&mut self) -> u64 {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // What it said before it died counts.
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

/// A path of a file in a directory of its own, removed in the end.
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
