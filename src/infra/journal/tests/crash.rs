use std::{fs, path::PathBuf};

use proptest::prelude::*;

use super::*;

/// What happens to the newest files between two starts.
#[derive(Clone, Debug)]
enum Harm {
    Truncate {
        keys: bool,
        at: prop::sample::Index,
    },
    Flip {
        keys: bool,
        at: prop::sample::Index,
        bits: u8,
    },
    Zero {
        at: prop::sample::Index,
    },
    Garbage(Vec<u8>),
    /// A part of an earlier record comes again at the end.
    Echo {
        from: prop::sample::Index,
    },
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (any::<bool>(), at()).prop_map(|(keys, at)| Harm::Truncate { keys, at }),
        (any::<bool>(), at(), 1u8..).prop_map(|(keys, at, bits)| Harm::Flip { keys, at, bits }),
        at().prop_map(|at| Harm::Zero { at }),
        prop::collection::vec(any::<u8>(), 1..200).prop_map(Harm::Garbage),
        at().prop_map(|from| Harm::Echo { from }),
    ]
}

impl Harm {
    /// Does it, and gives the offset in the log up to which nothing was touched; `None` when keys were.
    fn inflict(&self, log: &PathBuf, keys: &PathBuf) -> Option<usize> {
        let path = if matches!(self, Self::Truncate { keys: true, .. } | Self::Flip { keys: true, .. }) {
            keys
        } else {
            log
        };
        let mut bytes = fs::read(path).unwrap();
        let len = bytes.len();
        let place = match self {
            Self::Truncate { at, .. } => {
                let place = at.index(len);
                bytes.truncate(place);
                place
            }
            Self::Flip { at, bits, .. } => {
                let place = at.index(len);
                bytes[place] ^= bits;
                place
            }
            Self::Zero { at } => {
                let place = at.index(len);
                bytes[place..].fill(0);
                place
            }
            Self::Garbage(garbage) => {
                bytes.extend_from_slice(garbage);
                len
            }
            Self::Echo { from } => {
                let echo = bytes[from.index(len)..].to_vec();
                bytes.extend(echo);
                len
            }
        };
        fs::write(path, bytes).unwrap();
        (path == log).then_some(place)
    }
}

/// Where each record of a segment ends, by number.
fn ends(log: &PathBuf) -> Vec<(u64, usize)> {
    let bytes = fs::read(log).unwrap();
    let (mut at, mut last, mut ends) = (segment::START, 0, Vec::new());
    while let record::Parsed::Whole(head) = record::parse(&bytes[at..], last) {
        at += head.total();
        last = head.seq;
        ends.push((last, at));
    }
    assert_eq!(at, bytes.len());
    ends
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_crash_does_to_the_tail_the_rest_is_read_and_nothing_wrong(
        batches in prop::collection::vec(1u64..12, 1..8),
        harms in prop::collection::vec(harm(), 1..3),
    ) {
        let state = tempfile::tempdir().unwrap();
        let mut total = 0;
        {
            let (mut journal, _) = open(state.path());
            for n in batches {
                write(&mut journal, n);
                total += n;
            }
        }
        let folder = state.path().join("journal");
        let base = *segment::list(&folder, "log").unwrap().last().unwrap();
        let (log, keys) = (segment::log_path(&folder, base), segment::keys_path(&folder, base));
        let ends = ends(&log);
        let untouched: Vec<_> = harms.iter().filter_map(|harm| harm.inflict(&log, &keys)).collect();
        let intact = untouched.into_iter().min().unwrap_or(usize::MAX);
        let safe = ends.iter().filter(|(_, end)| *end <= intact).map(|(seq, _)| *seq).max().unwrap_or(base - 1);
        // A segment without its whole head is as good as never begun.
        let safe = if intact < segment::START { base - 1 } else { safe };

        let opened = Journal::open(state.path(), options());
        if let Err(OpenError::WrongKey { .. } | OpenError::Newer { .. }) = &opened {
            prop_assert!(intact < segment::START, "only a harmed head is refused");
            return Ok(());
        }
        let (mut journal, recovered) = opened.unwrap();
        let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
        let only_log = intact != usize::MAX && harms.len() == 1;
        let mut last = 0;
        for entry in &entries {
            prop_assert!(entry.seq > last);
            match &entry.payload {
                Payload::Json(_) => {
                    prop_assert_eq!(said(entry), Some(text(entry.seq)));
                    prop_assert_eq!(entry.at, at(entry.seq));
                    prop_assert_eq!(entry.call, (!entry.seq.is_multiple_of(3)).then(|| call(entry.seq % 7 + 1)));
                }
                Payload::Damaged { first } => {
                    prop_assert!(*first == last + 1 && (*first >= base));
                    prop_assert!(entry.seq > safe || !only_log, "{} is whole", entry.seq);
                }
                Payload::Erased | Payload::Gap { .. } => prop_assert!(false, "{entry:?}"),
            }
            last = entry.seq;
        }
        prop_assert!(last >= safe.min(total) , "{last} of {safe}");
        // Life goes on behind it, at a number that no whole record has.
        prop_assert!(journal.next_seq() > last);
        let next = journal.next_seq();
        write(&mut journal, 5);
        prop_assert!(journal.close().is_good());
        let (_journal, again) = open(state.path());
        prop_assert_eq!(again.torn, None);
        let after: Vec<_> = again.entries.map(Result::unwrap).filter(|e| e.seq >= next).collect();
        assert_inputs(&after, next..next + 5);
    }
}

#[test]
fn every_possible_cut_of_a_small_journal_keeps_what_is_before_it() {
    let whole = tempfile::tempdir().unwrap();
    {
        let (mut journal, _) = open(whole.path());
        write(&mut journal, 6);
    }
    let log = segment::log_path(&whole.path().join("journal"), 1);
    let (bytes, ends) = (fs::read(&log).unwrap(), ends(&log));
    for cut in 0..bytes.len() {
        fs::write(&log, &bytes[..cut]).unwrap();
        let keys = fs::read(segment::keys_path(&whole.path().join("journal"), 1)).unwrap();
        let (journal, recovered) = open(whole.path());
        let kept = ends.iter().filter(|(_, end)| *end <= cut).count() as u64;
        let at_end = cut == segment::START || ends.iter().any(|(_, end)| *end == cut);
        assert_eq!(recovered.torn.is_none(), at_end || cut == 0, "cut at {cut}");
        let entries: Vec<_> = recovered.entries.map(Result::unwrap).collect();
        assert_inputs(&entries, 1..=kept);
        drop(journal);
        fs::write(segment::keys_path(&whole.path().join("journal"), 1), keys).unwrap();
    }
}
