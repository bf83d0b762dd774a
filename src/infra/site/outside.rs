//! What a dialled number is outside: whose class it is of, and how the carrier is told it.
//!
//! In doubt a number is dearer than it looks. `00` and `+` lead abroad whatever the patterns of nearer classes say,
//! unless one begins with `+` itself; of several patterns the dearest counts; and a number that begins with the prefix
//! once more is also what follows it.

use super::{model::Class, model::Outside, pattern::Pattern};
use crate::base::number::Number;

/// E.164 has no more.
const LONGEST: usize = 15;

/// What a dialled number is by the rules of `outside`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// None outside: the prefix is missing, or what follows are no digits.
    Inside,
    Emergency(Number),
    /// By this pattern.
    Blocked(Pattern),
    /// No pattern allows it.
    Unknown,
    /// `number` is what the carrier is told.
    Class {
        class: Class,
        number: Number,
    },
}

impl Outside {
    pub fn reached(&self, dialled: &Number) -> Reached {
        let text = dialled.as_str();
        let digits = text.strip_prefix(self.prefix.as_str()).unwrap_or_default();
        if let Some(number) = self.emergency.iter().find(|n| [text, digits].contains(&n.as_str())) {
            return Reached::Emergency(number.clone());
        }
        let number = if text.starts_with('+') { text } else { digits };
        if !plain(number) {
            return Reached::Inside;
        }
        let all = self.readings(number);
        if let Some(pattern) = self.blocked.iter().find(|p| all.iter().any(|n| blocks(p, n))) {
            return Reached::Blocked(pattern.clone());
        }
        // The number itself must be allowed; its other readings can only make it dearer.
        let Some(class) = self.class(number) else { return Reached::Unknown };
        let class = all.iter().filter_map(|n| self.class(n)).fold(class, Class::max);
        match Number::new(number) {
            Ok(number) => Reached::Class { class, number },
            Err(_) => Reached::Inside,
        }
    }

    /// The number, and what follows when it begins with the prefix again.
    fn readings<'a>(&self, number: &'a str) -> Vec<&'a str> {
        let again = |n: &&'a str| n.strip_prefix(self.prefix.as_str()).filter(|n| plain(n));
        if self.prefix.is_empty() {
            return vec![number];
        }
        std::iter::successors(Some(number), again).collect()
    }

    /// The dearest class that has a pattern for it.
    fn class(&self, number: &str) -> Option<Class> {
        let has = |patterns: &[Pattern], number: &str| patterns.iter().any(|p| p.matches(number));
        let near = [(Class::National, &self.national), (Class::Local, &self.local)];
        let near = || near.into_iter().find(|(_, patterns)| has(patterns, number)).map(|(class, _)| class);
        let abroad = has(&self.international, number).then_some(Class::International);
        match number.strip_prefix('+') {
            Some(digits) => abroad
                .or_else(near)
                .or_else(|| has(&self.international, &format!("00{digits}")).then_some(Class::International)),
            None if number.starts_with("00") => abroad,
            None => abroad.or_else(near),
        }
    }
}

/// Written with `+` or with `00`, it is the same number.
fn blocks(pattern: &Pattern, number: &str) -> bool {
    let other = match (number.strip_prefix('+'), number.strip_prefix("00")) {
        (Some(digits), _) => Some(format!("00{digits}")),
        (_, Some(digits)) => Some(format!("+{digits}")),
        _ => None,
    };
    pattern.matches(number) || other.is_some_and(|other| pattern.matches(&other))
}

/// Digits only; with `+` a country first, and no more than there are.
fn plain(number: &str) -> bool {
    let digits = number.strip_prefix('+');
    let fits = digits.is_none_or(|d| !d.starts_with('0') && d.len() <= LONGEST);
    let digits = digits.unwrap_or(number);
    fits && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).expect("a pattern")).collect()
    }

    fn outside(prefix: &str) -> Outside {
        Outside {
            prefix: prefix.into(),
            local: patterns(&["[2-9]xxxxxxx"]),
            national: patterns(&["0.", "1[3-9]xxxxxxxxx", "+86[1-9]."]),
            international: patterns(&["00."]),
            blocked: patterns(&["00881.", "+886900.", "95."]),
            emergency: vec![Number::new("110").expect("a number")],
            trunks: Vec::new(),
            caller: None,
        }
    }

    fn reached(outside: &Outside, dialled: &str) -> String {
        match outside.reached(&Number::new(dialled).expect("a number")) {
            Reached::Class { class, number } => format!("{} {number}", class.word()),
            Reached::Blocked(pattern) => format!("blocked by {pattern}"),
            Reached::Emergency(number) => format!("emergency {number}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_number_is_of_the_dearest_class_that_it_could_be_of() {
        let nine = outside("9");
        for (dialled, is) in [
            ("962161234", "local 62161234"),
            ("9013800138000", "national 013800138000"),
            ("913800138000", "national 13800138000"),
            ("90014155550100", "international 0014155550100"),
            // More zeros do not make it nearer.
            ("900014155550100", "international 00014155550100"),
            // As if the prefix were dialled twice: abroad, if a carrier took it so.
            ("990012345", "international 90012345"),
            ("9911", "Unknown"),
            ("+14155550100", "international +14155550100"),
            // A mobile at home by its digits, and yet a number in America.
            ("+13800138000", "international +13800138000"),
            ("+8613800138000", "national +8613800138000"),
            ("+860014155550100", "international +860014155550100"),
            ("+0014155550100", "Inside"),
            ("+1415555010012345", "Inside"),
            ("62161234", "Inside"),
            ("9", "Inside"),
            ("96216*234", "Inside"),
            ("9#62161234", "Inside"),
            ("110", "emergency 110"),
            ("9110", "emergency 110"),
            ("+110", "international +110"),
            ("900881612345", "blocked by 00881."),
            ("+881612345", "blocked by 00881."),
            ("+8869001", "blocked by +886900."),
            ("9008869001", "blocked by +886900."),
            ("9995123", "blocked by 95."),
        ] {
            assert_eq!(reached(&nine, dialled), is, "{dialled}");
        }
    }

    #[test]
    fn without_a_prefix_digits_are_taken_as_they_are_dialled() {
        let none = outside("");
        assert_eq!(reached(&none, "62161234"), "local 62161234");
        assert_eq!(reached(&none, "0014155550100"), "international 0014155550100");
        assert_eq!(reached(&none, "1001"), "Unknown");
        assert_eq!(reached(&none, "*97"), "Inside");
    }

    #[test]
    fn where_nobody_may_call_abroad_zeros_do_not_lead_there() {
        let home = Outside { international: Vec::new(), ..outside("9") };
        for abroad in ["90014155550100", "900014155550100", "+14155550100", "9900141555"] {
            assert_eq!(reached(&home, abroad), "Unknown", "{abroad}");
        }
    }
}
