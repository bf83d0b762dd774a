//! Who hears callers, as a site names it.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use tandem::infra::site::{self, Code, Hearer, Hears, Locale, Severity, Speaker, Speaks};

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
    let funasr = Hears::Funasr { url: "ws://127.0.0.1:10095".into(), ca_file: None };
    assert_eq!(speech[&Locale::Chinese], Hearer { hears: funasr, patience: Duration::from_secs(3) });
    let key_file = Some(dir.join("secrets/speech"));
    let http = Hears::Http {
        url: "https://speech.example/v1".into(),
        model: "small".into(),
        key_file,
        ca_file: None,
    };
    assert_eq!(speech[&Locale::English], Hearer { hears: http, patience: Duration::from_secs(5) });
    // Such keys are longer than any password.
    let key = dir.join("secrets/speech");
    fs::create_dir_all(dir.join("secrets")).expect("a folder");
    fs::write(&key, "k".repeat(200)).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("closed");
    site::load(&dir).expect("sound");
}

#[test]
fn a_server_anywhere_is_reached_by_tls() {
    let (_temp, dir) = copy("examples/small");
    with(&dir, "  zh: { recognizer: vosk, url: \"wss://speech.example:2700\" }\n");
    let vosk = Hears::Vosk { url: "wss://speech.example:2700".into(), ca_file: None };
    assert_eq!(site::load(&dir).expect("sound").speech[&Locale::Chinese].hears, vosk);
}

#[test]
fn the_engine_itself_hears_where_it_can_and_a_remedy_is_told_where_it_cannot() {
    let speech = "  en: { recognizer: engine, module: unimrcp, grammar: \"builtin:speech/transcribe\", profile: vosk-1, \
                  params: { speech-language: en-US, no-input-timeout: 8000 } }\n";
    let (_temp, dir) = copy("examples/small");
    with(&dir, speech);
    let params = [("no-input-timeout", "8000"), ("speech-language", "en-US")];
    let wanted = Hears::Engine {
        module: "unimrcp".into(),
        grammar: "builtin:speech/transcribe".into(),
        profile: Some("vosk-1".into()),
        params: params.map(|(name, value)| (name.into(), value.into())).into(),
    };
    let site = site::load(&dir).expect("sound");
    assert_eq!(site.speech[&Locale::English], Hearer { hears: wanted, patience: Duration::from_secs(15) });
    assert_eq!(site::check(&dir).problems.0, []);

    edit(&dir, "site.yaml", "kind: simulator", "kind: asterisk");
    let check = site::check(&dir);
    assert!(check.site.is_some(), "callers use keys: {:?}", check.problems);
    let [problem] = &check.problems.0[..] else { panic!("{:#?}", check.problems) };
    assert_eq!((problem.severity, problem.code), (Severity::Warning, Code::Contradiction));
    assert!(over_the_caret(&dir, problem).contains("engine"));
    let told = format!("{} {:?}", problem.message, problem.help);
    assert!(
        told.contains("ARI") && told.contains("recognizer: vosk") && told.contains("recognizer: none"),
        "{told}"
    );
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
        (
            "  en: { recognizer: vosk, url: \"ws://127.0.0.1\", ca_file: ca.pem }\n",
            Code::Contradiction,
            "ca.pem",
            "remove `ca_file`",
        ),
        (
            "  en: { recognizer: vosk, url: \"wss://speech.example\", ca_file: ca.pem }\n",
            Code::Unreadable,
            "ca.pem",
            "certificates in PEM",
        ),
        (
            "  en: { recognizer: vosk, url: \"wss://speech.example\", ca_file: people.yaml }\n",
            Code::Unreadable,
            "people.yaml",
            "no certificate is in it",
        ),
        ("  en: { recognizer: program, command: [hear] }\n", Code::BadValue, "hear", "from `/` on"),
        ("  en: { recognizer: pocketsphinx, patience: 1h }\n", Code::BadValue, "1h", "30s"),
        ("  fr: { recognizer: none }\n", Code::UnknownKey, "fr", "allowed"),
    ] {
        is_told(speech, code, place, word);
    }
}

/// Exactly this is wrong with it.
fn is_told(speech: &str, code: Code, place: &str, word: &str) {
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

#[test]
fn what_the_engine_would_misread_is_told_at_its_place() {
    for (speech, code, place, word) in [
        ("  en: { recognizer: engine, module: unimrcp }\n", Code::MissingKey, "en", "grammar"),
        ("  en: { recognizer: engine, grammar: \"builtin:a\" }\n", Code::MissingKey, "en", "module"),
        (
            "  en: { recognizer: engine, module: stop, grammar: \"builtin:a\" }\n",
            Code::BadValue,
            "stop",
            "unimrcp",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: \"{x=y}builtin:a\" }\n",
            Code::BadValue,
            "{x=y}builtin:a",
            "builtin:speech/transcribe",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: \"a\\nuuid_kill all\" }\n",
            Code::BadValue,
            "uuid_kill",
            "address",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: a, profile: \"a b\" }\n",
            Code::BadValue,
            "a b",
            "letters",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: a, params: { \"a}b\": x } }\n",
            Code::BadValue,
            "a}b",
            "letters",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: a, params: { a: \"1,b=${c}\" } }\n",
            Code::BadValue,
            "1,b=${c}",
            "letters",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: a, url: \"ws://127.0.0.1\" }\n",
            Code::UnknownKey,
            "url",
            "remove it",
        ),
        (
            "  en: { recognizer: engine, module: unimrcp, grammar: a, params: 5 }\n",
            Code::WrongType,
            "5",
            "table",
        ),
    ] {
        is_told(speech, code, place, word);
    }
}

#[test]
fn each_language_has_the_voice_that_it_names() {
    let (_temp, dir) = copy("examples/small");
    assert!(site::load(&dir).expect("sound").voices.is_empty());
    with(
        &dir,
        "  zh: { synthesizer: { kind: http, url: \"https://speech.example/v1\", model: m, voice: anna, key_file: secrets/speech } }\n  \
         en: { recognizer: none, synthesizer: { kind: espeak-ng, voice: en-gb+f3, speed: 140, patience: 3s } }\n",
    );
    let read = site::load(&dir).expect("sound");
    assert!(!read.speech.contains_key(&Locale::Chinese), "who names only a voice has the usual recogniser");
    assert_eq!(read.speech[&Locale::English].hears, Hears::Nobody);
    let english = Speaks::Espeak { voice: Some("en-gb+f3".into()), speed: 140 };
    assert_eq!(read.voices[&Locale::English], Speaker { speaks: english, patience: Duration::from_secs(3) });
    let key_file = Some(dir.join("secrets/speech"));
    let (url, model, voice) = ("https://speech.example/v1".into(), "m".into(), "anna".into());
    assert_eq!(
        read.voices[&Locale::Chinese].speaks,
        Speaks::Http { url, model, voice, key_file, ca_file: None }
    );
}

#[test]
fn what_is_wrong_with_a_voice_is_told_at_its_place() {
    for (voice, code, place, word) in [
        ("{ kind: espeak }", Code::BadValue, "espeak", "did you mean `espeak-ng`"),
        ("{ kind: espeak-ng, voice: --version }", Code::BadValue, "--version", "--voices"),
        ("{ kind: espeak-ng, speed: 20 }", Code::BadValue, "20", "80"),
        ("{ kind: espeak-ng, url: \"https://a\" }", Code::UnknownKey, "url", "remove it"),
        ("{ kind: http, url: \"https://a/v1\", model: m }", Code::MissingKey, "synthesizer", "voice"),
        (
            "{ kind: http, url: \"http://a/v1\", model: m, voice: v }",
            Code::BadValue,
            "http://a/v1",
            "https://HOST",
        ),
        (
            "{ kind: http, url: \"https://a:b@c\", model: m, voice: v }",
            Code::BadValue,
            "https://a:b@c",
            "https",
        ),
        ("{ kind: program, command: say }", Code::BadValue, "say", "from `/` on"),
        ("{ kind: program, command: [/bin/say], patience: 2m }", Code::BadValue, "2m", "1m"),
        ("{ kind: program, command: [/bin/say], tongue: x }", Code::UnknownKey, "tongue", "allowed"),
        ("{ voice: en-us }", Code::MissingKey, "synthesizer", "kind"),
        ("espeak-ng", Code::WrongType, "espeak-ng", ""),
    ] {
        is_told(&format!("  en: {{ recognizer: none, synthesizer: {voice} }}\n"), code, place, word);
    }
}
