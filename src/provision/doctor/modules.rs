//! Modules of Asterisk that only some sites need.

use super::{Check, Findings};
use crate::{infra::site::Site, ports::engine::asterisk::console::Console};

/// What a site has, the modules that it needs, and what is missed without them.
type Need = (fn(&Site) -> bool, &'static [&'static str], &'static str);

const NEEDS: [Need; 2] = [
    (
        |site| site.engine.webrtc.is_some(),
        &["res_http_websocket.so", "res_pjsip_transport_websocket.so", "res_srtp.so"],
        "phones that are browsers (`engine.webrtc`) cannot log in, or are called without sound",
    ),
    (
        |site| site.queues.values().any(|queue| queue.mood.is_some()),
        &["res_audiosocket.so", "app_audiosocket.so"],
        "nobody is told how talks go (`mood` of a queue)",
    ),
];

pub(super) async fn look(site: &Site, console: &Console, to: &mut Findings) {
    for (_, modules, why) in NEEDS.iter().filter(|(wants, ..)| wants(site)) {
        for module in *modules {
            match console.runs(module).await {
                Ok(true) => {}
                Ok(false) => {
                    let remedy = format!(
                        "install the package that has {module}, take `noload = {module}` out of modules.conf, and restart \
                         Asterisk when nobody talks"
                    );
                    to.fault(Check::Engine, format!("{module} does not run"), why, remedy);
                }
                Err(failure) => to.unseen(Check::Engine, format!("{module}: {failure}"), "look again"),
            }
        }
    }
}
