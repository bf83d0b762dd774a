//! How words sound: Chinese syllables without tones, with the sounds merged that speakers and recognisers confuse;
//! English words by a short phonetic code.

use pinyin::ToPinyinMulti;
use smol_str::SmolStr;

/// The sounds of one Chinese character: it may have several readings.
#[derive(Clone, Debug)]
pub struct Syllable {
    character: SmolStr,
    readings: Vec<Reading>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    /// As pinyin writes it.
    plain: &'static str,
    initial: &'static str,
    finals: &'static str,
}

/// Initials, the long ones first, each with the one that it is confused with: zh/z, ch/c, sh/s, n/l, r/l, f/h.
const INITIALS: &[(&str, &str)] = &[
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("b", "b"),
    ("p", "p"),
    ("m", "m"),
    ("f", "f"),
    ("d", "d"),
    ("t", "t"),
    ("n", "l"),
    ("l", "l"),
    ("g", "g"),
    ("k", "k"),
    ("h", "h"),
    ("j", "j"),
    ("q", "q"),
    ("x", "x"),
    ("r", "r"),
    ("z", "z"),
    ("c", "c"),
    ("s", "s"),
    ("y", "y"),
    ("w", "w"),
];

impl Reading {
    fn new(plain: &'static str) -> Self {
        let found = INITIALS.iter().find(|(initial, _)| plain.starts_with(initial));
        let (initial, merged) = found.copied().unwrap_or(("", ""));
        let finals = &plain[initial.len()..];
        // ang/an, eng/en, ing/in.
        let finals = finals.strip_suffix("ng").map_or(finals, |stem| &finals[..=stem.len()]);
        Self { plain, initial: merged, finals }
    }

    fn key(&self) -> u16 {
        self.initial
            .bytes()
            .chain([b'-'])
            .chain(self.finals.bytes())
            .fold(7u16, |hash, byte| hash.wrapping_mul(31).wrapping_add(u16::from(byte)))
    }

    fn alike(&self, other: &Self) -> f32 {
        let (initial, finals) = (self.initial == other.initial, self.finals == other.finals);
        match (initial, finals) {
            _ if self.plain == other.plain => 0.97,
            (true, true) => 0.9,
            (false, true) => 0.55,
            (true, false) if self.finals.chars().next() == other.finals.chars().next() => 0.55,
            (true, false) => 0.4,
            _ => 0.0,
        }
    }
}

impl Syllable {
    pub fn of(character: &str) -> Self {
        let readings = character.chars().next().and_then(|c| c.to_pinyin_multi()).map(|multi| {
            let mut readings: Vec<Reading> =
                multi.into_iter().map(|pinyin| Reading::new(pinyin.plain())).collect();
            readings.dedup();
            readings
        });
        Self { character: SmolStr::new(character), readings: readings.unwrap_or_default() }
    }

    /// Coarse keys under which names are looked up.
    pub fn keys(&self) -> impl Iterator<Item = u16> + '_ {
        self.readings.iter().map(Reading::key)
    }

    pub fn alike(&self, other: &Self) -> f32 {
        if self.character == other.character {
            return 1.0;
        }
        let pairs = self.readings.iter().flat_map(|one| other.readings.iter().map(move |two| one.alike(two)));
        pairs.fold(0.0, f32::max)
    }
}

/// A short phonetic code of an English word: consonant classes as they sound, vowels only in front.
pub fn code(word: &str) -> String {
    let letters: Vec<char> = word.chars().filter(char::is_ascii_alphabetic).collect();
    let mut code = String::new();
    let mut at = 0;
    while at < letters.len() {
        let rest: String = letters[at..letters.len().min(at + 4)].iter().collect();
        let (sound, used) = step(&rest, at == 0);
        if let Some(sound) = sound.filter(|sound| !code.ends_with(*sound)) {
            code.push(sound);
        }
        at += used;
    }
    code
}

/// The sound of the letters at the front, and how many make it.
fn step(rest: &str, first: bool) -> (Option<char>, usize) {
    const SILENT_FIRST: &[(&str, char)] =
        &[("kn", 'n'), ("gn", 'n'), ("pn", 'n'), ("wr", 'r'), ("ps", 's'), ("wh", 'w'), ("x", 's')];
    const GROUPS: &[(&str, char)] = &[
        ("sch", 'X'),
        ("tch", 'X'),
        ("ch", 'X'),
        ("sh", 'X'),
        ("ph", 'f'),
        ("th", 't'),
        ("ck", 'k'),
        ("cq", 'k'),
        ("dge", 'j'),
        ("dg", 'j'),
        ("tio", 'X'),
        ("sio", 'X'),
        ("cia", 'X'),
        ("ce", 's'),
        ("ci", 's'),
        ("cy", 's'),
        ("ge", 'j'),
        ("gi", 'j'),
        ("gy", 'j'),
        ("mb", 'm'),
        ("qu", 'k'),
    ];
    if first
        && let Some((letters, sound)) = SILENT_FIRST.iter().find(|(letters, _)| rest.starts_with(letters))
    {
        return (Some(*sound), letters.len());
    }
    // “gh” is silent but in front.
    if rest.starts_with("gh") {
        return (first.then_some('k'), 2);
    }
    if let Some((letters, sound)) = GROUPS.iter().find(|(letters, _)| rest.starts_with(letters)) {
        // The vowel of “ce” and its like is none of the code.
        return (Some(*sound), letters.len());
    }
    let letter = rest.chars().next().unwrap_or(' ');
    let sound = match letter {
        'a' | 'e' | 'i' | 'o' | 'u' => first.then_some('A'),
        'y' if first => Some('j'),
        'y' | 'h' | 'w' if !first => None,
        'b' | 'p' => Some('p'),
        'c' | 'k' | 'g' | 'q' | 'x' => Some('k'),
        'd' | 't' => Some('t'),
        'f' | 'v' => Some('f'),
        's' | 'z' => Some('s'),
        _ => Some(letter),
    };
    (sound, 1)
}

/// How alike two words are, by letters and by sound.
pub fn similar(one: &str, one_code: &str, two: &str, two_code: &str) -> f32 {
    if one == two {
        return 1.0;
    }
    let letters = strsim::jaro_winkler(one, two) as f32;
    let sounds =
        if one_code == two_code { 1.0 } else { strsim::jaro_winkler(one_code, two_code) as f32 * 0.9 };
    // Very short codes are alike by chance.
    let weight = if one_code.len() < 2 { 0.3 } else { 0.6 };
    weight * sounds + (1.0 - weight) * letters - 0.02
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homophones_and_merged_sounds_are_alike() {
        let alike = |a: &str, b: &str| Syllable::of(a).alike(&Syllable::of(b));
        assert!((alike("伟", "伟") - 1.0).abs() < f32::EPSILON);
        assert!(alike("张", "章") > 0.95, "homophones");
        for (a, b) in [("张", "臧"), ("陈", "岑"), ("李", "你"), ("英", "因"), ("沈", "森")] {
            assert!(alike(a, b) > 0.85, "{a} {b}: {}", alike(a, b));
        }
        assert!(alike("张", "李") < 0.5);
        assert!(alike("单", "善") > 0.85, "a character with several readings");
    }

    #[test]
    fn english_codes_fold_spellings_of_one_sound() {
        for (a, b) in [
            ("smith", "smyth"),
            ("catherine", "kathryn"),
            ("stephen", "steven"),
            ("knight", "night"),
            ("jon", "john"),
            ("philip", "filip"),
            ("wright", "rite"),
        ] {
            assert_eq!(code(a), code(b), "{a} {b}");
        }
        assert_ne!(code("smith"), code("jones"));
    }
}
