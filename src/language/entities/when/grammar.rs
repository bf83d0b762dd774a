//! The engine under the tables of phrases: patterns, matched token by token, each giving a piece.
//!
//! A pattern is words and `<sorts>`: `a|b` is either, `x?` may be missing, `^x` must stand there but does not belong
//! to what is found, `_` joins words of one alternative. Commas and fillers between words are passed over.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
};

use jiff::civil::DateTime;
use smol_str::SmolStr;

use super::{
    super::{
        model::Setting,
        token::{Text, is_filler},
    },
    lexicon,
    model::Piece,
};

/// What a pattern can hold and a rule can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    // Words, from the lexicon.
    Int,
    Ordinal,
    Count,
    Unit,
    Weekday,
    Month,
    Year,
    DayNumber,
    Hour,
    Minute,
    Digital,
    Half,
    Part,
    Shift,
    Written,
    Holiday,
    // Phrases, from the rules.
    Duration,
    Clock,
    Time,
    Date,
    Period,
    Moment,
    Range,
}

/// Phrases inside phrases.
const DEEPEST: usize = 24;

const SORTS: usize = Sort::Range as usize + 1;

const NAMES: &[(&str, Sort)] = &[
    ("<n>", Sort::Int),
    ("<nth>", Sort::Ordinal),
    ("<count>", Sort::Count),
    ("<unit>", Sort::Unit),
    ("<weekday>", Sort::Weekday),
    ("<month>", Sort::Month),
    ("<year>", Sort::Year),
    ("<dd>", Sort::DayNumber),
    ("<hour>", Sort::Hour),
    ("<minute>", Sort::Minute),
    ("<digital>", Sort::Digital),
    ("<half>", Sort::Half),
    ("<part>", Sort::Part),
    ("<shift>", Sort::Shift),
    ("<written>", Sort::Written),
    ("<holiday>", Sort::Holiday),
    ("<duration>", Sort::Duration),
    ("<clock>", Sort::Clock),
    ("<time>", Sort::Time),
    ("<date>", Sort::Date),
    ("<period>", Sort::Period),
    ("<moment>", Sort::Moment),
    ("<range>", Sort::Range),
];

/// Which field of a written date comes first where the caller lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Year,
    Month,
    Day,
}

impl Order {
    pub fn of(setting: &Setting) -> Self {
        match setting.region() {
            _ if setting.locale.starts_with("zh") => Self::Year,
            "US" => Self::Month,
            _ => Self::Day,
        }
    }
}

/// One line of the tables: a phrase and what it means.
pub struct Rule {
    pub gives: Sort,
    pub pattern: &'static str,
    pub make: fn(&Caught, DateTime) -> Option<Piece>,
}

/// The pieces of a pattern's sorts, in their order; a missing one is none.
pub struct Caught<'c>(&'c [Option<Piece>]);

macro_rules! getter {
    ($name:ident, $variant:ident, $type:ty) => {
        pub fn $name(&self, index: usize) -> Option<$type> {
            match self.0.get(index) {
                Some(Some(Piece::$variant(value))) => Some(*value),
                _ => None,
            }
        }
    };
}

impl Caught<'_> {
    getter!(int, Int, i64);
    getter!(count, Count, f64);
    getter!(unit, Unit, super::model::Unit);
    getter!(weekday, Weekday, jiff::civil::Weekday);
    getter!(month, Month, i8);
    getter!(part, Part, super::model::Part);
    getter!(shift, Shift, i64);
    getter!(day, Day, super::model::Day);
    getter!(clock, Clock, super::model::Clock);
    getter!(length, Length, super::model::Length);

    pub fn piece(&self, index: usize) -> Option<Piece> {
        self.0.get(index).copied().flatten()
    }
}

enum Matcher {
    /// Any of these words or sequences of words.
    Words(Vec<Vec<SmolStr>>),
    Sort(Sort),
}

struct Item {
    matcher: Matcher,
    optional: bool,
    outside: bool,
}

struct Compiled {
    items: Vec<Item>,
    make: fn(&Caught, DateTime) -> Option<Piece>,
}

/// All rules, ready to be matched, by what they give and by their first word.
pub struct Grammar {
    rules: Vec<Compiled>,
    /// For each sort: rules that begin with a word, by the word.
    by_word: Vec<HashMap<SmolStr, Vec<usize>>>,
    /// For each sort: rules that may begin with a sort.
    by_sort: Vec<Vec<usize>>,
    /// Words with which any rule begins.
    starts: HashSet<SmolStr>,
}

impl Grammar {
    pub fn new(tables: &[&[Rule]]) -> Self {
        let mut grammar = Self {
            rules: Vec::new(),
            by_word: (0..SORTS).map(|_| HashMap::new()).collect(),
            by_sort: vec![Vec::new(); SORTS],
            starts: HashSet::new(),
        };
        for rule in tables.iter().flat_map(|table| table.iter()) {
            let index = grammar.rules.len();
            let items: Vec<Item> = rule.pattern.split_whitespace().map(item).collect();
            grammar.enter(rule.gives as usize, index, &items);
            grammar.rules.push(Compiled { items, make: rule.make });
        }
        grammar
    }

    /// Under every word or sort that may come first.
    fn enter(&mut self, sort: usize, index: usize, items: &[Item]) {
        for item in items {
            match &item.matcher {
                Matcher::Words(alternatives) => {
                    for first in alternatives.iter().filter_map(|words| words.first()) {
                        self.starts.insert(first.clone());
                        let rules = self.by_word[sort].entry(first.clone()).or_default();
                        if rules.last() != Some(&index) {
                            rules.push(index);
                        }
                    }
                }
                Matcher::Sort(_) => self.by_sort[sort].push(index),
            }
            if !item.optional {
                break;
            }
        }
    }
}

fn item(source: &str) -> Item {
    let (source, outside) = source.strip_prefix('^').map_or((source, false), |rest| (rest, true));
    let (source, optional) =
        source.strip_suffix('?').filter(|rest| !rest.is_empty()).map_or((source, false), |rest| (rest, true));
    let sort = NAMES.iter().find(|(name, _)| *name == source).map(|(_, sort)| *sort);
    let matcher = sort.map_or_else(
        || {
            let alternatives = source.split('|').map(|words| {
                let words = words.replace('_', " ");
                Text::new(&words).tokens.into_iter().map(|token| token.text).collect()
            });
            Matcher::Words(alternatives.collect())
        },
        Matcher::Sort,
    );
    Item { matcher, optional, outside }
}

/// A piece with the tokens that say it.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    pub from: usize,
    pub end: usize,
    pub piece: Piece,
}

/// One sentence under the grammar: what each sort gives at each token, worked out once.
pub struct Chart<'g, 't, 's> {
    grammar: &'g Grammar,
    pub text: &'t Text<'s>,
    now: DateTime,
    order: Order,
    memo: RefCell<Vec<Memo>>,
    depth: Cell<usize>,
}

#[derive(Clone)]
enum Memo {
    Unknown,
    Working,
    Known(Rc<[Said]>),
}

/// A rule on its way.
struct Trial<'r> {
    rule: &'r Compiled,
    start: usize,
    found: Vec<Said>,
}

impl<'g, 't, 's> Chart<'g, 't, 's> {
    pub fn new(grammar: &'g Grammar, text: &'t Text<'s>, now: DateTime, order: Order) -> Self {
        let memo = RefCell::new(vec![Memo::Unknown; SORTS * (text.len() + 1)]);
        Self { grammar, text, now, order, memo, depth: Cell::new(0) }
    }

    /// Every reading of this sort that begins here, the longest first.
    pub fn at(&self, sort: Sort, at: usize) -> Rc<[Said]> {
        if at >= self.text.len() {
            return Rc::default();
        }
        let slot = at * SORTS + sort as usize;
        match &self.memo.borrow()[slot] {
            Memo::Known(said) => return Rc::clone(said),
            // A rule that begins with what it gives: the longer reading comes by another rule.
            Memo::Working => return Rc::default(),
            Memo::Unknown => {}
        }
        // “a day and a day and a day …”: nobody means more than this.
        if self.depth.get() >= DEEPEST {
            return Rc::default();
        }
        self.depth.set(self.depth.get() + 1);
        self.memo.borrow_mut()[slot] = Memo::Working;
        let mut said = lexicon::said(sort, self.text, at, self.now, self.order);
        self.by_rules(sort, at, &mut said);
        said.sort_by_key(|said| std::cmp::Reverse(said.end));
        said.dedup_by_key(|said| said.end);
        let said: Rc<[Said]> = said.into();
        self.memo.borrow_mut()[slot] = Memo::Known(Rc::clone(&said));
        self.depth.set(self.depth.get() - 1);
        said
    }

    /// Whether anything can begin here at all.
    pub fn begins(&self, at: usize) -> bool {
        self.grammar.starts.contains(self.text.at(at)) || lexicon::begins(self.text, at)
    }

    fn by_rules(&self, sort: Sort, at: usize, said: &mut Vec<Said>) {
        let sort = sort as usize;
        let words = self.grammar.by_word[sort].get(self.text.at(at)).map_or(&[][..], Vec::as_slice);
        let sorts = &self.grammar.by_sort[sort];
        let mut caught = Vec::new();
        for index in merged(words, sorts) {
            let mut trial = Trial { rule: &self.grammar.rules[index], start: at, found: Vec::new() };
            self.go(&mut trial, 0, at, at, &mut caught);
            said.append(&mut trial.found);
        }
    }

    /// Matches the items from `index` on; `from` is where what is found begins.
    fn go(&self, trial: &mut Trial, index: usize, at: usize, from: usize, caught: &mut Vec<Option<Piece>>) {
        let Some(item) = trial.rule.items.get(index) else {
            if at > from
                && let Some(piece) = (trial.rule.make)(&Caught(caught), self.now)
            {
                trial.found.push(Said { from, end: at, piece });
            }
            return;
        };
        let before = trial.found.len();
        self.take(trial, index, at, from, caught);
        let passes =
            at > trial.start && (matches!(self.text.at(at), "," | "，") || is_filler(self.text.at(at)));
        if passes && trial.found.len() == before {
            self.take(trial, index, at + 1, from, caught);
        }
        if item.optional {
            let holds = matches!(item.matcher, Matcher::Sort(_));
            if holds {
                caught.push(None);
            }
            self.go(trial, index + 1, at, from, caught);
            if holds {
                caught.pop();
            }
        }
    }

    fn take(&self, trial: &mut Trial, index: usize, at: usize, from: usize, caught: &mut Vec<Option<Piece>>) {
        let rule = trial.rule;
        let item = &rule.items[index];
        match &item.matcher {
            Matcher::Words(alternatives) => {
                for words in alternatives {
                    let stands =
                        words.iter().enumerate().all(|(offset, word)| self.text.at(at + offset) == word);
                    if stands {
                        let end = at + words.len();
                        let from = if item.outside && from == at { end } else { from };
                        self.go(trial, index + 1, end, from, caught);
                    }
                }
            }
            Matcher::Sort(sort) => {
                for said in self.at(*sort, at).iter() {
                    let from = if from == at { said.from } else { from };
                    caught.push(Some(said.piece));
                    self.go(trial, index + 1, said.end, from, caught);
                    caught.pop();
                }
            }
        }
    }
}

/// Two ascending lists as one, each entry once: rules are tried in the order of the tables.
fn merged<'a>(one: &'a [usize], two: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    let (mut a, mut b) = (one.iter().copied().peekable(), two.iter().copied().peekable());
    std::iter::from_fn(move || match (a.peek().copied(), b.peek().copied()) {
        (Some(x), Some(y)) if x == y => {
            b.next();
            a.next()
        }
        (Some(x), Some(y)) if x < y => a.next(),
        (Some(_), None) => a.next(),
        _ => b.next(),
    })
}
