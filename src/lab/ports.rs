//! Blocks of ports on loopback that no other demo or test uses.

use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    process,
};

use super::LabError;

const FIRST: u16 = 12_000;
const SIZE: u16 = 500;
/// All below the ports that the system itself gives out (32768 and above).
const BLOCKS: u16 = 40;

/// 499 neighbouring ports, ours until this is dropped. The one before them is kept open as the claim.
#[derive(Debug)]
pub struct Block {
    first: u16,
    _claim: TcpListener,
}

impl Block {
    pub fn claim() -> Result<Self, LabError> {
        let start = (process::id() % u32::from(BLOCKS)) as u16;
        (0..BLOCKS)
            .map(|step| FIRST + SIZE * ((start + step) % BLOCKS))
            .find_map(|base| {
                let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, base)).ok()?;
                (base + 1..base + SIZE).all(is_free).then_some(Self { first: base + 1, _claim: claim })
            })
            .ok_or(LabError::NoPorts(SIZE - 1))
    }

    /// The port with this number in the block, 0 to 498.
    pub fn port(&self, index: u16) -> u16 {
        assert!(index < SIZE - 1, "a block has {} ports", SIZE - 1);
        self.first + index
    }
}

fn is_free(port: u16) -> bool {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_blocks_share_no_port() {
        let (one, two) = (Block::claim().expect("free ports"), Block::claim().expect("free ports"));
        assert!(one.port(0).abs_diff(two.port(0)) >= SIZE);
    }

    #[test]
    fn a_block_with_a_taken_port_is_passed_over() {
        let first = Block::claim().expect("free ports").port(0);
        let _taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, first + 7)).expect("it was free");
        assert_ne!(Block::claim().expect("free ports").port(0), first);
    }
}
