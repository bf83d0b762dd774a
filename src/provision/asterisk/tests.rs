//! What is rendered stands in a snapshot, and nothing that a site can say changes its shape.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    base::number::Number,
    infra::site::{EngineKind, EngineSettings, Extension, Trunk},
};

fn site(shown: &str) -> Site {
    let number = |text| Number::new(text).expect("a number");
    let name = |text| Name::new(text).expect("a name");
    let extension = |phone| Extension::new(shown, name(phone), "/nowhere");
    let browser = Extension { webrtc: true, ..extension("desk") };
    let engine = EngineSettings {
        domain: "127.0.0.1".into(),
        config: "/etc/asterisk".into(),
        ..EngineSettings::at(EngineKind::Asterisk, ([127, 0, 0, 1], 8088))
    };
    Site {
        languages: Vec::new(),
        engine,
        extensions: [(number("1001"), extension("1001")), (number("1009"), browser)].into(),
        trunks: [(name("carrier"), Trunk::to("127.0.0.1:5070"))].into(),
        ..Site::bare("test", number("1009"))
    }
}

fn target(secret: &str) -> AsteriskTarget {
    let secrets = ["1001", "desk"]
        .map(|phone| (Name::new(phone).expect("a name"), SecretString::from(secret.to_owned())));
    AsteriskTarget {
        sip: Ports::at(5060),
        http: Ports::at(8088),
        user: "tandem".into(),
        password: SecretString::from(secret.to_owned()),
        secrets: secrets.into(),
        lines: BTreeMap::new(),
        music: Some("/run/lab/music".into()),
        outside: vec!["127.0.0.0/8".into()],
        browsers: Some(Browsers {
            listen: Ports::at(8089),
            identity: SecretString::from("a certificate, then its key\n".to_owned()),
            config: "/etc/asterisk".into(),
        }),
    }
}

/// Section names, and keys with the first character of their lines: the shape of a configuration.
fn shape(files: &[Rendered]) -> Vec<String> {
    let key = |line: &str| line.split('=').next().unwrap_or_default().trim_end().to_owned();
    files.iter().flat_map(|file| file.text.lines().map(key)).collect()
}

fn around() -> Vec<Rendered> {
    let (run, modules, data) = ("/run/lab".into(), "/tree/modules".into(), "/run/lab/data".into());
    let ports = Ports { sip: 5060, http: 8088, rtp_from: 20000, rtp_to: 20398 };
    machine(&Machine { run, modules, data, ports }).expect("it renders")
}

#[test]
fn the_files_are_those_of_the_snapshot() {
    let files = render(&site("Anna 安娜"), &target("secret")).expect("it renders");
    let all: String = around()
        .iter()
        .chain(&files)
        .filter(|file| file.path != std::path::Path::new("modules.conf"))
        .map(|file| format!("=== {} {:o}\n{}\n", file.path.display(), file.mode, file.alone()))
        .collect();
    insta::assert_snapshot!("asterisk", all);
}

/// Why it must not be loaded is told in `docs/engines/asterisk.md`.
#[test]
fn the_module_that_jams_is_not_loaded() {
    let noload = |text: &str| {
        let jams = text.lines().filter(|line| line.contains("res_stasis_device_state"));
        assert_eq!(jams.collect::<Vec<_>>(), ["noload = res_stasis_device_state.so"], "{text}");
    };
    let files = around();
    let modules = files.iter().find(|file| file.path == std::path::Path::new("modules.conf"));
    let modules = modules.expect("modules.conf");
    noload(&modules.text);
    assert!(modules.text.lines().any(|line| line == "autoload = no"));
    // A package's file stays as it is, and so do its modules.
    let files = render(&site("Anna"), &target("secret")).expect("it renders");
    let ours =
        files.iter().find(|file| file.path == std::path::Path::new("modules.conf")).expect("modules.conf");
    let packaged = "[modules]\nautoload=yes\nnoload = chan_alsa.so\n";
    for standing in [packaged.to_owned(), format!("{packaged}; END\n")] {
        let text = join(standing.as_bytes(), &ours.text).expect("it fits");
        assert_eq!(text, ours.text, "once joined it stays");
        let whole = String::from_utf8(ours.beside(standing.as_bytes()).expect("it fits")).expect("text");
        assert!(whole.starts_with(&standing) && whole.contains("\n[modules](+)\n"), "{whole}");
        noload(&whole);
        let again = ours.beside(whole.as_bytes()).expect("it fits");
        assert_eq!(String::from_utf8(again).expect("text"), whole);
    }
    let new = ours.alone();
    assert!(new.starts_with("[modules]\nautoload = yes\n"), "{new}");
    assert_eq!(join(new.as_bytes(), &ours.text).expect("it fits"), ours.text);
}

#[test]
fn files_with_passwords_are_readable_by_their_owner_only() {
    for file in render(&site("Anna"), &target("s3cr3t")).expect("it renders") {
        let secret = ["s3cr3t", "then its key"].iter().any(|word| file.text.contains(word));
        assert_eq!(secret, file.mode == 0o600, "{}", file.path.display());
    }
}

#[test]
fn what_cannot_be_written_is_refused_with_the_place_to_change() {
    for bad in ["", " zqz", "zqz ", "z\nqz", "zq\rz", "zq\0z", "zq\\;z", &"zq".repeat(501)] {
        let refused = render(&site("Anna"), &target(bad)).err().expect(bad).to_string();
        assert!(refused.contains("change it in its "), "{bad:?}: {refused}");
        assert!(!refused.contains("zq"), "the password is told: {refused}");
    }
    let mut nobody = site("Anna");
    nobody.fallback = Number::new("4711").expect("a number");
    assert!(matches!(render(&nobody, &target("s")), Err(RenderError::NoFallback { .. })));
    let mut strange = site("Anna");
    for trunk in strange.trunks.values_mut() {
        trunk.address = "host:1\n[evil]".into();
    }
    assert!(matches!(render(&strange, &target("s")), Err(RenderError::Unfit { file: "trunks.yaml", .. })));
}

proptest! {
    #[test]
    fn nothing_from_a_site_changes_the_shape(shown in any::<String>(), secret in any::<String>()) {
        let plain = shape(&render(&site("Anna"), &target("secret")).expect("it renders"));
        if let Ok(files) = render(&site(&shown), &target("secret")) {
            prop_assert_eq!(&shape(&files), &plain);
        }
        if let Ok(files) = render(&site("Anna"), &target(&secret)) {
            prop_assert_eq!(&shape(&files), &plain);
            // A semicolon begins a comment unless a backslash stands before it.
            for line in files.iter().flat_map(|file| file.text.lines()).filter(|line| line.starts_with("password")) {
                let bare = line.match_indices(';').any(|(at, _)| !line[..at].ends_with('\\'));
                prop_assert!(!bare, "{line}");
            }
        }
    }
}
