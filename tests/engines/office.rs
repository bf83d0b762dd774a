//! An office on a real engine: phones with classes, a group, slots, a conference, two trunks to the outside.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tandem::live::switchboard::view::{CallView, ConferenceView};

use crate::{
    bench::Kind,
    support::{
        call::Call,
        phone::{Manner, Phone},
    },
    world::{World, both_talk, eventually},
};

pub struct Office {
    pub world: World,
    /// What is at the other end of the trunks.
    pub first: Phone,
    pub second: Phone,
}

impl Office {
    pub async fn open(kind: Kind) -> Self {
        Self::on_site(kind, |_| ()).await
    }

    /// The same on a site that `change` has made of the office's.
    pub async fn on_site(kind: Kind, change: impl FnOnce(&Path)) -> Self {
        let nowhere = "127.0.0.1:9".parse().expect("an address");
        let (first, second) = (Phone::new("first", nowhere).await, Phone::new("second", nowhere).await);
        let ends = [("first", first.address()), ("second", second.address())];
        let world = World::on_site(kind, |site| {
            lay(site);
            let trunks = ends.map(|(name, at)| format!("{name}: {{ address: \"{at}\" }}\n")).concat();
            fs::write(site.join("trunks.yaml"), trunks).expect("written");
            change(site);
        })
        .await;
        for end in [&first, &second] {
            end.on_call(Manner::Ring);
        }
        Self { world, first, second }
    }

    /// The registered phone of an extension.
    pub async fn phone(&self, extension: &str) -> Phone {
        self.world.phone(extension).await
    }

    /// Two phones of the house talk.
    pub async fn talk(&self, from: &Phone, to: &Phone) -> (Call, Call) {
        let call = from.dial(&to.line.user).await;
        let taken = to.rings().await;
        taken.answer();
        both_talk(&call, &taken).await;
        (call, taken)
    }

    /// Somebody outside talks with extension 1001.
    pub async fn customer(&self, desk: &Phone) -> (Phone, Call, Call) {
        let customer = self.world.outside("13900000001").await;
        let call = customer.dial("8010").await;
        let taken = desk.rings().await;
        taken.answer();
        both_talk(&call, &taken).await;
        (customer, call, taken)
    }

    /// The desk, which talks with the customer, asks somebody first; the two talk.
    pub async fn asks(&self, desk: &Call, whom: &Phone) -> Call {
        self.act("13900000001", "talking", "consult", json!({ "to": whom.line.user })).await;
        let asked = whom.rings().await;
        asked.answer();
        both_talk(desk, &asked).await;
        asked
    }

    /// The same, and then all three talk: the customer's phone and call, the desk's leg, and whoever was asked.
    pub async fn three(&self, desk: &Phone, whom: &Phone) -> (Phone, Call, Call, Call) {
        let (customer, call, taken) = self.customer(desk).await;
        let asked = self.asks(&taken, whom).await;
        self.act("13900000001", "consulting", "join", json!({})).await;
        taken.is_silent();
        both_talk(&call, &asked).await;
        (customer, call, taken, asked)
    }

    /// Orders something of the call from this number, which must be in this state.
    pub async fn act(&self, from: &str, state: &str, verb: &str, body: Value) {
        let id = self.world.call_is(from, state).await.id;
        self.world.rest.post(&format!("/v1/calls/{id}/{verb}"), body).await;
    }

    pub async fn calls(&self) -> Vec<CallView> {
        self.world.rest.try_get("/v1/calls").await.expect("calls")
    }

    pub async fn conference(&self) -> ConferenceView {
        let mut all: Vec<ConferenceView> = self.world.rest.try_get("/v1/conferences").await.expect("a list");
        all.remove(0)
    }

    /// So many are in the conference.
    pub async fn are_in(&self, count: usize) -> ConferenceView {
        eventually(&format!("{count} are in the conference"), async || {
            let conference = self.conference().await;
            if conference.members.len() == count { Ok(conference) } else { Err(format!("{conference:?}")) }
        })
        .await
    }

    /// What was recorded.
    pub fn sounds(&self) -> Vec<PathBuf> {
        self.world.sounds()
    }

    pub async fn forwards(&self, extension: &str, when: &str, to: Option<&str>) {
        let body = json!({ "when": when, "to": to });
        self.world.rest.post(&format!("/v1/extensions/{extension}/forward"), body).await;
    }
}

/// The site: 1001 to 1004 and 1009; 1001 may call everywhere, 1002 locally, 1004 nationally, the others within the house.
fn lay(site: &Path) {
    let write = |file: &str, text: &str| fs::write(site.join(file), text).expect("written");
    write(
        "people.yaml",
        "extensions:\n  \
         1001: { name: Anna, class: international, pickup: office, mailbox: { limit: 30s } }\n  \
         1002: { name: Ben, class: local, pickup: office }\n  \
         1003: { name: Carla, pickup: office }\n  \
         1004: { name: Dora, class: national, pickup: office }\n  \
         1009: { name: The fallback }\n\
         agents:\n  \
         anna: { extension: 1001, queues: [support], wrap_up: 0s, logged_in: false }\n  \
         ben: { extension: 1002, queues: [support], wrap_up: 0s, logged_in: false }\n",
    );
    write(
        "flows/desk.yaml",
        "start: desk\nsteps:\n  desk: { transfer: 1001, ring: 20s, otherwise: hangup }\n",
    );
    let numbers = fs::read_to_string(site.join("numbers.yaml")).expect("there");
    write("numbers.yaml", &format!("{numbers}8010: {{ language: en, flow: desk }}\n"));
    write(
        "dialing.yaml",
        "outside:\n  prefix: \"0\"\n  local: [\"[2-8]xxxxxxx\"]\n  national: [\"1[3-9]xxxxxxxxx\"]\n  \
         international: [\"00.\"]\n  blocked: [\"00881.\"]\n  emergency: [110]\n  trunks: [first, second]\n  caller: 02088880000\n\
         groups:\n  6001: { name: Office, members: [1002, 1003, 1004], ring: 10s }\n  \
         6002: { name: Turns, members: [1002, 1003], ring: 5s, order: in_turn }\n\
         conferences:\n  7001: { name: Board, most: 3 }\n\
         parking: { slots: 7501-7502, back_after: 15s }\n\
         short_codes: { 99: 1003 }\n",
    );
}
