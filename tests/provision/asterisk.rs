//! A real Asterisk follows the site, and gets its files back when it refuses them.

use std::{
    net::UdpSocket,
    path::{Path, PathBuf},
};

use tandem::{
    infra::site::{self, secret},
    lab::{asterisk::Asterisk, ports::Block},
};

use super::{
    daemon,
    rig::{Rig, hears, snapshot},
};
use crate::support::phone::Phone;

/// The unpacked Asterisk; unpacks it when it is not there.
fn tree() -> PathBuf {
    let tree = Asterisk::default_tree();
    if !tree.join(".complete").exists() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/asterisk-unpack");
        let done = std::process::Command::new(script).arg(&tree).status().expect("the script runs");
        assert!(done.success(), "Asterisk could not be unpacked");
    }
    tree
}

/// A running Asterisk whose configuration folder the site names.
async fn start() -> (Rig, Asterisk, Block) {
    let block = Block::claim().expect("free ports");
    let ports = Asterisk::ports_of(&block);
    let rig = Rig::new(&format!(
        "{{ kind: asterisk, address: 127.0.0.1:{}, config: ETC, phone_port: {}, music: RUN/music }}",
        ports.http, ports.sip
    ));
    let site = site::load(&rig.site()).expect("sound");
    secret::make_missing(&site).expect("made");
    let asterisk = Asterisk::start(&tree(), &site, rig.folder(), ports).await.expect("Asterisk starts");
    (rig, asterisk, block)
}

async fn registers(rig: &Rig, asterisk: &Asterisk, phone: &str) -> bool {
    let secret = rig.secret(phone);
    let sip = asterisk.sip();
    let phone = Phone::with_secret(phone, &secret, sip, &sip.to_string()).await;
    phone.registration(60).await == Some(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_phone_registers_after_apply_and_what_asterisk_refuses_is_put_back() {
    let (rig, asterisk, _block) = start().await;
    let first = rig.tandem(&["apply", "site"]);
    assert!(first.code == 0 && first.out.contains("verified"), "{first:?}");
    rig.edit_site("people.yaml", "\nagents:", "  1005: { name: Eve }\n\nagents:");
    assert_eq!(rig.tandem(&["plan", "site"]).code, 5);
    let applied = rig.tandem(&["apply", "site"]);
    assert!(applied.code == 0 && applied.out.contains("verified"), "{applied:?}");
    assert!(registers(&rig, &asterisk, "1005").await, "the new phone cannot register");
    assert!(registers(&rig, &asterisk, "1001").await, "an old phone cannot register");
    let again = rig.tandem(&["apply", "site"]);
    assert!(again.code == 0 && again.out.contains("nothing to change"), "{again:?}");

    // A slip of an admin's pen, for which Asterisk leaves the whole file unread.
    let good = rig.read("pjsip.conf");
    rig.write("pjsip.conf", &format!("[nobody](+)\ntype = endpoint\n{good}"));
    rig.edit_site("people.yaml", "\nagents:", "  1006: { name: Frank }\n\nagents:");
    let before = snapshot(&rig.etc());
    let refused = rig.tandem(&["apply", "site"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("every file is as it was before"), "{refused:?}");
    assert_eq!(snapshot(&rig.etc()), before, "not restored to the byte");
    assert!(registers(&rig, &asterisk, "1005").await, "a refused change took a phone away");
    let list = rig.tandem(&["rollback"]);
    assert!(list.out.contains("taken back"), "{list:?}");

    rig.write("pjsip.conf", &good);
    assert_eq!(rig.tandem(&["apply", "site"]).code, 0);
    assert!(registers(&rig, &asterisk, "1006").await);
    let back = rig.tandem(&["rollback", "2"]);
    assert!(back.code == 0 && back.out.contains("reloaded"), "{back:?}");
    assert!(!registers(&rig, &asterisk, "1006").await, "a phone that was taken back still registers");
    asterisk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_follows_and_its_live_calls_are_named_and_go_on() {
    let (rig, asterisk, _block) = start().await;
    rig.edit_site(
        "trunks.yaml",
        "# carrier:\n#   address: sip.carrier.example:5060",
        "carrier:\n  address: 127.0.0.1:9",
    );
    assert_eq!(rig.tandem(&["apply", "site"]).code, 0);
    let mut daemon = daemon::start(&rig).await;
    let caller = Phone::new("15550100", asterisk.sip()).await;
    let call = caller.dial("4000").await;
    call.answered().await;
    let live = daemon::calls(&rig);
    assert_eq!(live.len(), 1, "{live:?}");

    rig.edit_site("trunks.yaml", "127.0.0.1:9", "127.0.0.1:19");
    let planned = rig.tandem(&["plan", "site", "--json"]);
    let plan: serde_json::Value = serde_json::from_str(&planned.out).expect("JSON");
    assert_eq!((planned.code, &plan["calls"][0]["id"]), (5, &live[0]), "{plan}");
    assert_eq!(plan["calls"][0]["by"], serde_json::json!(["trunk carrier"]));
    let applied = rig.tandem(&["apply", "site"]);
    assert!(applied.code == 0 && applied.out.contains("the daemon has this site"), "{applied:?}");
    assert_eq!(daemon::calls(&rig), live, "the live call did not go on");

    let taken = daemon::revision(&rig);
    rig.edit_site("site.yaml", "fallback: 1001", "fallback: 4711");
    assert_eq!(rig.tandem(&["apply", "site"]).code, 3);
    daemon::hang_up(&daemon);
    daemon::says(&mut daemon, "the new site is refused").await;
    assert_eq!(daemon::revision(&rig), taken);
    assert_eq!(daemon::calls(&rig), live, "a refused site touched the live call");

    rig.edit_site("site.yaml", "fallback: 4711", "fallback: 1001");
    let pjsip = rig.read("pjsip.conf");
    rig.write("pjsip.conf", &pjsip.replace("max_contacts = 1", "max_contacts = 2"));
    daemon::troubled(&rig, "pjsip.conf").await;
    assert_eq!(rig.tandem(&["apply", "site"]).code, 0);
    daemon::well(&rig).await;
    call.hang_up().await;
    daemon.stop(std::time::Duration::from_secs(10)).await;
    asterisk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_with_a_login_registers_at_its_carrier() {
    let (rig, asterisk, _block) = start().await;
    let carrier = UdpSocket::bind("127.0.0.1:0").expect("a port");
    rig.carrier(carrier.local_addr().expect("bound"));
    let applied = rig.tandem(&["apply", "site"]);
    assert!(applied.code == 0 && applied.out.contains("verified"), "{applied:?}");
    let register = hears(&carrier, "REGISTER ");
    assert!(register.contains("<sip:4000123@127.0.0.1"), "{register}");
    asterisk.stop().await;
}
