//! Where numbers are at home.

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
