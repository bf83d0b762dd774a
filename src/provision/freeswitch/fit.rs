//! What may stand in FreeSWITCH's configuration.

use std::path::Path;

use crate::provision::{RenderError, render::unfit};

/// The value of an attribute: one line, nothing that FreeSWITCH would expand.
pub(super) fn value(text: &str, what: &str, file: &'static str) -> Result<String, RenderError> {
    let why = if text.is_empty() || text.len() > 1000 {
        "it must have 1 to 1000 bytes"
    } else if text.chars().any(char::is_control) {
        "it contains a control character"
    } else if text.contains("${") {
        "FreeSWITCH would expand ${ in it"
    } else {
        return Ok(text.to_owned());
    };
    Err(unfit(what, why, file))
}

pub(super) fn path(path: &Path) -> Result<String, RenderError> {
    let text = path.to_str().filter(|_| path.is_absolute()).unwrap_or_default();
    let fit = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    if text.is_empty() || !text.chars().all(fit) {
        let what = format!("the path {}", path.display());
        return Err(unfit(&what, "it must be absolute, of letters, digits, '/', '.', '-', '_'", "site.yaml"));
    }
    Ok(text.to_owned())
}

/// A shown name, without what variables are made of.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '$' | '{' | '}' | '\\' | '\'' | '"')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::{freeswitch::xml::escape, render::host};

    #[test]
    fn nothing_of_a_site_ends_an_attribute() {
        assert_eq!(escape("a\"/><x y='&"), "a&quot;/&gt;&lt;x y=&#39;&amp;");
        assert_eq!(plain("O'Brien ${x}\n王"), "OBrien x王");
        for bad in ["", "a\nb", "$${x}", "${x}"] {
            assert!(value(bad, "it", "file").is_err(), "{bad:?}");
        }
        assert!(host("a\"b", "it", "file").is_err() && host("carrier.example:5060", "it", "file").is_ok());
        assert!(path(Path::new("/a b")).is_err() && path(Path::new("relative")).is_err());
    }
}
