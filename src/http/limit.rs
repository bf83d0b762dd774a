//! Whoever shows bad tokens has to wait. A token that was good from the same address goes on being looked at, so
//! that one bad script does not lock out the others behind its address.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use secrecy::{ExposeSecret, SecretString};

/// Bad tokens that may come at once from one address.
const BURST: u32 = 10;
/// So often one more is forgiven.
const EVERY: Duration = Duration::from_secs(6);
/// Addresses, and tokens known to be good, that are remembered at most.
const MOST: usize = 10_000;

type Good = (IpAddr, [u8; 32]);

#[derive(Default)]
pub(super) struct Limit {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When the last bad token of an address will be forgiven.
    until: HashMap<IpAddr, Instant>,
    good: HashSet<Good>,
}

impl Limit {
    /// How long this address has to wait before this token is looked at.
    pub(super) fn closed(&self, ip: IpAddr, token: &SecretString, now: Instant) -> Option<Duration> {
        let state = self.state();
        let open_at = state.until.get(&network(ip))?.checked_sub(EVERY * (BURST - 1))?;
        let wait = open_at.checked_duration_since(now).filter(|wait| !wait.is_zero())?;
        (!state.good.contains(&mark(ip, token))).then_some(wait)
    }

    pub(super) fn bad(&self, ip: IpAddr, token: &SecretString, now: Instant) {
        let mut state = self.state();
        state.good.remove(&mark(ip, token));
        if state.until.len() >= MOST {
            state.until.retain(|_, until| *until > now);
        }
        if state.until.len() < MOST || state.until.contains_key(&network(ip)) {
            let until = state.until.entry(network(ip)).or_insert(now);
            *until = (*until).max(now) + EVERY;
        }
    }

    pub(super) fn good(&self, ip: IpAddr, token: &SecretString) {
        let mut state = self.state();
        if state.good.len() >= MOST {
            state.good.clear();
        }
        state.good.insert(mark(ip, token));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A whole network of one customer counts as one address.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn mark(ip: IpAddr, token: &SecretString) -> Good {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.expose_secret().as_bytes()).as_ref());
    (network(ip), hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_bad_tokens_close_the_door_and_time_opens_it_again() {
        let (limit, ip) = (Limit::default(), IpAddr::from([192, 0, 2, 7]));
        let (bad, good) = (SecretString::from("bad"), SecretString::from("good"));
        let begin = Instant::now();
        limit.good(ip, &good);
        for n in 0..BURST {
            assert_eq!(limit.closed(ip, &bad, begin), None, "{n}");
            limit.bad(ip, &bad, begin);
        }
        assert_eq!(limit.closed(ip, &bad, begin), Some(EVERY));
        assert_eq!(limit.closed(ip, &good, begin), None, "known to be good");
        assert_eq!(limit.closed(IpAddr::from([192, 0, 2, 8]), &bad, begin), None, "another address");
        assert_eq!(limit.closed(ip, &bad, begin + EVERY), None);
        limit.bad(ip, &bad, begin + EVERY);
        assert!(limit.closed(ip, &bad, begin + EVERY).is_some());
        assert_eq!(limit.closed(ip, &bad, begin + EVERY * (BURST + 1)), None);
    }

    #[test]
    fn a_token_that_turns_bad_is_not_let_through_any_more() {
        let (limit, ip) = (Limit::default(), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
        let token = SecretString::from("revoked");
        let now = Instant::now();
        limit.good(ip, &token);
        for _ in 0..BURST {
            limit.bad(ip, &token, now);
        }
        assert!(limit.closed(ip, &token, now).is_some());
        let neighbour = IpAddr::from([0x2001, 0xdb8, 0, 0, 9, 9, 9, 9]);
        assert!(limit.closed(neighbour, &token, now).is_some(), "the same network");
    }
}
