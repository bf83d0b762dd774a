use proptest::prelude::*;

use super::*;

fn of(body: &str) -> String {
    words(body.as_bytes()).to_string()
}

#[test]
fn words_are_read_from_nlsml_as_servers_write_it() {
    // RFC 6787, section 9.6.3, in the parts that matter.
    let inner = |interpretation: &str| {
        format!(
            "<?xml version=\"1.0\"?>\n<result xmlns=\"urn:ietf:params:xml:ns:mrcpv2\" grammar=\"session:a\">{interpretation}</result>"
        )
    };
    for (body, wanted) in [
        (
            "<interpretation grammar=\"session:request1@form-level.store\" confidence=\"0.97\"><instance name=\"Person\">\
             <Person><Name>Andre Roy</Name></Person></instance><input mode=\"speech\">may I speak to Andre Roy</input></interpretation>",
            "may I speak to Andre Roy",
        ),
        (
            "<interpretation><input>\n  i want\n my money back </input></interpretation>",
            "i want my money back",
        ),
        (
            "<interpretation><input><input mode=\"speech\">two</input> <input mode=\"speech\">three</input></input></interpretation>",
            "two three",
        ),
        ("<interpretation><instance>yes</instance><input/></interpretation>", "yes"),
        ("<interpretation><instance><SWI_literal>yes</SWI_literal></instance></interpretation>", "yes"),
        (
            "<interpretation><input mode='speech'>O&apos;Brien &amp; &#x5F20;&#19977;</input></interpretation>",
            "O'Brien & 张三",
        ),
        ("<interpretation><input><![CDATA[a < b]]></input></interpretation>", "a < b"),
        // The first is the likeliest.
        (
            "<interpretation><input>one</input></interpretation><interpretation><input>two</input></interpretation>",
            "one",
        ),
        ("<!-- <input>no</input> --><interpretation a=\">\"><input>one</input></interpretation>", "one"),
        // Nobody said anything, or nothing that the grammar has.
        ("<interpretation><input><nomatch/></input></interpretation>", ""),
        ("<interpretation><input><noinput/></input><instance>x</instance></interpretation>", ""),
        (
            "<interpretation><instance/><input mode=\"speech\"><nomatch>i want</nomatch></input></interpretation>",
            "",
        ),
        // Keys are told by themselves.
        ("<interpretation><instance>1</instance><input mode=\"dtmf\">1</input></interpretation>", ""),
    ] {
        assert_eq!(of(&inner(body)), wanted, "{body}");
    }
    let emma = "<emma:emma version=\"1.0\" xmlns:emma=\"http://www.w3.org/2003/04/emma\"><emma:interpretation id=\"i\" emma:confidence=\"0.6\" emma:tokens=\"my money &quot;back&quot;\">\
                <emma:literal>refund</emma:literal></emma:interpretation></emma:emma>";
    assert_eq!(of(emma), "my money \"back\"");
}

#[test]
fn words_are_read_from_json() {
    for (body, wanted) in [
        (
            r#"{"grammar": "builtin:speech/transcribe", "text": "i want my money back", "confidence": 87.300000}"#,
            "i want my money back",
        ),
        (r#"{"grammar": "x", "text": "", "confidence": 0, "error": "no_input"}"#, ""),
        (r#"{"text": "half of it", "error": "lost"}"#, ""),
        (r#"{"partial": "i want"}"#, "i want"),
        (r#"{"text": "a\nb\u202e\u0000c"}"#, "a bc"),
        (r#"{"text": 5}"#, ""),
    ] {
        assert_eq!(of(body), wanted, "{body}");
    }
}

#[test]
fn rubbish_has_no_words_and_takes_no_time() {
    for body in [
        "",
        "Completion-Cause: 002",
        "i want my money back",
        "{\"text\": \"unfinished",
        "<result><interpretation><input>unfinished",
        "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><result><interpretation><input>&b;</input></interpretation></result>",
        "<input>outside</input>",
        "<<<<>>>>",
        "<interpretation",
        "<interpretation tokens=\"",
        "</interpretation>",
    ] {
        assert_eq!(of(body), "", "{body}");
    }
    assert_eq!(words(&[0xFF, 0xFE, b'<']), "");
    let huge =
        format!("<result><interpretation><input>{}</input></interpretation></result>", "a ".repeat(5 << 20));
    assert_eq!(of(&huge), "");
    let deep = format!("{}<input>x</input></interpretation>", "<interpretation>".repeat(4000));
    assert_eq!(of(&deep), "");
    let long = format!("<r><interpretation><input>{}</input></interpretation></r>", "yes ".repeat(10_000));
    assert_eq!(of(&long).chars().count(), 999, "of long ones the beginning counts");
}

proptest! {
    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = words(&bytes);
    }

    #[test]
    fn no_markup_brings_it_down_or_gets_out(text in "[<>/&;='\"!?a-c\\-\\[\\] ]{0,120}") {
        let _ = words(format!("<r><interpretation>{text}</interpretation></r>").as_bytes());
        let _ = words(format!("<r><interpretation><input>{text}").as_bytes());
    }
}
