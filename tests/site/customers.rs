//! Where numbers are at home, and who else knows customers.

use std::time::Duration;

use tandem::infra::site::{self, Code};

use super::{copy, edit, faults::over_the_caret};

#[test]
fn numbers_are_at_home_where_the_site_says() {
    let (_temp, dir) = copy("examples/small");
    assert_eq!(site::load(&dir).expect("sound").home, "+86");
    edit(&dir, "site.yaml", "\nlease: 30s", "\ncountry_code: +852\nlease: 30s");
    assert_eq!(site::load(&dir).expect("sound").home, "+852");
    edit(&dir, "site.yaml", "+852", "\"+1\"");
    assert_eq!(site::load(&dir).expect("sound").home, "+1");
    for wrong in ["86", "+1204", "+999", "0086", "China"] {
        let (_temp, dir) = copy("examples/small");
        edit(&dir, "site.yaml", "\nlease: 30s", &format!("\ncountry_code: {wrong}\nlease: 30s"));
        let problems = site::load(&dir).expect_err(wrong).0;
        assert_eq!((problems.len(), problems[0].code), (1, Code::BadValue), "{wrong}: {problems:?}");
        assert!(problems[0].help.as_ref().is_some_and(|help| help.contains("`+86`")), "{problems:?}");
        assert_eq!(over_the_caret(&dir, &problems[0]), wrong);
    }
}

fn with(dir: &std::path::Path, customers: &str) {
    edit(dir, "site.yaml", "\nlease: 30s", &format!("\ncustomers: {customers}\nlease: 30s"));
}

#[test]
fn a_customer_system_is_named_with_its_secret() {
    let (_temp, dir) = copy("examples/small");
    assert_eq!(site::load(&dir).expect("sound").crm, None);
    with(
        &dir,
        "{ crm: { url: \"https://crm.example/who\", secret_file: secrets/crm, patience: 200ms, cache: 1h } }",
    );
    let crm = site::load(&dir).expect("sound").crm.expect("named");
    assert_eq!(
        (crm.url.as_str(), crm.secret_file),
        ("https://crm.example/who", Some(dir.join("secrets/crm")))
    );
    assert_eq!((crm.patience, crm.cache), (Duration::from_millis(200), Duration::from_hours(1)));
    for (wrong, over, help) in [
        ("{ crm: { url: \"http://crm.example/who\" } }", "\"http://crm.example/who\"", "https://HOST/PATH"),
        (
            "{ crm: { url: \"https://me:word@crm.example/\" } }",
            "\"https://me:word@crm.example/\"",
            "secret_file",
        ),
        ("{ crm: { url: \"https://crm.example/\", patience: 5s } }", "5s", "from 100ms to 1s"),
        ("{ crm: { url: \"https://crm.example/\", cash: 10m } }", "cash", "did you mean `cache`?"),
    ] {
        let (_temp, dir) = copy("examples/small");
        with(&dir, wrong);
        let problems = site::load(&dir).expect_err(wrong).0;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(over_the_caret(&dir, &problems[0]), over);
        assert!(problems[0].help.as_ref().is_some_and(|said| said.contains(help)), "{problems:?}");
        assert!(!problems[0].message.contains("me:word"), "{problems:?}");
    }
}
