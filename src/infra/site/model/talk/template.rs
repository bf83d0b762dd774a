//! A text with fields: `{order}` stands for a value.

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    Words(&'t str),
    Field(&'t str),
}

/// A text's parts, from left to right. A brace without its other half is a word like any other.
pub fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    let mut field = None;
    std::iter::from_fn(move || {
        if let Some(name) = field.take() {
            return Some(Part::Field(name));
        }
        if rest.is_empty() {
            return None;
        }
        let found = rest.find('{').and_then(|open| Some((open, open + rest[open..].find('}')?)));
        let Some((open, close)) = found else { return Some(Part::Words(std::mem::take(&mut rest))) };
        let (words, name) = (&rest[..open], &rest[open + 1..close]);
        rest = &rest[close + 1..];
        if words.is_empty() {
            return Some(Part::Field(name));
        }
        field = Some(name);
        Some(Part::Words(words))
    })
}

#[cfg(test)]
mod tests {
    use super::{
        Part::{Field, Words},
        parts,
    };

    #[test]
    fn words_and_fields_follow_each_other() {
        let all = |text| parts(text).collect::<Vec<_>>();
        assert_eq!(
            all("订单{order}在{state}。"),
            [Words("订单"), Field("order"), Words("在"), Field("state"), Words("。")]
        );
        assert_eq!(all("{a}{b}"), [Field("a"), Field("b")]);
        assert_eq!(all("half { a brace"), [Words("half { a brace")]);
        assert_eq!(all(""), []);
    }
}
