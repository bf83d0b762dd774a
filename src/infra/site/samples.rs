//! `language/*.yaml`: what callers say for each intent, by language, and what they say that is in no intent's scope.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    Code, Locale, Problems,
    decode::{self, Fields, Shape, shorten, suggest},
    general::locale,
    names::Known,
    source::Findings,
    tree::{self, Key, Node},
};

const FILE: Shape = Shape {
    what: "a file of samples",
    keys: &[
        ("intents", "intents: { refund: { samples: { en: [\"i want my money back\"] } } }"),
        ("out_of_scope", "out_of_scope: { en: [\"sing me a song\"] }"),
    ],
};
const INTENT: Shape = Shape {
    what: "an intent",
    keys: &[
        ("name", "name: { en: Refund, zh: 退款 }"),
        ("samples", "samples: { en: [\"i want my money back\"] }"),
    ],
};
/// The folder of a site's samples.
const FOLDER: &str = "language";
/// Fewer sentences of an intent in a language teach nothing.
const FEW: usize = 5;
/// An intent's name is no longer than this.
const LONGEST: usize = 100;
/// A sample is no longer than this.
const LONGEST_SAMPLE: usize = 500;

/// What stands in files of samples.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// What each intent is called to people.
    pub names: BTreeMap<String, BTreeMap<Locale, String>>,
    pub said: Vec<Said>,
}

/// A sentence that callers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `None` when it is in no intent's scope.
    pub intent: Option<String>,
    pub locale: Locale,
    pub text: String,
}

/// A file of samples of a site.
#[derive(Debug)]
pub(super) struct Learned {
    pub file: PathBuf,
    pub intents: Known,
}

/// The samples of a site, by the names of their files; what is wrong with them is noted.
pub(super) fn of_site(root: &Path, spoken: &[Locale], to: &mut Findings) -> BTreeMap<String, Learned> {
    let mut all = BTreeMap::new();
    for file in super::yaml_files(&root.join(FOLDER)) {
        let path = format!("{FOLDER}/{file}");
        let Some(node) = to.read(root, &path).and_then(|read| tree::parse(read, to)) else { continue };
        let mut samples = Samples::default();
        let errors = to.count();
        self::read(&node, &mut samples, to);
        let intents = super::under(&node, "intents");
        let known = Known::of_table("intent", "its file of samples", intents, true);
        if to.count() == errors {
            overlaps(&samples, &known, spoken, to);
        }
        let name = file.trim_end_matches(".yaml").to_owned();
        all.insert(name, Learned { file: root.join(&path), intents: known });
    }
    all
}

/// Sentences that mean two intents, intents that nobody says in a language of the site.
fn overlaps(samples: &Samples, known: &Known, spoken: &[Locale], to: &mut Findings) {
    let mut first: BTreeMap<String, &Said> = BTreeMap::new();
    for said in &samples.said {
        let plain: String = said.text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        let before = first.entry(plain).or_insert(said);
        if before.intent != said.intent {
            let name = |intent: &Option<String>| intent.clone().unwrap_or_else(|| "out_of_scope".to_owned());
            let (one, other) = (name(&before.intent), name(&said.intent));
            let message = format!("“{}” means both `{one}` and `{other}`", shorten(&said.text));
            let place = known.place(&other).or_else(|| known.place(&one));
            if let Some(place) = place {
                to.error(Code::Duplicate, place, message, "leave the sentence to one of them");
            }
        }
    }
    for key in known.all() {
        for locale in spoken {
            let of = |said: &&Said| said.intent.as_ref() == Some(&key.text) && said.locale == *locale;
            let count = samples.said.iter().filter(of).count();
            let language = match locale {
                Locale::Chinese => "zh",
                Locale::English => "en",
            };
            let (code, message) = match count {
                0 => (Code::Untranslated, format!("nobody says the intent `{}` in `{language}`", key.text)),
                1..FEW => (
                    Code::Contradiction,
                    format!("the intent `{}` has {count} sentences in `{language}`", key.text),
                ),
                _ => continue,
            };
            let help = format!("write what callers say in `{language}`; from {FEW} on it can be learned");
            to.warn(code, key.place, message, help);
        }
    }
}

/// The samples in a file, or in all YAML files of a folder.
pub fn load(path: &Path) -> Result<Samples, Problems> {
    let mut to = Findings::default();
    let mut samples = Samples::default();
    let (root, files) = files(path);
    if files.is_empty() {
        let place = to.absent(&path.display().to_string());
        to.error(
            Code::MissingFile,
            place,
            "no file of samples is here",
            "write one that ends in .yaml, as docs/language.md shows",
        );
    }
    for file in files {
        let before = to.count();
        match to.read(&root, &file) {
            Some(read) => {
                if let Some(node) = tree::parse(read, &mut to) {
                    self::read(&node, &mut samples, &mut to);
                }
            }
            None if to.count() == before => {
                let place = to.absent(&file);
                to.error(
                    Code::MissingFile,
                    place,
                    "there is no such file",
                    "name a file of samples, or a folder of them",
                );
            }
            None => {}
        }
    }
    if to.has_errors() { Err(to.into_problems()) } else { Ok(samples) }
}

fn files(path: &Path) -> (PathBuf, Vec<String>) {
    if path.is_dir() {
        return (path.to_owned(), super::yaml_files(path));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    (path.parent().map(Path::to_owned).unwrap_or_default(), name.into_iter().collect())
}

fn read(node: &Node, samples: &mut Samples, to: &mut Findings) {
    let Some(fields) = Fields::open(node, node.place, &FILE, to) else { return };
    if let Some(intents) = fields.get("intents") {
        for (key, node) in
            decode::entries(intents, "intents", "refund: { samples: { en: [\"i want my money back\"] } }", to)
        {
            intent(key, node, samples, to);
        }
    }
    if let Some(outside) = fields.get("out_of_scope") {
        said(None, outside, samples, to);
    }
}

fn intent(key: &Key, node: &Node, samples: &mut Samples, to: &mut Findings) {
    if key.text.is_empty()
        || key.text.len() > LONGEST
        || key.text.chars().any(|c| c.is_control() || c.is_whitespace())
    {
        let message = format!("`{}` cannot name an intent", shorten(&key.text));
        to.error(Code::BadValue, key.place, message, "one word, such as `refund` or `order_status`");
        return;
    }
    let Some(fields) = Fields::open(node, key.place, &INTENT, to) else { return };
    let names = fields.get("name").map(|node| by_locale(node, "names", "en: Refund", to)).unwrap_or_default();
    let shown = samples.names.entry(key.text.clone()).or_default();
    for (locale, node) in names {
        if let Some(name) = decode::scalar(node, "Refund", to) {
            shown.insert(locale, name.to_owned());
        }
    }
    if let Some(node) = fields.need("samples", to) {
        said(Some(&key.text), node, samples, to);
    }
}

fn said(intent: Option<&str>, node: &Node, samples: &mut Samples, to: &mut Findings) {
    for (locale, node) in by_locale(node, "samples", "en: [\"i want my money back\"]", to) {
        for node in decode::list(node) {
            let Some(text) = decode::scalar(node, "i want my money back", to) else { continue };
            if text.len() > LONGEST_SAMPLE {
                to.error(
                    Code::TooLarge,
                    node.place,
                    "this sample is too long",
                    "a sample is one sentence of a caller",
                );
            } else {
                samples.said.push(Said { intent: intent.map(str::to_owned), locale, text: text.to_owned() });
            }
        }
    }
}

fn by_locale<'a>(node: &'a Node, what: &str, example: &str, to: &mut Findings) -> Vec<(Locale, &'a Node)> {
    let mut found = Vec::new();
    for (key, node) in decode::entries(node, what, example, to) {
        if let Some(locale) = locale(&key.text) {
            found.push((locale, node));
        } else {
            let message = format!("Tandem speaks no `{}`", shorten(&key.text));
            to.error(Code::UnknownKey, key.place, message, suggest(&key.text, &["zh", "en"], "allowed"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn of(text: &str) -> Result<Samples, Problems> {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("menu.yaml"), text).expect("write");
        load(folder.path())
    }

    #[test]
    fn samples_come_by_intent_and_language() {
        let read = of("intents:\n  refund:\n    name: { en: Refund, zh-CN: 退款 }\n    samples:\n      en: [money back please]\n      zh: [我要退款, 钱退给我]\nout_of_scope:\n  zh: [给我唱首歌]\n").expect("samples");
        assert_eq!(read.names["refund"][&Locale::Chinese], "退款");
        let texts: Vec<_> =
            read.said.iter().map(|said| (said.intent.as_deref(), said.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                (Some("refund"), "money back please"),
                (Some("refund"), "我要退款"),
                (Some("refund"), "钱退给我"),
                (None, "给我唱首歌")
            ]
        );
    }

    #[test]
    fn everything_wrong_is_said_with_its_place() {
        let problems = of("intents:\n  re fund: { samples: { en: [a] } }\n  order: { name: { fr: Commande } }\nintent: {}\n").expect_err("wrong");
        let said: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 4, "{said:#?}");
        for (problem, part) in said.iter().zip([
            "2:3: `re fund` cannot",
            "3:3: an intent needs the key `samples`",
            "3:20: Tandem speaks no `fr`",
            "4:1: a file of samples has no key `intent`",
        ]) {
            assert!(problem.contains(part), "{problem} has {part}");
        }
    }

    #[test]
    fn no_file_and_no_samples_are_told_apart() {
        let none = load(Path::new("/nowhere/menu.yaml")).expect_err("no file");
        assert!(none.0[0].message.contains("no such file"), "{none}");
        assert_eq!(of("").expect("an empty file"), Samples::default());
    }
}
