//! Which phones are registered: as the engine lists all of them, and as it tells of one that comes or goes.

use std::{collections::BTreeMap, time::Duration};

use crate::base::{clock::Stamp, id::Name};

/// The list lags behind what is told: a phone that was heard of so lately is as it was told.
const LAG: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Known {
    registered: bool,
    heard: Option<Stamp>,
}

impl Known {
    fn is_fresh(&self, now: Stamp) -> bool {
        self.heard.is_some_and(|at| now.since(at) < LAG)
    }
}

/// All phones as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Phones(BTreeMap<Name, Known>);

impl Phones {
    /// The engine told of one. Says whether it is news.
    pub fn hear(&mut self, phone: &Name, registered: bool, now: Stamp) -> bool {
        let before = self.0.insert(phone.clone(), Known { registered, heard: Some(now) });
        !registered || before.is_none_or(|known| !known.registered)
    }

    /// The engine listed all. Gives what is news; on a new link (`first`) that is everything.
    pub fn list(&mut self, listed: &BTreeMap<Name, bool>, first: bool, now: Stamp) -> Vec<(Name, bool)> {
        let mut news = Vec::new();
        for (phone, &registered) in listed {
            let known = self.0.entry(phone.clone()).or_insert(Known { registered: !registered, heard: None });
            let registered = if known.is_fresh(now) { known.registered } else { registered };
            if first || known.registered != registered {
                news.push((phone.clone(), registered));
            }
            known.registered = registered;
        }
        for (phone, known) in &mut self.0 {
            if known.registered && !known.is_fresh(now) && !listed.contains_key(phone) {
                known.registered = false;
                news.push((phone.clone(), false));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new(text).expect("a name")
    }

    fn list(phones: &[(&str, bool)]) -> BTreeMap<Name, bool> {
        phones.iter().map(|(phone, registered)| (name(phone), *registered)).collect()
    }

    fn news(phones: &[(&str, bool)]) -> Vec<(Name, bool)> {
        phones.iter().map(|(phone, registered)| (name(phone), *registered)).collect()
    }

    #[test]
    fn one_that_never_came_is_told_to_be_absent_and_news_is_told_once() {
        let (mut phones, later) = (Phones::default(), Stamp(0) + 2 * LAG);
        let both = list(&[("1001", true), ("1002", false)]);
        assert_eq!(phones.list(&both, true, Stamp(0)), news(&[("1001", true), ("1002", false)]));
        assert_eq!(phones.list(&both, false, later), news(&[]));
        assert!(phones.hear(&name("1002"), true, later) && !phones.hear(&name("1002"), true, later));
        // The list does not know it yet.
        assert_eq!(phones.list(&both, false, later), news(&[]));
        assert_eq!(phones.list(&both, true, later), news(&[("1001", true), ("1002", true)]));
        // Its end was missed; the other is no longer in the directory.
        let end = later + 2 * LAG;
        assert_eq!(
            phones.list(&list(&[("1002", false)]), false, end),
            news(&[("1002", false), ("1001", false)])
        );
    }
}
