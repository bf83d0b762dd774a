//! How Chinese characters sound to a recogniser that mistakes one for another: toneless, with the pairs that
//! speakers and recognisers confuse told apart no more (zh z, ch c, sh s, n l, ng n).

use std::{collections::HashMap, sync::LazyLock};

use fastrand::Rng;
use pinyin::ToPinyin;

/// The characters that have a sound of their own in the table.
const FIRST: u32 = 0x4e00;
const LAST: u32 = 0x9fff;

static SYLLABLES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    (FIRST..=LAST).map(|code| char::from_u32(code).and_then(blurred).unwrap_or(code)).collect()
});

static ALIKE: LazyLock<HashMap<u32, Vec<char>>> = LazyLock::new(|| {
    let mut alike: HashMap<u32, Vec<char>> = HashMap::new();
    for c in (FIRST..=LAST).filter_map(char::from_u32) {
        alike.entry(syllable(c)).or_default().push(c);
    }
    alike
});

/// The number of a character's blurred syllable; a character without a sound stands for itself.
pub fn syllable(c: char) -> u32 {
    let code = u32::from(c);
    code.checked_sub(FIRST).and_then(|at| SYLLABLES.get(at as usize)).copied().unwrap_or(code)
}

/// Letters of the blurred syllable, five bits each, above all characters.
fn blurred(c: char) -> Option<u32> {
    let letters = blur(c.to_pinyin()?.plain());
    Some(letters.bytes().fold(1, |packed, letter| packed << 5 | u32::from(letter & 31)))
}

/// A toneless syllable with the confusable sounds merged.
pub fn blur(plain: &str) -> String {
    let (initial, rest) = match plain.as_bytes() {
        [b'z' | b'c' | b's', b'h', ..] => plain.split_at(1),
        [b'n', _, ..] => ("l", &plain[1..]),
        _ => ("", plain),
    };
    let rest = rest.strip_prefix('h').filter(|_| matches!(initial, "z" | "c" | "s")).unwrap_or(rest);
    let rest = rest.strip_suffix('g').filter(|cut| cut.ends_with('n')).unwrap_or(rest);
    format!("{initial}{}", rest.replace('ü', "v"))
}

/// Another character with the same blurred sound, by chance; the character itself when there is none.
pub fn homophone(c: char, random: &mut Rng) -> char {
    let same = ALIKE.get(&syllable(c)).map_or(&[][..], Vec::as_slice);
    random.choice(same).copied().filter(|_| same.len() > 1).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confused_sounds_the_same() {
        for (a, b) in [
            ("zhang", "zan"),
            ("shi", "si"),
            ("nan", "lang"),
            ("ning", "lin"),
            ("chong", "con"),
            ("nü", "lv"),
        ] {
            assert_eq!(blur(a), blur(b), "{a} {b}");
        }
        for (a, b) in [("ma", "na"), ("hang", "an"), ("e", "n"), ("ha", "a")] {
            assert_ne!(blur(a), blur(b), "{a} {b}");
        }
        assert_eq!(syllable('是'), syllable('四'));
        assert_ne!(syllable('是'), syllable('不'));
        assert_eq!(syllable('a'), u32::from('a'), "what has no sound stands for itself");
    }

    #[test]
    fn a_homophone_sounds_the_same() {
        let mut random = Rng::with_seed(1);
        let other = homophone('退', &mut random);
        assert_eq!(syllable(other), syllable('退'));
        assert_eq!(homophone('x', &mut random), 'x');
    }
}
