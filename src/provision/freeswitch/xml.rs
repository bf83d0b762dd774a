//! XML as FreeSWITCH reads it: the escape, and whether every element that opens also closes.

use crate::provision::BlockError;

/// XML's escape for text and for attributes in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Refuses a file whose elements do not close in their order: FreeSWITCH would read nothing of it, and its answer
/// names a line of the sum of all files.
pub fn balanced(bytes: &[u8]) -> Result<(), BlockError> {
    let text = String::from_utf8_lossy(bytes);
    let mut open: Vec<(&str, usize)> = Vec::new();
    let mut rest: &str = &text;
    let mut line = 1;
    while let Some(at) = rest.find('<') {
        line += rest[..at].matches('\n').count();
        rest = &rest[at..];
        let broken = |what: String| BlockError::Broken { line, what };
        let end = if rest.starts_with("<!--") {
            rest.find("-->").map(|end| end + 3).ok_or_else(|| broken("a comment has no end".to_owned()))?
        } else {
            end_of_tag(rest).ok_or_else(|| broken("a tag has no `>`".to_owned()))?
        };
        let tag = &rest[..end];
        if let Some(name) = tag.strip_prefix("</") {
            let name = word(name);
            match open.pop() {
                Some((opened, _)) if opened == name => {}
                Some((opened, from)) => {
                    return Err(broken(format!("</{name}> closes <{opened}> of line {from}")));
                }
                None => return Err(broken(format!("</{name}> closes nothing"))),
            }
        } else if !tag.ends_with("/>") && !tag.starts_with("<!") && !tag.starts_with("<?") {
            open.push((word(&tag[1..]), line));
        }
        line += tag.matches('\n').count();
        rest = &rest[end..];
    }
    match open.pop() {
        Some((name, line)) => Err(BlockError::Broken { line, what: format!("<{name}> is never closed") }),
        None => Ok(()),
    }
}

fn word(text: &str) -> &str {
    text.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default()
}

/// Behind the `>` that is not within quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('>', None) => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_that_does_not_close_is_told_with_its_line() {
        let good = "<?xml version=\"1.0\"?>\n<a b=\"x>y\"><!-- <c> --><d/>\n<e f='1'></e></a>\n";
        assert_eq!(balanced(good.as_bytes()), Ok(()));
        let line = |text: &str| match balanced(text.as_bytes()) {
            Err(BlockError::Broken { line, .. }) => line,
            other => panic!("{text:?} gives {other:?}"),
        };
        assert_eq!(line("<a>\n<b>\n</a>"), 3);
        assert_eq!(line("<a>\n<b/>\n"), 1);
        assert_eq!(line("\n</a>"), 2);
        assert_eq!(line("<a/>\n\n<!-- "), 3);
        assert_eq!(line("<a>\n<b c=\"></a>"), 2);
    }
}
