//! The site's YAML as an admin writes it: what is right is loaded, what is wrong is told with its place.

use std::path::Path;

use tandem::infra::site;

#[test]
fn every_example_is_clean() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = 0;
    for entry in std::fs::read_dir(&examples).expect("examples") {
        let path = entry.expect("entry").path();
        if path.join("site.yaml").exists() {
            let report = site::check(&path);
            assert_eq!(report.problems.0, [], "{}", path.display());
            assert!(report.site.is_some(), "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 0, "no example in {}", examples.display());
}
