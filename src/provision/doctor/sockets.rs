//! Who has which port of this machine, by /proc.

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// A port that somebody listens on.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) transport: Transport,
    pub(super) ip: IpAddr,
    pub(super) port: u16,
    /// Program and process; nobody when it may not be known.
    pub(super) by: Option<(String, u32)>,
}

impl Taken {
    /// Whether the program has this name, also when a loader started it.
    pub(super) fn is(&self, program: &str) -> Option<bool> {
        let (name, pid) = self.by.as_ref()?;
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let first = line.split(|b| *b == 0).take(4).any(|word| {
            let word = String::from_utf8_lossy(word);
            word.rsplit('/').next() == Some(program)
        });
        Some(name == program || first)
    }
}

/// All ports that are listened on.
pub(super) fn taken() -> Vec<Taken> {
    let owners = owners();
    let files = [
        ("udp", Transport::Udp),
        ("udp6", Transport::Udp),
        ("tcp", Transport::Tcp),
        ("tcp6", Transport::Tcp),
    ];
    let mut all = Vec::new();
    for (file, transport) in files {
        let text = fs::read_to_string(format!("/proc/net/{file}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, state, _, _, _, _, _, inode, ..] = words.as_slice() else { continue };
            let listens = transport == Transport::Udp || *state == "0A";
            if let Some((ip, port)) = address(local).filter(|_| listens) {
                let by = inode.parse().ok().and_then(|inode: u64| owners.get(&inode).cloned());
                all.push(Taken { transport, ip, port, by });
            }
        }
    }
    all
}

/// `0100007F:13C4` is 127.0.0.1 and 5060.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (ip, port) = text.split_once(':')?;
    let words: Vec<u32> = (0..ip.len() / 8)
        .map(|at| u32::from_str_radix(ip.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::swap_bytes))
        .collect::<Option<_>>()?;
    let ip = match words.as_slice() {
        [one] => IpAddr::V4(Ipv4Addr::from_bits(*one)),
        [a, b, c, d] => {
            let bits = [a, b, c, d].into_iter().fold(0u128, |bits, word| (bits << 32) | u128::from(*word));
            Ipv6Addr::from_bits(bits).to_canonical()
        }
        _ => return None,
    };
    Some((ip, u16::from_str_radix(port, 16).ok()?))
}

/// Processes by the sockets that they have open; of others' processes only root is told.
fn owners() -> BTreeMap<u64, (String, u32)> {
    let mut owners = BTreeMap::new();
    for process in fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok) {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default().trim().to_owned();
        for open in fs::read_dir(process.path().join("fd")).into_iter().flatten().filter_map(Result::ok) {
            let Ok(target) = fs::read_link(open.path()) else { continue };
            let inode = target
                .to_str()
                .and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = inode {
                owners.insert(inode, (name.clone(), pid));
            }
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_proc_are_read() {
        assert_eq!(address("0100007F:13C4"), Some((Ipv4Addr::LOCALHOST.into(), 5060)));
        assert_eq!(
            address("00000000000000000000000001000000:1F90"),
            Some((Ipv6Addr::LOCALHOST.into(), 8080))
        );
        assert_eq!(
            address("0000000000000000FFFF00000100007F:1F90"),
            Some((Ipv4Addr::LOCALHOST.into(), 8080))
        );
        assert_eq!(address("7F:1"), None);
    }
}
