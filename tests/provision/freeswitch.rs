//! A real FreeSWITCH follows the site, and gets its files back when it refuses them.

use std::{fs, net::UdpSocket};

use tandem::{
    infra::site::{self, Site, secret},
    lab::{freeswitch::Freeswitch, ports::Block},
    ports::engine::{Settings, freeswitch::console::Console},
};

use super::rig::{Rig, hears, snapshot};
use crate::support::phone::Phone;

async fn registers(rig: &Rig, freeswitch: &Freeswitch, phone: &str) -> bool {
    let secret = rig.secret(phone);
    let phone = Phone::with_secret(phone, &secret, freeswitch.sip(), "tandem.local").await;
    phone.registration(60).await == Some(200)
}

/// A running FreeSWITCH whose configuration folder the site names.
async fn start() -> (Rig, Freeswitch, Block, Site) {
    let block = Block::claim().expect("free ports");
    let [phones, socket, trunks] = [0, 1, 2].map(|place| block.port(place));
    let rig = Rig::new(&format!(
        "{{ kind: freeswitch, address: 127.0.0.1:{socket}, config: RUN/conf, phone_port: {phones}, \
         trunk_port: {trunks}, music: RUN/music }}"
    ));
    let site = site::load(&rig.site()).expect("sound");
    secret::make_missing(&site).expect("made");
    let freeswitch = Freeswitch::start(&site, rig.folder(), &block).await.expect("FreeSWITCH starts");
    (rig, freeswitch, block, site)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_phone_registers_after_apply_and_what_freeswitch_refuses_is_put_back() {
    let (rig, freeswitch, _block, _site) = start().await;
    let conf = rig.folder().join("conf");

    rig.edit_site(
        "trunks.yaml",
        "# carrier:\n#   address: sip.carrier.example:5060",
        "carrier:\n  address: 127.0.0.1:9",
    );
    rig.edit_site("people.yaml", "\nagents:", "  1005: { name: Eve }\n\nagents:");
    assert_eq!(rig.tandem(&["plan", "site"]).code, 5);
    let applied = rig.tandem(&["apply", "site"]);
    assert!(applied.code == 0 && applied.out.contains("verified"), "{applied:?}");
    assert!(registers(&rig, &freeswitch, "1005").await, "the new phone cannot register");
    assert!(registers(&rig, &freeswitch, "1001").await, "an old phone cannot register");
    let again = rig.tandem(&["apply", "site"]);
    assert!(again.code == 0 && again.out.contains("nothing to change"), "{again:?}");
    rig.edit_site("trunks.yaml", "127.0.0.1:9", "127.0.0.1:19");
    let moved = rig.tandem(&["apply", "site"]);
    assert!(moved.code == 0 && moved.out.contains("verified"), "a trunk's new address: {moved:?}");

    // A slip of an admin's pen in another file, for which FreeSWITCH reads nothing new at all.
    fs::write(conf.join("dialplan/own.xml"), "<include>\n<context name=\"own\">\n</include>\n")
        .expect("written");
    rig.edit_site("people.yaml", "\nagents:", "  1006: { name: Frank }\n\nagents:");
    let before = snapshot(&conf);
    let refused = rig.tandem(&["apply", "site"]);
    assert!(refused.code == 1 && refused.err.contains("every file is as it was before"), "{refused:?}");
    assert_eq!(snapshot(&conf), before, "not restored to the byte");
    assert!(registers(&rig, &freeswitch, "1005").await, "a refused change took a phone away");

    fs::remove_file(conf.join("dialplan/own.xml")).expect("there");
    assert_eq!(rig.tandem(&["apply", "site"]).code, 0);
    assert!(registers(&rig, &freeswitch, "1006").await);
    let back = rig.tandem(&["rollback", "2"]);
    assert!(back.code == 0 && back.out.contains("reloaded"), "{back:?}");
    assert!(!registers(&rig, &freeswitch, "1006").await, "a phone that was taken back still registers");
    freeswitch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_with_a_login_registers_at_its_carrier_and_speaks_its_codecs_alone() {
    let (rig, freeswitch, _block, site) = start().await;
    let carrier = UdpSocket::bind("127.0.0.1:0").expect("a port");
    rig.carrier(carrier.local_addr().expect("bound"));
    let applied = rig.tandem(&["apply", "site"]);
    assert!(applied.code == 0 && applied.out.contains("verified"), "{applied:?}");
    let register = hears(&carrier, "REGISTER ");
    assert!(register.contains("<sip:4000123@127.0.0.1"), "{register}");

    let settings = Settings {
        address: freeswitch.event_socket(),
        user: "".into(),
        password: secret::read(&site.engine.password_file).expect("there"),
        prompts: "".into(),
        recordings: std::path::PathBuf::new(),
        domain: site.engine.domain.clone(),
        fallback: site.fallback.clone(),
        lease: site.lease,
    };
    let dial = tokio::spawn(async move {
        // Nobody answers these calls: only what is offered counts. Before it is registered, none is made.
        loop {
            let mut console = Console::open(&settings).await.expect("it answers");
            let _late = console.ask("originate sofia/gateway/carrier/123 &park()").await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    });
    let invite = hears(&carrier, "INVITE ");
    let audio = invite.lines().find(|line| line.starts_with("m=audio")).expect("audio is offered");
    let offered: Vec<&str> = audio.split_whitespace().skip(3).collect();
    assert!(offered.contains(&"8") && !offered.contains(&"0"), "PCMA alone is wanted: {audio}");
    dial.abort();
    freeswitch.stop().await;
}
