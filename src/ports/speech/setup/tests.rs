use std::{fs, path::PathBuf, time::Duration};

use super::*;
use crate::{
    infra::site,
    ports::speech::{Listener, Unheard, scripted::hearing},
};

fn small() -> Site {
    site::load(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/small")).expect("a sound site")
}

#[test]
fn each_conversation_is_primed_with_what_its_callers_say() {
    let primers = primers(&small());
    let of = |name: &str| &primers[&name.parse::<Name>().expect("a name")];
    let flows: Vec<&str> = primers.keys().map(Name::as_str).collect();
    assert_eq!(flows, ["after_sales", "appointment", "operator"]);
    assert!(of("after_sales").sentences.len() > 300, "{}", of("after_sales").sentences.len());
    assert!(of("after_sales").sentences.iter().any(|said| said == "track order"));
    assert!(of("operator").names.iter().any(|name| name.is_ascii()), "{:?}", of("operator").names);
    let chinese = |said: &String| said.chars().any(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c));
    assert!(!of("after_sales").sentences.iter().take(300).any(chinese), "samples in English only");
}

#[tokio::test]
async fn who_is_not_told_of_has_pocketsphinx_for_english_and_nobody_for_chinese() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut site = small();
    let (all, faults) = of_site(&site, &folder.path().join("speech"));
    assert!(all.hears(Locale::English) && !all.hears(Locale::Chinese));
    assert!(matches!(faults[..], [SpeechFault::NoChinese]), "{faults:?}");
    let chinese = crate::ports::engine::Hearing { locale: Locale::Chinese, ..hearing() };
    assert!(matches!(all.listen(&chinese, 8000), Err(Unheard::Nobody)));

    // Told so, nobody hears without a warning; a server is named; a key that is not there is told.
    let hearer = |hears| Hearer { hears, patience: Duration::from_secs(1) };
    site.speech.insert(Locale::English, hearer(Hears::Nobody));
    site.speech
        .insert(Locale::Chinese, hearer(Hears::Funasr { url: "ws://127.0.0.1:1".into(), ca_file: None }));
    let (all, faults) = of_site(&site, &folder.path().join("speech"));
    assert!(!all.hears(Locale::English) && all.hears(Locale::Chinese) && faults.is_empty(), "{faults:?}");
    let mut listener: Listener = all.listen(&chinese, 8000).expect("a listener");
    assert!(matches!(listener.finish().await, Err(Unheard::Unreachable)));
    let key_file = Some(folder.path().join("key"));
    let url = "https://speech.example/v1".into();
    let http = Hears::Http { url, model: "m".into(), key_file, ca_file: None };
    site.speech.insert(Locale::Chinese, hearer(http));
    assert!(matches!(of_site(&site, folder.path()).1[..], [SpeechFault::Secret(_)]));

    // The engine itself hears, if it can; nobody is put in its place.
    let engine = Hears::Engine {
        module: "unimrcp".into(),
        grammar: "builtin:speech/transcribe".into(),
        profile: None,
        params: [("speech-language".into(), "zh-CN".into())].into(),
    };
    site.speech.insert(Locale::Chinese, hearer(engine));
    let (all, faults) = of_site(&site, folder.path());
    assert!(!all.hears(Locale::Chinese) && all.detector(Locale::Chinese).is_none());
    assert!(matches!(faults[..], [SpeechFault::NotByEngine(Locale::Chinese)]), "{faults:?}");
    assert!(faults[0].concerns(Locale::Chinese) && !faults[0].concerns(Locale::English));
    site.engine.kind = crate::infra::site::EngineKind::Freeswitch;
    let (all, faults) = of_site(&site, folder.path());
    let detector = all.detector(Locale::Chinese).expect("the engine");
    assert_eq!((&*detector.module, detector.patience), ("unimrcp", Duration::from_secs(1)));
    assert!(faults.is_empty() && !all.hears(Locale::Chinese), "{faults:?}");

    site.flows.clear();
    site.speech.clear();
    let (all, faults) = of_site(&site, &folder.path().join("none"));
    assert!(!all.hears(Locale::English) && faults.is_empty(), "a site without conversations needs nobody");
    assert!(fs::metadata(folder.path().join("none")).is_err());
}
