//! How words sound that stand in no dictionary: names in pinyin, words made of two known ones, and the rest by rule.

/// Sounds of an English dictionary (ARPABET without stress), or nothing if there is nothing to say.
pub(super) fn sounds(word: &str, known: impl Fn(&str) -> Option<String>) -> Option<String> {
    let letters: String = word.chars().filter(char::is_ascii_lowercase).collect();
    if letters.is_empty() || letters.len() > 30 {
        return None;
    }
    let halves = (3..letters.len().saturating_sub(2))
        .find_map(|at| Some(format!("{} {}", known(&letters[..at])?, known(&letters[at..])?)));
    pinyin(&letters).or(halves).or_else(|| spelt(&letters))
}

const INITIALS: &[(&str, &str)] = &[
    ("zh", "JH"),
    ("ch", "CH"),
    ("sh", "SH"),
    ("b", "B"),
    ("p", "P"),
    ("m", "M"),
    ("f", "F"),
    ("d", "D"),
    ("t", "T"),
    ("n", "N"),
    ("l", "L"),
    ("g", "G"),
    ("k", "K"),
    ("h", "HH"),
    ("j", "JH"),
    ("q", "CH"),
    ("x", "SH"),
    ("r", "R"),
    ("z", "Z"),
    ("c", "T S"),
    ("s", "S"),
    ("y", "Y"),
    ("w", "W"),
    ("", ""),
];

const FINALS: &[(&str, &str)] = &[
    ("iang", "Y AA NG"),
    ("iong", "Y UH NG"),
    ("uang", "W AA NG"),
    ("ang", "AA NG"),
    ("eng", "AH NG"),
    ("ing", "IH NG"),
    ("ong", "UH NG"),
    ("ian", "Y EH N"),
    ("iao", "Y AW"),
    ("uai", "W AY"),
    ("uan", "W AA N"),
    ("ai", "AY"),
    ("an", "AA N"),
    ("ao", "AW"),
    ("ei", "EY"),
    ("en", "AH N"),
    ("er", "AA R"),
    ("ia", "Y AA"),
    ("ie", "Y EH"),
    ("in", "IY N"),
    ("iu", "Y OW"),
    ("ou", "OW"),
    ("ua", "W AA"),
    ("ue", "W EH"),
    ("ui", "W EY"),
    ("un", "W AH N"),
    ("uo", "W AO"),
    ("a", "AA"),
    ("e", "AH"),
    ("i", "IY"),
    ("o", "AO"),
    ("u", "UW"),
    ("v", "UW"),
];

/// Whole syllables of pinyin and nothing else.
fn pinyin(letters: &str) -> Option<String> {
    if letters.is_empty() {
        return Some(String::new());
    }
    for (initial, start) in INITIALS {
        let Some(rest) = letters.strip_prefix(initial) else { continue };
        for (end, sound) in FINALS {
            // After y and w the glide is there already.
            let Some(more) = rest.strip_prefix(end) else { continue };
            if let Some(others) = pinyin(more) {
                let all = [*start, *sound, &others].map(str::trim);
                return Some(all.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "));
            }
        }
    }
    None
}

/// Letters as they mostly sound, longest first.
const LETTERS: &[(&str, &str)] = &[
    ("tion", "SH AH N"),
    ("igh", "AY"),
    ("sch", "SH"),
    ("tch", "CH"),
    ("ch", "CH"),
    ("sh", "SH"),
    ("th", "TH"),
    ("ph", "F"),
    ("ck", "K"),
    ("ng", "NG"),
    ("qu", "K W"),
    ("wh", "W"),
    ("ee", "IY"),
    ("ea", "IY"),
    ("oo", "UW"),
    ("ou", "AW"),
    ("ow", "OW"),
    ("oa", "OW"),
    ("ai", "EY"),
    ("ay", "EY"),
    ("au", "AO"),
    ("aw", "AO"),
    ("oi", "OY"),
    ("oy", "OY"),
    ("ie", "IY"),
    ("ei", "AY"),
    ("er", "ER"),
    ("ir", "ER"),
    ("ur", "ER"),
    ("ar", "AA R"),
    ("or", "AO R"),
    ("bb", "B"),
    ("dd", "D"),
    ("ff", "F"),
    ("gg", "G"),
    ("ll", "L"),
    ("mm", "M"),
    ("nn", "N"),
    ("pp", "P"),
    ("rr", "R"),
    ("ss", "S"),
    ("tt", "T"),
    ("zz", "Z"),
    ("a", "AE"),
    ("b", "B"),
    ("c", "K"),
    ("d", "D"),
    ("e", "EH"),
    ("f", "F"),
    ("g", "G"),
    ("h", "HH"),
    ("i", "IH"),
    ("j", "JH"),
    ("k", "K"),
    ("l", "L"),
    ("m", "M"),
    ("n", "N"),
    ("o", "AA"),
    ("p", "P"),
    ("q", "K"),
    ("r", "R"),
    ("s", "S"),
    ("t", "T"),
    ("u", "AH"),
    ("v", "V"),
    ("w", "W"),
    ("x", "K S"),
    ("z", "Z"),
];

fn spelt(letters: &str) -> Option<String> {
    let mut rest = letters;
    let mut all = Vec::new();
    while let Some(c) = rest.chars().next() {
        if rest == "e" && all.len() > 1 {
            break;
        }
        if c == 'y' {
            all.push(if all.is_empty() { "Y" } else { "IY" });
            rest = &rest[1..];
            continue;
        }
        let (text, sound) = LETTERS.iter().find(|(text, _)| rest.starts_with(text))?;
        all.push(*sound);
        rest = &rest[text.len()..];
    }
    Some(all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_new_words_get_a_sound() {
        let known = |word: &str| match word {
            "check" => Some("CH EH K".to_owned()),
            "box" => Some("B AA K S".to_owned()),
            _ => None,
        };
        for (word, heard) in [
            ("wei", Some("W EY")),
            ("zhang", Some("JH AA NG")),
            ("xiaoming", Some("SH Y AW M IH NG")),
            ("checkbox", Some("CH EH K B AA K S")),
            ("gretsky", Some("G R EH T S K IY")),
            ("陈", None),
            ("", None),
        ] {
            assert_eq!(sounds(word, known).as_deref(), heard, "{word}");
        }
    }
}
