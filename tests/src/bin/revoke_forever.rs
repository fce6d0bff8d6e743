//! Revokes one issuer after the other in a file, and says so when each is written down; to be
//! killed.

use std::io::Write as _;

use magic_admin::{Address, Issuer, RevocationList, UnixSeconds};

fn main() {
    let path = std::env::args().nth(1).expect("the path of the file");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(revoke_forever(&path));
}

async fn revoke_forever(path: &str) {
    let list = RevocationList::open_file(path, RevocationList::builder()).expect("the file opens");
    let mut out = std::io::stdout().lock();
    for number in 0_u64.. {
        let mut address = [0; 20];
        address[..8].copy_from_slice(&number.to_be_bytes());
        let issuer = Issuer::from(Address::from_bytes(address));
        list.revoke(issuer, UnixSeconds::new(i64::MAX)).await.expect("the file can be written");
        writeln!(out, "{number}").and_then(|()| out.flush()).expect("somebody listens");
    }
}
