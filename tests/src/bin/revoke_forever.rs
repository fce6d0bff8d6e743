//! Revokes one issuer after the other in a file, and prints each one once it is written. Tests kill
//! this program. With a second argument, it survives a failed write: it reports the failure, and
//! continues with the next issuer when it reads a line.

use std::io::Write as _;

use magic_admin::{Address, Issuer, RevocationList, UnixSeconds};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("the path of the file");
    let is_patient = arguments.next().is_some();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(revoke_forever(&path, is_patient));
}

async fn revoke_forever(path: &str, is_patient: bool) {
    let list = RevocationList::open_file(path, RevocationList::builder()).expect("the file opens");
    let mut out = std::io::stdout().lock();
    for number in 0_u64.. {
        let mut address = [0; 20];
        address[..8].copy_from_slice(&number.to_be_bytes());
        let issuer = Issuer::from(Address::from_bytes(address));
        match list.revoke(issuer, UnixSeconds::new(i64::MAX)).await {
            Ok(()) => writeln!(out, "{number}"),
            Err(_) if is_patient => writeln!(out, "failed"),
            Err(error) => panic!("the file cannot be written: {error:?}"),
        }
        .and_then(|()| out.flush())
        .expect("somebody listens");
        if is_patient {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).expect("somebody says when to go on");
        }
    }
}
