//! What is likely to be said, as a trigram model with back-off (Witten-Bell) in the ARPA format.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

const BEGIN: &str = "<s>";
const END: &str = "</s>";
/// Of the single words' probability so much is shared evenly by all words, said or not.
const EVEN: f64 = 0.1;

type Followers<'a> = BTreeMap<&'a str, f64>;

/// A model of these sentences, in which each of `words` may stand anywhere too.
pub(super) fn arpa(sentences: &[Vec<String>], words: &BTreeSet<String>) -> String {
    let counts = Counts::of(sentences);
    let single = singles(&counts, words);
    let pairs = smoothed(&counts.pairs, |_, word| single.get(word).copied().unwrap_or(1e-9));
    let triples = smoothed(&counts.triples, |(_, last), word| match pairs.get(last) {
        Some(known) => known.of(word, |word| single.get(word).copied().unwrap_or(1e-9)),
        None => single.get(word).copied().unwrap_or(1e-9),
    });
    write(&single, &pairs, &triples)
}

#[derive(Default)]
struct Counts<'a> {
    singles: BTreeMap<&'a str, f64>,
    pairs: BTreeMap<&'a str, Followers<'a>>,
    triples: BTreeMap<(&'a str, &'a str), Followers<'a>>,
}

impl<'a> Counts<'a> {
    fn of(sentences: &'a [Vec<String>]) -> Self {
        let mut counts = Self::default();
        for sentence in sentences {
            let line: Vec<&str> =
                [BEGIN].into_iter().chain(sentence.iter().map(String::as_str)).chain([END]).collect();
            for word in &line[1..] {
                *counts.singles.entry(word).or_default() += 1.0;
            }
            for two in line.windows(2) {
                *counts.pairs.entry(two[0]).or_default().entry(two[1]).or_default() += 1.0;
            }
            for three in line.windows(3) {
                let before = (three[0], three[1]);
                *counts.triples.entry(before).or_default().entry(three[2]).or_default() += 1.0;
            }
        }
        counts
    }
}

/// What follows, with probabilities, and the share that is left to shorter contexts.
struct Known<'a> {
    follow: Followers<'a>,
    rest: f64,
}

impl Known<'_> {
    fn of(&self, word: &str, shorter: impl Fn(&str) -> f64) -> f64 {
        self.follow.get(word).copied().unwrap_or_else(|| self.rest * shorter(word))
    }
}

fn singles<'a>(counts: &Counts<'a>, words: &'a BTreeSet<String>) -> BTreeMap<&'a str, f64> {
    let all: BTreeSet<&str> =
        counts.singles.keys().copied().chain(words.iter().map(String::as_str)).chain([END]).collect();
    let total: f64 = counts.singles.values().sum::<f64>().max(1.0);
    let even = EVEN / all.len() as f64;
    let said = |word: &str| counts.singles.get(word).copied().unwrap_or_default();
    all.into_iter().map(|word| (word, (1.0 - EVEN) * said(word) / total + even)).collect()
}

fn smoothed<'a, K: Copy + Ord>(
    counts: &BTreeMap<K, Followers<'a>>,
    shorter: impl Fn(K, &str) -> f64,
) -> BTreeMap<K, Known<'a>> {
    let one = |(before, follow): (&K, &Followers<'a>)| {
        let (said, kinds) = (follow.values().sum::<f64>(), follow.len() as f64);
        let likely =
            follow.iter().map(|(word, n)| (*word, (n + kinds * shorter(*before, word)) / (said + kinds)));
        let known = Known { follow: likely.collect(), rest: kinds / (said + kinds) };
        (*before, known)
    };
    counts.iter().map(one).collect()
}

fn write(
    single: &BTreeMap<&str, f64>,
    pairs: &BTreeMap<&str, Known<'_>>,
    triples: &BTreeMap<(&str, &str), Known<'_>>,
) -> String {
    let of_pairs = pairs.values().map(|known| known.follow.len()).sum::<usize>();
    let of_triples = triples.values().map(|known| known.follow.len()).sum::<usize>();
    let mut out = format!(
        "\\data\\\nngram 1={}\nngram 2={of_pairs}\nngram 3={of_triples}\n\n\\1-grams:\n",
        single.len() + 1
    );
    let after = |rest: Option<f64>| rest.map_or(0.0, f64::log10);
    let begin = after(pairs.get(BEGIN).map(|known| known.rest));
    let _ = writeln!(out, "-99.0 {BEGIN} {begin:.5}");
    for (word, p) in single {
        let back = after(pairs.get(word).map(|known| known.rest));
        let _ = writeln!(out, "{:.5} {word} {back:.5}", p.log10());
    }
    out.push_str("\n\\2-grams:\n");
    for (one, known) in pairs {
        for (two, p) in &known.follow {
            let back = after(triples.get(&(*one, *two)).map(|known| known.rest));
            let _ = writeln!(out, "{:.5} {one} {two} {back:.5}", p.log10());
        }
    }
    out.push_str("\n\\3-grams:\n");
    for ((one, two), known) in triples {
        for (three, p) in &known.follow {
            let _ = writeln!(out, "{:.5} {one} {two} {three}", p.log10());
        }
    }
    out.push_str("\n\\end\\\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arpa: &str) -> BTreeMap<Vec<&str>, (f64, f64)> {
        let mut all = BTreeMap::new();
        let mut order = 0;
        for line in arpa.lines() {
            if let Some(head) = line.strip_suffix("-grams:") {
                order = head[1..].parse().expect("an order");
            } else if order > 0 && line.starts_with(['-', '0']) {
                let mut parts = line.split(' ');
                let p: f64 = parts.next().expect("a number").parse().expect("a number");
                let rest: Vec<&str> = parts.collect();
                let back = rest.get(order).map_or(0.0, |text| text.parse().expect("a number"));
                all.insert(rest[..order].to_vec(), (p, back));
            }
        }
        all
    }

    /// The probability by the rules of the format: the longest that is known, else back off.
    fn likely(model: &BTreeMap<Vec<&str>, (f64, f64)>, context: &[&str], word: &str) -> f64 {
        let mut whole = context.to_vec();
        whole.push(word);
        if let Some((p, _)) = model.get(&whole) {
            return 10f64.powf(*p);
        }
        let back = model.get(context).map_or(0.0, |(_, back)| *back);
        10f64.powf(back) * likely(model, &context[1..], word)
    }

    #[test]
    fn probabilities_sum_to_one_in_every_context_and_what_was_said_is_likeliest() {
        let line = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let said = [line("where is my order"), line("where is my parcel"), line("refund my order please")];
        let words = ["zero", "one"].map(str::to_owned).into();
        let text = arpa(&said, &words);
        let model = read(&text);
        let vocabulary: Vec<&str> =
            model.keys().filter(|key| key.len() == 1 && key[0] != BEGIN).map(|key| key[0]).collect();
        assert_eq!(vocabulary.len(), 10, "{vocabulary:?}");
        for context in
            [&["<s>"][..], &["<s>", "where"], &["is", "my"], &["zero", "one"], &["my"], &["please"]]
        {
            let sum: f64 = vocabulary.iter().map(|word| likely(&model, context, word)).sum();
            assert!((0.999..1.001).contains(&sum), "{context:?}: {sum}");
        }
        let after = |word| likely(&model, &["is", "my"], word);
        assert!(after("order") > 3.0 * after("please") && after("zero") > 1e-4);
        assert!(text.starts_with("\\data\\\nngram 1=11\n") && text.ends_with("\\end\\\n"));
    }
}
