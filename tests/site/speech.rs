//! Who hears callers, as a site names it.

use std::{path::Path, time::Duration};

use tandem::infra::site::{self, Code, Hearer, Hears, Locale};

use super::{copy, edit, faults::over_the_caret};

fn with(dir: &Path, speech: &str) {
    edit(dir, "site.yaml", "\nlease: 30s", &format!("\nspeech:\n{speech}lease: 30s"));
}

#[test]
fn each_language_has_whom_it_names() {
    let (_temp, dir) = copy("examples/small");
    assert!(site::load(&dir).expect("sound").speech.is_empty());
    with(
        &dir,
        "  zh: { recognizer: funasr, url: \"ws://127.0.0.1:10095\", patience: 3s }\n  \
         en: { recognizer: http, url: \"https://speech.example/v1\", model: small, key_file: secrets/speech }\n",
    );
    let speech = site::load(&dir).expect("sound").speech;
    let funasr = Hears::Funasr { url: "ws://127.0.0.1:10095".into() };
    assert_eq!(speech[&Locale::Chinese], Hearer { hears: funasr, patience: Duration::from_secs(3) });
    let key_file = Some(dir.join("secrets/speech"));
    let http = Hears::Http { url: "https://speech.example/v1".into(), model: "small".into(), key_file };
    assert_eq!(speech[&Locale::English], Hearer { hears: http, patience: Duration::from_secs(5) });
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (speech, code, place, word) in [
        ("  en: { recognizer: pocketsfinx }\n", Code::BadValue, "pocketsfinx", "did you mean `pocketsphinx`"),
        ("  zh: { recognizer: pocketsphinx }\n", Code::BadValue, "pocketsphinx", "Vosk or FunASR"),
        ("  en: { recognizer: vosk }\n", Code::MissingKey, "en", "url"),
        (
            "  en: { recognizer: vosk, url: \"ws://speech.example\" }\n",
            Code::BadValue,
            "ws://speech.example",
            "private",
        ),
        (
            "  en: { recognizer: http, url: \"https://a:b@c/v1\", model: m }\n",
            Code::BadValue,
            "https://a:b@c/v1",
            "https://HOST",
        ),
        (
            "  en: { recognizer: vosk, url: \"ws://127.0.0.1\", workers: 2 }\n",
            Code::UnknownKey,
            "workers",
            "remove it",
        ),
        ("  en: { recognizer: program, command: [hear] }\n", Code::BadValue, "hear", "from `/` on"),
        ("  en: { recognizer: pocketsphinx, patience: 1h }\n", Code::BadValue, "1h", "30s"),
        ("  fr: { recognizer: none }\n", Code::UnknownKey, "fr", "allowed"),
    ] {
        let (_temp, dir) = copy("examples/small");
        with(&dir, speech);
        let problems = site::load(&dir).expect_err(speech).0;
        let [problem] = &problems[..] else { panic!("{speech}: {problems:#?}") };
        assert_eq!(problem.code, code, "{speech}: {problem:#?}");
        let told = over_the_caret(&dir, problem);
        assert!(told.contains(place), "{speech}: {told}");
        let told = format!("{} {:?}", problem.message, problem.help);
        assert!(told.contains(word) && !told.contains("a:b@"), "{speech}: {told}");
    }
}
