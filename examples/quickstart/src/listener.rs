use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket, lookup_host};

use crate::StartError;

/// A socket that is bound to its address but does not listen yet, so that the address can be announced
/// first.
#[derive(Debug)]
pub struct BoundSocket {
    socket: TcpSocket,
    address: SocketAddr,
}

impl BoundSocket {
    /// Binds `host:port`. Port 0 picks a free port.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is invalid, cannot be resolved, or is in use.
    pub async fn bind(bind_addr: &str) -> Result<Self, StartError> {
        let failed = |error: io::Error| {
            StartError::new(format!(
                "cannot listen on {bind_addr}: {error}: set BIND_ADDR to another address, \
                 or to 127.0.0.1:0 for any free port"
            ))
        };
        let addresses = lookup_host(bind_addr).await.map_err(failed)?;
        let mut outcome = Err(io::ErrorKind::AddrNotAvailable.into());
        for address in addresses {
            outcome = Self::bind_one(address);
            if outcome.is_ok() {
                break;
            }
        }
        outcome.map_err(failed)
    }

    /// Returns the address of the socket, with the actual port.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts listening.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system does.
    pub fn listen(self) -> Result<TcpListener, StartError> {
        self.socket
            .listen(BACKLOG)
            .map_err(|error| StartError::new(format!("cannot listen on {}: {error}", self.address)))
    }

    fn bind_one(address: SocketAddr) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Allow a restart while the last connections are still in TIME_WAIT. On Windows, the same option
        // would let the server take the address from another process.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }
}

/// Returns the URL for reaching the address from this machine.
#[must_use]
pub fn url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

const BACKLOG: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn errors_say_what_to_do() {
        let first = BoundSocket::bind("127.0.0.1:0").await.unwrap();
        let address = first.address().to_string();
        let _listening = first.listen().unwrap();
        for bind_addr in [address.as_str(), "nonsense", "127.0.0.1:70000"] {
            let error = BoundSocket::bind(bind_addr).await.unwrap_err().to_string();
            assert!(error.contains(bind_addr) && error.contains("BIND_ADDR"), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }
}
