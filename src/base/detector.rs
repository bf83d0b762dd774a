//! What may stand in the words that an engine's own recogniser is told. They come from the site's files and go onto the
//! engine's command line, whose signs have too many meanings: this is a list of what is allowed.

/// One kind of word.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    signs: &'static str,
    longest: usize,
    /// A letter comes first.
    named: bool,
    /// Words that mean something else in the same place.
    but: &'static [&'static str],
    /// What to write instead.
    pub remedy: &'static str,
}

/// A module, or one of its profiles.
pub const MODULE: Words = Words {
    signs: "._-",
    longest: 64,
    named: true,
    but: &[
        "grammar",
        "nogrammar",
        "grammaron",
        "grammaroff",
        "grammarsalloff",
        "init",
        "pause",
        "resume",
        "stop",
        "param",
        "start-input-timers",
        "start_input_timers",
    ],
    remedy: "write the name of the module's recogniser, like `unimrcp`: letters, digits, `.`, `_` and `-`, a letter first",
};
/// The address of a grammar.
pub const GRAMMAR: Words = Words {
    signs: "._-:/?=&;%#@+~",
    longest: 500,
    named: true,
    but: &[],
    remedy: "write the grammar's address, like `builtin:speech/transcribe` or `https://HOST/orders.grxml`; \
             what it says belongs into a file or onto a server",
};
/// The name of a param.
pub const PARAM: Words = Words {
    signs: "._-",
    longest: 64,
    named: true,
    but: &[],
    remedy: "use letters, digits, `.`, `_` and `-`, a letter first",
};
/// Its value.
pub const VALUE: Words = Words {
    signs: "._-:/+",
    longest: 100,
    named: false,
    but: &[],
    remedy: "use letters, digits, `.`, `_`, `-`, `:`, `/` and `+`; what is secret belongs into the module's own configuration",
};

impl Words {
    pub fn allows(&self, text: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || self.signs.contains(c);
        !text.is_empty()
            && text.len() <= self.longest
            && (!self.named || text.starts_with(|c: char| c.is_ascii_alphabetic()))
            && !self.but.iter().any(|word| text.eq_ignore_ascii_case(word))
            && text.chars().all(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_allowed_and_nothing_that_would_be_obeyed() {
        for (words, fine) in [
            (MODULE, &["unimrcp", "test", "azure_asr-2"][..]),
            (
                GRAMMAR,
                &["builtin:speech/transcribe", "https://h.example:8443/a.grxml?x=1&y=%20", "session:a@b"],
            ),
            (PARAM, &["speech-language", "start-input-timers"]),
            (VALUE, &["en-US", "0.5", "5000", "-1"]),
        ] {
            for text in fine {
                assert!(words.allows(text), "{text}");
            }
            for text in
                ["", "a b", "a\nb", "a\r", "a\0", "{a}", "${a}", "a,b", "a'b", "a\"b", "a\\nb", "a|b", "ä"]
            {
                assert!(!words.allows(text), "{text:?} as {words:?}");
            }
            assert!(!words.allows(&"a".repeat(501)));
        }
        for text in ["stop", "Pause", "param", "start_input_timers"] {
            assert!(!MODULE.allows(text), "{text} is a command of its own");
        }
        assert!(!GRAMMAR.allows("{result=x}builtin:a") && !GRAMMAR.allows("-x"));
    }
}
