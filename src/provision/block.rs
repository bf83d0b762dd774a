//! Our block in a file that an admin owns too: found by its marks, replaced between them, everything else kept to
//! the byte.

const BEGIN: &str = "BEGIN TANDEM: `tandem apply` writes down to the end mark; edit above or below";
const END: &str = "END TANDEM";

/// How a format writes a comment on a line of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comment {
    Semicolon,
    Xml,
}

/// Where a block stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub comment: Comment,
    /// What a new file has above and below the block.
    pub open: &'static str,
    pub close: &'static str,
    /// In a file that has no block yet it goes above the last line with this word; else to the end.
    pub above: Option<&'static str>,
}

/// Why a file cannot take our block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    #[error("line {0}: this begin mark of Tandem has no end mark; put `{END}` back where the block ends")]
    NoEnd(usize),
    #[error(
        "line {0}: this end mark of Tandem has no begin mark; remove the line, or put the begin mark back"
    )]
    NoBegin(usize),
    #[error("line {0}: a second block of Tandem; remove one of them with both its marks")]
    Twice(usize),
    #[error("there is no `{0}` above which Tandem's block could go; repair the file, or move it away")]
    NoPlace(&'static str),
    #[error(
        "line {line}: [{section}] stands in Tandem's part too; give yours another name, or remove the extension or trunk"
    )]
    Clash { line: usize, section: String },
    #[error("line {line}: [{section}] would end Tandem's own; move it above Tandem's block")]
    Below { line: usize, section: String },
    #[error("line {line}: {what}; repair the file first")]
    Broken { line: usize, what: String },
}

/// What stands above, in, and below our block. Without a block everything is above.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub above: &'a [u8],
    pub block: Option<&'a [u8]>,
    pub below: &'a [u8],
}

/// Finds our block.
pub(super) fn split(bytes: &[u8], comment: Comment) -> Result<Split<'_>, BlockError> {
    let (mut begin, mut end) = (None, None);
    let mut at = 0;
    for (index, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
        let number = index + 1;
        if is_mark(line, comment, "BEGIN TANDEM") {
            if begin.is_some() {
                return Err(BlockError::Twice(number));
            }
            begin = Some((number, at, at + line.len()));
        } else if is_mark(line, comment, END) {
            if begin.is_none() || end.is_some() {
                return Err(BlockError::NoBegin(number));
            }
            end = Some((at, at + line.len()));
        }
        at += line.len();
    }
    match (begin, end) {
        (None, _) => Ok(Split { above: bytes, block: None, below: &[] }),
        (Some((number, ..)), None) => Err(BlockError::NoEnd(number)),
        (Some((_, from, inside)), Some((until, to))) => {
            Ok(Split { above: &bytes[..from], block: Some(&bytes[inside..until]), below: &bytes[to..] })
        }
    }
}

fn is_mark(line: &[u8], comment: Comment, word: &str) -> bool {
    let line = String::from_utf8_lossy(line);
    let rest = match comment {
        Comment::Semicolon => line.trim().strip_prefix(';'),
        Comment::Xml => line.trim().strip_prefix("<!--"),
    };
    rest.is_some_and(|rest| rest.trim_start().starts_with(word))
}

/// The block with its marks.
fn marked(text: &str, comment: Comment) -> String {
    let mark = |word: &str| match comment {
        Comment::Semicolon => format!("; {word}\n"),
        Comment::Xml => format!("<!-- {word} -->\n"),
    };
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{}{text}{end}{}", mark(BEGIN), mark(END))
}

/// A file in which nothing but our block stands.
pub(super) fn alone(frame: Frame, text: &str) -> String {
    if text.is_empty() {
        return format!("{}{}", frame.open, frame.close);
    }
    format!("{}{}{}", frame.open, marked(text, frame.comment), frame.close)
}

/// The standing file with `text` as our block, or without a block when `text` is empty.
pub(super) fn merge(standing: &[u8], frame: Frame, text: &str) -> Result<Vec<u8>, BlockError> {
    let split = split(standing, frame.comment)?;
    if text.is_empty() {
        return Ok([split.above, split.below].concat());
    }
    let block = marked(text, frame.comment);
    if split.block.is_some() {
        return Ok([split.above, block.as_bytes(), split.below].concat());
    }
    let at = match frame.above {
        Some(word) => last_line_with(standing, word).ok_or(BlockError::NoPlace(word))?,
        None => standing.len(),
    };
    let (above, below) = standing.split_at(at);
    let gap: &[u8] = if above.is_empty() || above.ends_with(b"\n") { b"" } else { b"\n" };
    Ok([above, gap, block.as_bytes(), below].concat())
}

/// Where the last line with a word begins; if something else stands before the word, where the word does.
fn last_line_with(bytes: &[u8], word: &str) -> Option<usize> {
    let at = bytes.windows(word.len()).rposition(|window| window == word.as_bytes())?;
    let line = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    Some(if bytes[line..at].iter().all(u8::is_ascii_whitespace) { line } else { at })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const INI: Frame = Frame { comment: Comment::Semicolon, open: "", close: "", above: None };
    const XML: Frame = Frame { comment: Comment::Xml, open: "<a>\n", close: "</a>\n", above: Some("</a>") };

    #[test]
    fn a_block_is_put_replaced_and_taken_away() {
        let first = merge(b"[mine]\nx = 1", INI, "[ours]\n").expect("fits");
        let text = String::from_utf8(first.clone()).expect("text");
        assert!(
            text.starts_with("[mine]\nx = 1\n; BEGIN TANDEM") && text.ends_with("[ours]\n; END TANDEM\n"),
            "{text}"
        );
        let second = merge(&first, INI, "[other]").expect("fits");
        assert_eq!(merge(&second, INI, "[ours]\n").expect("fits"), first);
        assert_eq!(merge(&first, INI, "").expect("fits"), b"[mine]\nx = 1\n");
        let within = merge(b"<a>\n  <b/>\n  </a>\n", XML, "  <c/>\n").expect("fits");
        let within = String::from_utf8(within).expect("text");
        assert!(
            within.starts_with("<a>\n  <b/>\n<!-- BEGIN") && within.ends_with("END TANDEM -->\n  </a>\n"),
            "{within}"
        );
        assert_eq!(merge(alone(XML, "x").as_bytes(), XML, "x").expect("fits"), alone(XML, "x").as_bytes());
    }

    #[test]
    fn marks_that_do_not_fit_together_are_refused_with_their_line() {
        let refused = |text: &str| split(text.as_bytes(), Comment::Semicolon).expect_err(text);
        assert_eq!(refused("a\n; BEGIN TANDEM\n"), BlockError::NoEnd(2));
        assert_eq!(refused("a\n;END TANDEM\n"), BlockError::NoBegin(2));
        assert_eq!(refused(";BEGIN TANDEM\n;END TANDEM\n;BEGIN TANDEM\n;END TANDEM"), BlockError::Twice(3));
        assert_eq!(refused(";BEGIN TANDEM\n;END TANDEM\n\n;END TANDEM"), BlockError::NoBegin(4));
        assert_eq!(merge(b"<b/>", XML, "x"), Err(BlockError::NoPlace("</a>")));
    }

    proptest! {
        #[test]
        fn what_stands_around_is_kept_to_the_byte(
            above in proptest::collection::vec(any::<u8>(), 0..80),
            below in proptest::collection::vec(any::<u8>(), 0..80),
            texts in proptest::collection::vec("[a-z =\n]{0,40}[a-z]", 1..4),
        ) {
            let mut standing = above.clone();
            standing.extend_from_slice(b"\n");
            standing.extend_from_slice(marked("x", Comment::Semicolon).as_bytes());
            standing.extend_from_slice(&below);
            prop_assume!(split(&standing, Comment::Semicolon).is_ok());
            for text in &texts {
                standing = merge(&standing, INI, text).expect("fits");
                let split = split(&standing, Comment::Semicolon).expect("whole");
                prop_assert_eq!(&split.above[..split.above.len() - 1], &above[..]);
                prop_assert_eq!(split.below, &below[..]);
                let block = format!("{text}\n");
                prop_assert_eq!(split.block.expect("a block"), block.as_bytes());
            }
        }
    }
}
